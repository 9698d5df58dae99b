// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/fence_facts.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <map>

namespace kdump::mkdumprd {
namespace {

constexpr const char* kFenceOptions = "FENCE_KDUMP_OPTS";
constexpr std::uint64_t kHighestPort = 65535;
constexpr std::uint64_t kLongestInterval = 3600;
constexpr std::uint64_t kMostMessages = 1'000'000;

/// A start tag of an XML text: its name and attributes.
struct Tag {
  std::string_view name;
  std::map<std::string_view, std::string_view> attributes;
};

constexpr std::string_view kBlanks = " \t\r\n";

/// `text`: what is between "<" and ">". Entities in values stay as they are: names of nodes have
/// none.
Tag parse_tag(std::string_view text) {
  Tag tag;
  std::size_t at = std::min(text.find_first_of(kBlanks), text.size());
  tag.name = text.substr(0, at);
  while ((at = text.find_first_not_of(kBlanks, at)) != std::string_view::npos) {
    const std::size_t equals = text.find('=', at);
    if (equals == std::string_view::npos || equals + 1 >= text.size()) break;
    const char quote = text[equals + 1];
    const std::size_t end = text.find(quote, equals + 2);
    if ((quote != '"' && quote != '\'') || end == std::string_view::npos) break;
    tag.attributes[trim(text.substr(at, equals - at))] = text.substr(equals + 2, end - equals - 2);
    at = end + 1;
  }
  return tag;
}

/// Calls `use` with each start tag outside of comments.
template <typename Use>
void each_tag(std::string_view xml, const Use& use) {
  constexpr std::string_view kComment = "<!--";
  constexpr std::string_view kEndOfComment = "-->";
  for (std::size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at)) {
    const bool comment = xml.substr(at).starts_with(kComment);
    const std::size_t end = xml.find(comment ? kEndOfComment : std::string_view(">"), at);
    if (end == std::string_view::npos) return;
    if (!comment) use(parse_tag(xml.substr(at + 1, end - at - 1)));
    at = end;
  }
}

std::string_view attribute(const Tag& tag, std::string_view name) {
  const auto found = tag.attributes.find(name);
  return found == tag.attributes.end() ? std::string_view() : found->second;
}

/// This host's names: with its domain and without.
bool is_this_host(const SysRoot& root, std::string_view node) {
  const auto name = root.read_value("/proc/sys/kernel/hostname");
  if (!name || name->empty()) return false;
  return node == *name || node == std::string_view(*name).substr(0, name->find('.'));
}

std::vector<std::string> cluster_options(const SysRoot& root) {
  const auto text = root.read(kFenceSettings);
  if (!text) return {};
  std::vector<std::string> words;
  for (const std::string_view line : split_lines(*text)) {
    const std::string_view trimmed = trim(line);
    const std::string prefix = std::string(kFenceOptions) + "=";
    if (!trimmed.starts_with(prefix)) continue;
    std::string value(trimmed.substr(prefix.size()));
    std::erase_if(value, [](char c) { return c == '"' || c == '\''; });
    words.clear();
    for (const std::string_view word : split_words(value)) words.emplace_back(word);
  }
  return words;
}

}  // namespace

Result<config::PlannedFenceKdump> parse_fence_options(const std::vector<std::string>& words) {
  config::PlannedFenceKdump plan;
  struct Number {
    std::string_view short_name;
    std::string_view long_name;
    unsigned config::PlannedFenceKdump::*value;
    std::uint64_t least;
    std::uint64_t most;
  };
  const std::array<Number, 3> numbers = {
      {{"-p", "--ipport", &config::PlannedFenceKdump::port, 1, kHighestPort},
       {"-i", "--interval", &config::PlannedFenceKdump::interval, 1, kLongestInterval},
       {"-c", "--count", &config::PlannedFenceKdump::count, 0, kMostMessages}}};
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view name = words[i];
    std::string_view value;
    // "-p 7410", "-p7410", "--ipport=7410"
    const std::size_t equals = name.find('=');
    if (name.starts_with("--") && equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    } else if (!name.starts_with("--") && name.size() > 2) {
      value = name.substr(2);
      name = name.substr(0, 2);
    }
    if (name == "-v" || name == "--verbose") continue;
    if (value.empty() && i + 1 < words.size()) value = words[++i];
    if (name == "-f" || name == "--family") continue;  // an address has its family
    const auto* const row = std::find_if(numbers.begin(), numbers.end(), [&](const Number& number) {
      return name == number.short_name || name == number.long_name;
    });
    const auto number = parse_unsigned(value);
    if (row == numbers.end() || !number || *number < row->least || *number > row->most) {
      return make_error(ErrorKind::kUsage,
                        "fence_kdump_args: \"{}\" is not understood. Options are -p PORT, -i "
                        "SECONDS and -c COUNT",
                        escape_control(words[std::min(i, words.size() - 1)]));
    }
    plan.*(row->value) = static_cast<unsigned>(*number);
  }
  return plan;
}

std::vector<std::string> fence_nodes_of_cib(std::string_view xml) {
  bool waits = false;
  std::vector<std::string> nodes;
  each_tag(xml, [&](const Tag& tag) {
    if (tag.name == "primitive" && attribute(tag, "type") == "fence_kdump") waits = true;
    if (tag.name == "node" && !attribute(tag, "uname").empty()) {
      nodes.emplace_back(attribute(tag, "uname"));
    }
  });
  if (!waits) nodes.clear();
  return nodes;
}

Result<std::optional<FenceFacts>> read_fence_facts(const SysRoot& root,
                                                   const config::KdumpConfig& config) {
  FenceFacts facts;
  std::vector<std::string> options = config.fence_kdump_args;
  facts.nodes = config.fence_kdump_nodes;
  if (facts.nodes.empty()) {
    const auto cib = root.read(kClusterConfiguration);
    if (cib) facts.nodes = fence_nodes_of_cib(*cib);
    if (options.empty()) options = cluster_options(root);
  }
  std::erase_if(facts.nodes, [&](const std::string& node) { return is_this_host(root, node); });
  if (facts.nodes.empty()) return std::optional<FenceFacts>();
  facts.plan = TRY(parse_fence_options(options));
  return std::optional(std::move(facts));
}

}  // namespace kdump::mkdumprd
