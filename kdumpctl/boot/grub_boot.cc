// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/grub_boot.h"

#include "base/text.h"
#include "kdumpctl/boot/bls_entry.h"
#include "kdumpctl/boot/grub_menu.h"

#include <algorithm>
#include <filesystem>

namespace kdump::boot {
namespace {

constexpr const char* kBlsFolder = "/boot/loader/entries";

/// The configuration itself comes before the small file on the EFI system partition that leads to
/// it.
std::string find_configuration(const SysRoot& root) {
  std::vector<std::string> places = {"/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"};
  for (const char* vendors : {"/boot/efi/EFI", "/efi/EFI"}) {
    for (const std::string& vendor : root.list(vendors).value_or(std::vector<std::string>())) {
      places.push_back(fmt::format("{}/{}/grub.cfg", vendors, vendor));
    }
  }
  for (const std::string& place : places) {
    if (root.exists(place)) return place;
  }
  return "";
}

/// Beside grub.cfg, or where grub2-editenv looks; "" when there is none.
std::string find_environment(const SysRoot& root, const std::string& configuration) {
  std::vector<std::string> places;
  if (!configuration.empty()) {
    places.push_back(std::filesystem::path(configuration).parent_path().string() + "/grubenv");
  }
  places.insert(places.end(), {"/boot/grub2/grubenv", "/boot/grub/grubenv"});
  for (const std::string& place : places) {
    const auto resolved = root.resolve(place);
    if (resolved) return *resolved;
  }
  return "";
}

/// An entry as blscfg makes it a menu entry: its lines are script, in which variables stand.
Result<GrubNode> bls_node(const BlsEntry& entry, const GrubVariables& variables) {
  GrubNode node;
  node.title = entry.title.empty() ? entry.file_name : entry.title;
  node.id = entry.file_name;
  node.file = entry.path;
  if (entry.kernel.empty()) return node;
  std::string script = "linux " + entry.kernel + " " + entry.options + "\ninitrd";
  for (const std::string& initrd : entry.initrds) script += " " + initrd;
  const auto commands = TRY(parse_grub_script(script, entry.path));
  const auto words = TRY(expand_words(commands.front().words, variables));
  if (words.size() < 2) return node;
  node.kernel = parse_grub_path(words[1], "");
  node.command_line = loader_command_line(words, 2);
  for (std::size_t i = 1; i < commands.size(); ++i) {
    const auto initrds = TRY(expand_words(commands[i].words, variables));
    for (std::size_t word = 1; word < initrds.size(); ++word) {
      node.initrds.push_back(parse_grub_path(initrds[word], ""));
    }
  }
  return node;
}

std::vector<GrubNode> bls_nodes(const SysRoot& root, GrubMenu& menu) {
  auto folder = read_bls_folder(root, kBlsFolder);
  if (!folder) {
    menu.warnings.push_back(folder.error().message);
    return {};
  }
  std::move(folder->warnings.begin(), folder->warnings.end(), std::back_inserter(menu.warnings));
  std::sort(folder->entries.begin(), folder->entries.end(), before_in_grub_menu);
  std::vector<GrubNode> nodes;
  for (const BlsEntry& entry : folder->entries) {
    auto node = bls_node(entry, menu.variables);
    if (node) {
      nodes.push_back(std::move(*node));
    } else {
      menu.warnings.push_back(node.error().message);
    }
  }
  return nodes;
}

/// Puts the BLS entries where blscfg stands, the first time that it does.
void put_bls_entries(std::vector<GrubNode>& nodes, std::vector<GrubNode> entries) {
  std::vector<GrubNode> result;
  for (GrubNode& node : nodes) {
    if (node.kind != GrubNode::Kind::kBlsEntries) {
      result.push_back(std::move(node));
      continue;
    }
    std::move(entries.begin(), entries.end(), std::back_inserter(result));
    entries.clear();
  }
  nodes = std::move(result);
}

class Flattener {
 public:
  Flattener(const SysRoot& root, const BootFiles& files, BootMenu& menu)
      : root_(root), files_(files), menu_(menu) {}

  void add(const std::vector<GrubNode>& nodes, const GrubNode* chosen, const std::string& parents) {
    for (const GrubNode& node : nodes) {
      const std::string id = parents + (node.id.empty() ? node.title : node.id);
      if (node.kind == GrubNode::Kind::kSubmenu) {
        add(node.children, chosen, id + ">");
        continue;
      }
      if (&node == chosen) menu_.default_entry = menu_.entries.size();
      menu_.entries.push_back(entry(node, id));
    }
  }

 private:
  [[nodiscard]] BootEntry entry(const GrubNode& node, const std::string& id) const {
    BootEntry result;
    result.id = id;
    result.title = node.title;
    result.source =
        node.line == 0 ? root_.path(node.file) : fmt::format("{}:{}", node.file, node.line);
    if (node.kernel.path.empty()) {
      result.problem = "it boots something else than Linux";
      return result;
    }
    // grub.cfg's own place says nothing of where a kernel lies; a BLS entry's does.
    const std::string beside = node.line == 0 ? node.file : "";
    result.kernel = files_.find(node.kernel.device, node.kernel.path, beside);
    for (const GrubPath& initrd : node.initrds) {
      result.initrds.push_back(files_.find(initrd.device, initrd.path, beside));
    }
    result.command_line = node.command_line;
    return result;
  }

  const SysRoot& root_;
  const BootFiles& files_;
  BootMenu& menu_;
};

/// Where the value of $default came from.
void explain_default(const std::string& wanted,
                     const GrubEnvironment& environment,
                     const std::string& environment_path,
                     const std::string& shown_environment,
                     const std::string& configuration,
                     BootMenu& menu) {
  if (wanted.empty()) {
    menu.default_reason = "nothing is chosen, so it is the first entry";
  } else if (wanted == environment.value("next_entry")) {
    menu.default_reason = fmt::format("next_entry in {}, for one boot", shown_environment);
    menu.one_shot = OneShot{OneShot::Kind::kGrubEnvironment, environment_path, "next_entry"};
  } else if (wanted == environment.value("saved_entry")) {
    menu.default_reason = fmt::format("saved_entry in {}", shown_environment);
  } else {
    menu.default_reason = fmt::format("default={} in {}", escape_control(wanted), configuration);
  }
}

}  // namespace

Result<BootMenu> read_grub_boot(const SysRoot& root, const BootFiles& files) {
  BootMenu result;
  result.loader = "GRUB";
  const std::string configuration = find_configuration(root);
  const std::string environment_path = find_environment(root, configuration);
  if (configuration.empty() && environment_path.empty()) return result;
  GrubEnvironment environment;
  if (!environment_path.empty()) {
    environment =
        TRY(GrubEnvironment::parse(TRY(root.read(environment_path)), root.path(environment_path)));
  }
  GrubMenu menu;
  if (configuration.empty()) {
    for (const auto& [name, value] : environment.variables()) menu.variables[name] = value;
    const std::string next = environment.value("next_entry");
    menu.variables["default"] = next.empty() ? environment.value("saved_entry") : next;
    menu.nodes.push_back({GrubNode::Kind::kBlsEntries, "", "", kBlsFolder, 0, {}, {}, {}, ""});
  } else {
    menu = TRY(read_grub_menu(root, configuration, environment));
  }
  auto entries = bls_nodes(root, menu);
  put_bls_entries(menu.nodes, std::move(entries));
  result.warnings = std::move(menu.warnings);
  if (menu.nodes.empty()) return result;
  const std::string wanted = menu.variables["default"];
  const GrubNode* chosen = find_grub_default(menu.nodes, wanted);
  if (chosen == nullptr) {
    if (!wanted.empty()) {
      result.warnings.push_back(
          fmt::format("GRUB's default \"{}\" is not in its menu; it boots "
                      "the first entry then",
                      escape_control(wanted)));
    }
    chosen = find_grub_default(menu.nodes, "0");
  }
  Flattener(root, files, result).add(menu.nodes, chosen, "");
  explain_default(wanted,
                  environment,
                  environment_path,
                  root.path(environment_path),
                  root.path(configuration),
                  result);
  return result;
}

}  // namespace kdump::boot
