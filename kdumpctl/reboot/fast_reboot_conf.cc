// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/fast_reboot_conf.h"

#include "base/text.h"
#include "config/quoted_words.h"

#include <fnmatch.h>

namespace kdump::ctl::reboot {
namespace {

constexpr std::size_t kMostRules = 1000;
/// Drivers take at most this (watchdog core, max_timeout of common hardware).
constexpr std::uint64_t kLongestWatchdog = 3600;
constexpr const char* kDmi = "/sys/class/dmi/id";
constexpr const char* kPciDevices = "/sys/bus/pci/devices";

class ConfReader {
 public:
  explicit ConfReader(const std::string& file) : file_(file) {}

  void read(std::string_view text, int line);
  CheckedFastRebootConf finish() && { return std::move(checked_); }

 private:
  void error(std::string message, std::string remedy) {
    checked_.diagnostics.push_back(
        {config::Severity::kError, file_, line_, std::move(message), std::move(remedy)});
  }
  void read_deny(const std::vector<std::string>& words);
  void read_dmi(const std::vector<std::string>& words, DenyRule& rule);
  void read_watchdog(const std::vector<std::string>& words);

  const std::string& file_;
  int line_ = 0;
  CheckedFastRebootConf checked_;
};

void ConfReader::read(std::string_view text, int line) {
  line_ = line;
  if (text.empty() || text.starts_with('#')) return;
  const auto words = config::split_quoted_words(text);
  if (!words) return error(words.error().message, "Close the quote");
  if (words->empty()) return;
  if (words->front() == "deny") return read_deny(*words);
  if (words->front() == "watchdog") return read_watchdog(*words);
  error(fmt::format("there is no option \"{}\"", escape_control(words->front())),
        "Write \"deny dmi FIELD=PATTERN\", \"deny pci VENDOR:DEVICE\" or \"watchdog SECONDS\"");
}

void ConfReader::read_deny(const std::vector<std::string>& words) {
  DenyRule rule;
  rule.line = line_;
  if (words.size() >= 3 && words[1] == "dmi") {
    read_dmi(words, rule);
  } else if (words.size() == 3 && words[1] == "pci") {
    const auto colon = words[2].find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == words[2].size()) {
      return error(fmt::format("\"{}\" is no PCI id", escape_control(words[2])),
                   "Write VENDOR:DEVICE as lspci -n shows them, for example 10de:1db4 or 10de:*");
    }
    for (const char c : words[2]) {
      rule.pci += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  } else {
    return error("deny needs what it is about",
                 "Write \"deny dmi FIELD=PATTERN\" or \"deny pci VENDOR:DEVICE\"");
  }
  if (rule.dmi.empty() && rule.pci.empty()) return;  // read_dmi has said why
  if (checked_.conf.deny.size() >= kMostRules) {
    return error(fmt::format("more than {} rules", kMostRules), "Use patterns");
  }
  checked_.conf.deny.push_back(std::move(rule));
}

void ConfReader::read_dmi(const std::vector<std::string>& words, DenyRule& rule) {
  for (std::size_t i = 2; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const std::string field = words[i].substr(0, equals);
    if (equals == std::string::npos || field.empty() || field.find('/') != std::string::npos ||
        field.starts_with('.')) {
      rule.dmi.clear();
      return error(fmt::format("\"{}\" is not FIELD=PATTERN", escape_control(words[i])),
                   "Name a file of /sys/class/dmi/id, for example product_name=\"PowerEdge R6?0\"");
    }
    rule.dmi.emplace_back(field, words[i].substr(equals + 1));
  }
}

void ConfReader::read_watchdog(const std::vector<std::string>& words) {
  const std::string_view value = words.size() == 2 ? std::string_view(words[1]) : "";
  const std::uint64_t seconds = value == "off" ? 0 : parse_unsigned(value).value_or(UINT64_MAX);
  if (seconds > kLongestWatchdog) {
    return error(
        "watchdog needs a number of seconds",
        fmt::format("Write \"watchdog 300\", at most {}, or \"watchdog off\"", kLongestWatchdog));
  }
  checked_.conf.watchdog = std::chrono::seconds(seconds);
}

bool matches(const std::string& pattern, const std::string& text) {
  return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

/// The first device that the pattern names, "0000:01:00.0 is 10de:1db4", or "".
std::string matching_device(const std::string& pattern, const SysRoot& root) {
  for (const std::string& address : root.list(kPciDevices).value_or(std::vector<std::string>())) {
    const std::string device = fmt::format("{}/{}", kPciDevices, address);
    const auto id = [&](const char* file) {
      const std::string text = root.read_value(device + file).value_or("");
      return text.starts_with("0x") ? text.substr(2) : text;
    };
    const std::string ids = fmt::format("{}:{}", id("/vendor"), id("/device"));
    if (matches(pattern, ids)) return fmt::format("{} is {}", address, ids);
  }
  return "";
}

bool matches_machine(const DenyRule& rule, const SysRoot& root) {
  for (const auto& [field, pattern] : rule.dmi) {
    const auto value = root.read_value(fmt::format("{}/{}", kDmi, field));
    if (!value || !matches(pattern, *value)) return false;
  }
  return !rule.dmi.empty();
}

}  // namespace

CheckedFastRebootConf check_fast_reboot_conf(std::string_view text, const std::string& file) {
  ConfReader reader(file);
  int number = 0;
  for (const std::string_view line : split(text, '\n')) reader.read(trim(line), ++number);
  return std::move(reader).finish();
}

Result<CheckedFastRebootConf> load_fast_reboot_conf(const SysRoot& root) {
  const auto text = root.read(kFastRebootConf);
  if (!text && text.error().kind == ErrorKind::kNotFound) return CheckedFastRebootConf();
  if (!text) return config::unreadable_file(text.error());
  return check_fast_reboot_conf(*text, root.path(kFastRebootConf));
}

std::string denied_by(const FastRebootConf& conf, const SysRoot& root) {
  for (const DenyRule& rule : conf.deny) {
    const std::string place = fmt::format("{}:{}", root.path(kFastRebootConf), rule.line);
    if (!rule.pci.empty()) {
      const std::string device = matching_device(rule.pci, root);
      if (!device.empty()) return fmt::format("{}: deny pci {} ({})", place, rule.pci, device);
    } else if (matches_machine(rule, root)) {
      std::vector<std::string> fields;
      for (const auto& [field, pattern] : rule.dmi) fields.push_back(field + "=" + pattern);
      return fmt::format("{}: deny dmi {}", place, fmt::join(fields, " "));
    }
  }
  return "";
}

}  // namespace kdump::ctl::reboot
