// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/grub_menu.h"

#include "base/text.h"
#include "kdumpctl/boot/grub_condition.h"

#include <algorithm>
#include <filesystem>
#include <optional>

namespace kdump::boot {
namespace {

constexpr std::size_t kMostEntries = 1024;
constexpr std::size_t kDeepestNesting = 16;
constexpr std::size_t kMostVariables = 256;
constexpr int kDeepestSource = 3;

bool is_any(std::string_view word, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), word) != names.end();
}

/// Goes through the commands in order and keeps what the menu is made of.
class MenuReader {
 public:
  explicit MenuReader(const SysRoot& root, const GrubEnvironment& environment, GrubMenu& menu)
      : root_(root), environment_(environment), menu_(menu) {}

  Status read_file(const std::string& path, int depth);

 private:
  enum class Kind { kIf, kSkipped, kMenu };
  struct Frame {
    Kind kind = Kind::kSkipped;
    int line = 0;
    bool runs = false;       ///< whether commands in here count
    bool condition = false;  ///< kIf: between `if` and `then`
    bool holds = false;      ///< kIf: what the last command of the condition said
    bool taken = false;      ///< kIf: one of the branches has been
  };

  Status run_command(const GrubCommand& command);
  /// True when it was `if`, `then`, `}` and so on.
  Result<bool> run_keyword(const GrubCommand& command);
  Status open_block(const GrubCommand& command);
  Status close_block(const GrubCommand& command, Kind kind, std::string_view keyword);
  Status push(Frame frame);
  Result<bool> run_simple(const std::vector<std::string>& words, int line);
  Status open_entry(const std::vector<std::string>& words, int line);
  void assign(const std::string& name, const std::string& value);
  void run_search(const std::vector<std::string>& words);
  void add_kernel(const std::vector<std::string>& words);
  void add_initrds(const std::vector<std::string>& words);
  [[nodiscard]] bool active() const;
  [[nodiscard]] Error error(int line, const std::string& text) const;
  [[nodiscard]] const std::string& root_device() { return menu_.variables["root"]; }
  std::vector<GrubNode>& siblings() { return open_.empty() ? menu_.nodes : open_.back().children; }

  const SysRoot& root_;
  const GrubEnvironment& environment_;
  GrubMenu& menu_;
  std::string file_;
  int depth_ = 0;
  std::size_t entries_ = 0;
  std::vector<Frame> frames_;
  /// What an entry sets counts in it alone: GRUB runs it only when it boots it.
  std::vector<GrubVariables> outer_variables_;
  std::vector<GrubNode> open_;  ///< menuentry and submenus that the commands stand in
};

Error MenuReader::error(int line, const std::string& text) const {
  return make_error(ErrorKind::kBadData, "{}:{}: {}", file_, line, text);
}

bool MenuReader::active() const {
  return std::all_of(frames_.begin(), frames_.end(), [](const Frame& frame) { return frame.runs; });
}

Status MenuReader::push(Frame frame) {
  if (frames_.size() >= kDeepestNesting) {
    return error(frame.line,
                 fmt::format("nested more than {} deep; take it apart", kDeepestNesting));
  }
  frames_.push_back(frame);
  return {};
}

Status MenuReader::read_file(const std::string& path, int depth) {
  const std::string text = TRY(root_.read(path));
  const std::string outer_file = std::exchange(file_, root_.path(path));
  const int outer_depth = std::exchange(depth_, depth);
  const std::size_t outer_frames = frames_.size();
  for (const GrubCommand& command : TRY(parse_grub_script(text, file_))) {
    TRY(run_command(command));
    if (frames_.size() < outer_frames) return error(command.line, "closes what it did not open");
  }
  if (frames_.size() > outer_frames) {
    return error(frames_.back().line,
                 "what begins here has no end; write the file anew with grub-mkconfig");
  }
  file_ = outer_file;
  depth_ = outer_depth;
  return {};
}

Status MenuReader::run_command(const GrubCommand& command) {
  if (TRY(run_keyword(command))) return {};
  if (command.opens_block) return open_block(command);
  Frame* frame = frames_.empty() ? nullptr : &frames_.back();
  const bool condition = frame != nullptr && frame->kind == Kind::kIf && frame->condition;
  if (condition) frame->runs = true;  // the condition itself is run
  const bool counts = active();
  if (condition) frame->runs = false;
  if (!counts) return {};
  auto words = expand_words(command.words, menu_.variables);
  if (!words) return error(command.line, words.error().message);
  const bool holds = TRY(run_simple(*words, command.line));
  if (condition) frames_.back().holds = holds;
  return {};
}

Result<bool> MenuReader::run_keyword(const GrubCommand& command) {
  if (command.words.empty()) return false;
  const GrubWord& first = command.words.front();
  if (first.is("}")) {
    TRY(close_block(command, Kind::kSkipped, "}"));
    return true;
  }
  if (first.is("fi")) {
    TRY(close_block(command, Kind::kIf, "fi"));
    return true;
  }
  if (first.is("done")) {
    TRY(close_block(command, Kind::kSkipped, "done"));
    return true;
  }
  if (first.is("while") || first.is("until") || first.is("for")) {
    TRY(push({Kind::kSkipped, command.line}));
    return true;
  }
  if (first.is("do")) return true;
  const bool starts = first.is("if");
  if (!starts && !first.is("elif") && !first.is("then") && !first.is("else")) return false;
  if (starts) {
    TRY(push({Kind::kIf, command.line}));
  } else if (frames_.empty() || frames_.back().kind != Kind::kIf) {
    return error(command.line,
                 first.parts.front().text + " without if; write the file anew with grub-mkconfig");
  }
  Frame& frame = frames_.back();
  if (starts || first.is("elif")) {
    frame.condition = true;
    frame.holds = false;
    frame.runs = false;
    GrubCommand condition = command;
    condition.words.erase(condition.words.begin());
    if (!condition.words.empty()) TRY(run_command(condition));
  } else if (first.is("then")) {
    frame.condition = false;
    frame.runs = frame.holds && !frame.taken;
    frame.taken = frame.taken || frame.runs;
  } else {
    frame.condition = false;
    frame.runs = !frame.taken;
    frame.taken = true;
  }
  return true;
}

Status MenuReader::open_block(const GrubCommand& command) {
  const bool entry = !command.words.empty() &&
                     (command.words.front().is("menuentry") || command.words.front().is("submenu"));
  if (!entry || !active()) return push({Kind::kSkipped, command.line});
  auto words = expand_words(command.words, menu_.variables);
  if (!words) return error(command.line, words.error().message);
  return open_entry(*words, command.line);
}

Status MenuReader::open_entry(const std::vector<std::string>& words, int line) {
  if (++entries_ > kMostEntries) {
    return error(line, fmt::format("more than {} entries; remove some", kMostEntries));
  }
  GrubNode node;
  node.kind = words[0] == "submenu" ? GrubNode::Kind::kSubmenu : GrubNode::Kind::kEntry;
  node.file = file_;
  node.line = line;
  bool has_title = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "--id" && i + 1 < words.size()) {
      node.id = words[++i];
    } else if (words[i].starts_with("--id=")) {
      node.id = words[i].substr(5);
    } else if (is_any(words[i], {"--class", "--users", "--hotkey", "--source"})) {
      ++i;
    } else if (!words[i].starts_with("--") && !has_title) {
      node.title = words[i];
      has_title = true;
    }
  }
  if (!has_title) {
    return error(line, fmt::format("this {} has no title; give it one", words[0]));
  }
  TRY(push({Kind::kMenu, line, true}));
  open_.push_back(std::move(node));
  outer_variables_.push_back(menu_.variables);
  return {};
}

Status MenuReader::close_block(const GrubCommand& command, Kind kind, std::string_view keyword) {
  if (!frames_.empty() && keyword == "}" && frames_.back().kind == Kind::kMenu) {
    GrubNode node = std::move(open_.back());
    open_.pop_back();
    menu_.variables = std::move(outer_variables_.back());
    outer_variables_.pop_back();
    siblings().push_back(std::move(node));
  } else if (frames_.empty() || frames_.back().kind != kind) {
    return error(
        command.line,
        fmt::format("this {} closes nothing; write the file anew with grub-mkconfig", keyword));
  }
  frames_.pop_back();
  return {};
}

void MenuReader::assign(const std::string& name, const std::string& value) {
  if (menu_.variables.size() < kMostVariables || menu_.variables.contains(name)) {
    menu_.variables[name] = value;
  }
}

/// Runs what matters; the result is what an `if` makes of it.
Result<bool> MenuReader::run_simple(const std::vector<std::string>& words, int line) {
  if (words.empty()) return true;
  const std::string& verb = words[0];
  const std::span<const std::string> arguments = std::span(words).subspan(1);
  if (verb == "[" || verb == "test") {
    const bool brackets = verb == "[" && !arguments.empty() && arguments.back() == "]";
    return grub_test(arguments.first(arguments.size() - (brackets ? 1 : 0)), root_);
  }
  const std::string& assignment = verb == "set" && words.size() > 1 ? words[1] : verb;
  const auto equals = assignment.find('=');
  if (equals != std::string::npos && equals > 0) {
    assign(assignment.substr(0, equals), assignment.substr(equals + 1));
  } else if (verb == "unset" && words.size() > 1) {
    menu_.variables.erase(words[1]);
  } else if (verb == "load_env") {
    for (const auto& [name, value] : environment_.variables()) assign(name, value);
  } else if (verb == "search" || verb.starts_with("search.")) {
    run_search(words);
  } else if (is_any(verb, {"linux", "linux16", "linuxefi"})) {
    add_kernel(words);
  } else if (is_any(verb, {"initrd", "initrd16", "initrdefi"})) {
    add_initrds(words);
  } else if (verb == "blscfg") {
    siblings().push_back({GrubNode::Kind::kBlsEntries, "", "", file_, line, {}, {}, {}, ""});
  } else if ((verb == "source" || verb == "." || verb == "configfile") && words.size() > 1) {
    if (depth_ >= kDeepestSource) {
      menu_.warnings.push_back(
          fmt::format("{}:{}: {} is not followed any deeper", file_, line, words[1]));
    } else if (words[1].starts_with('/') && root_.exists(words[1])) {
      TRY(read_file(words[1], depth_ + 1));
    }
  } else {
    return verb == "true";
  }
  return true;
}

void MenuReader::run_search(const std::vector<std::string>& words) {
  std::string kind = words[0].starts_with("search.") ? words[0].substr(7) : "file";
  std::string variable = "root";
  std::string wanted;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (is_any(words[i], {"--fs-uuid", "-u"})) {
      kind = "fs_uuid";
    } else if (is_any(words[i], {"--label", "--fs-label", "-l"})) {
      kind = "fs_label";
    } else if (words[i].starts_with("--set=")) {
      variable = words[i].substr(6);
    } else if (is_any(words[i], {"--set", "-s", "--hint"})) {
      // `--set` may stand without a name; what follows then is the last word, the wanted one.
      if (i + 2 < words.size() && !words[i + 1].starts_with('-')) {
        if (words[i] != "--hint") variable = words[i + 1];
        ++i;
      }
    } else if (!words[i].starts_with('-') && wanted.empty()) {
      wanted = words[i];
    }
  }
  if (wanted.empty() || kind == "file") return;
  assign(variable, (kind == "fs_uuid" ? "fs-uuid:" : "fs-label:") + wanted);
}

void MenuReader::add_kernel(const std::vector<std::string>& words) {
  if (open_.empty() || words.size() < 2) return;
  open_.back().kernel = parse_grub_path(words[1], root_device());
  open_.back().command_line = loader_command_line(words, 2);
}

void MenuReader::add_initrds(const std::vector<std::string>& words) {
  if (open_.empty()) return;
  open_.back().initrds.clear();  // as in GRUB, a second `initrd` replaces the first
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i].starts_with("newc:")) continue;  // made up by GRUB, not a file that we have
    open_.back().initrds.push_back(parse_grub_path(words[i], root_device()));
  }
}

/// One level of $default: the part before the first single '>', "" behind it when there is none.
std::string first_level(std::string_view& wanted) {
  std::string level;
  while (!wanted.empty()) {
    const char c = wanted.front();
    wanted.remove_prefix(1);
    if (c == '>') {
      if (!wanted.starts_with('>')) return level;
      wanted.remove_prefix(1);
    }
    level += c;
  }
  return level;
}

}  // namespace

Result<GrubMenu> read_grub_menu(const SysRoot& root,
                                const std::string& path,
                                const GrubEnvironment& environment) {
  GrubMenu menu;
  const std::string folder = std::filesystem::path(path).parent_path().string();
  menu.variables = {{"prefix", folder},
                    {"config_directory", folder},
                    {"config_file", path},
                    {"grub_platform", root.exists("/sys/firmware/efi") ? "efi" : "pc"}};
  // GRUB manual, "feature_*": all of them are "y" in GRUB 2.
  for (const char* feature : {"200_final",
                              "all_video_module",
                              "chainloader_bpb",
                              "default_font_path",
                              "menuentry_id",
                              "menuentry_options",
                              "nativedisk_cmd",
                              "ntldr",
                              "platform_search_hint",
                              "timeout_style"}) {
    menu.variables[std::string("feature_") + feature] = "y";
  }
  TRY(MenuReader(root, environment, menu).read_file(path, 0));
  return menu;
}

const GrubNode* find_grub_default(const std::vector<GrubNode>& nodes, std::string_view wanted) {
  const std::string level = first_level(wanted);
  const auto index = parse_unsigned(level);
  const GrubNode* found = nullptr;
  if (index && *index < nodes.size()) found = &nodes[static_cast<std::size_t>(*index)];
  for (const GrubNode& node : nodes) {
    if (found != nullptr) break;
    if (!level.empty() && (node.id == level || node.title == level)) found = &node;
  }
  if (found == nullptr || found->kind != GrubNode::Kind::kSubmenu) return found;
  if (found->children.empty()) return nullptr;
  return find_grub_default(found->children, wanted.empty() ? "0" : wanted);
}

GrubPath parse_grub_path(std::string_view text, const std::string& root_device) {
  GrubPath result{root_device, std::string(text)};
  const auto closing = text.find(')');
  if (text.starts_with('(') && closing != std::string_view::npos) {
    result.device = std::string(text.substr(1, closing - 1));
    result.path = std::string(text.substr(closing + 1));
  }
  return result;
}

}  // namespace kdump::boot
