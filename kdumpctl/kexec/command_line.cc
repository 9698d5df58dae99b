// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/command_line.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace kdump::kexec {
namespace {

constexpr std::size_t kShownParameters = 3;
constexpr std::size_t kShownBytes = 40;

std::string shortened(std::string_view parameter) {
  if (parameter.size() <= kShownBytes) return escape_control(parameter);
  return escape_control(parameter.substr(0, kShownBytes)) + "...";
}

std::optional<std::uint16_t> serial_port(std::string_view value) {
  // SERIAL_PORT_DFNS, arch/x86/include/asm/serial.h
  constexpr std::array<std::pair<std::string_view, std::uint16_t>, 4> kPorts = {
      {{"ttyS0", 0x3f8}, {"ttyS1", 0x2f8}, {"ttyS2", 0x3e8}, {"ttyS3", 0x2e8}}};
  for (const auto& [name, port] : kPorts) {
    if (value == name) return port;
  }
  if (!value.starts_with("0x")) return std::nullopt;
  const auto port = parse_hex(value);
  constexpr std::uint64_t kLastPort = 0xfff8;  // eight registers
  if (!port || *port == 0 || *port > kLastPort) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

}  // namespace

std::vector<std::string_view> split_parameters(std::string_view command_line) {
  std::vector<std::string_view> parameters;
  std::size_t start = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= command_line.size(); ++i) {
    const bool at_end = i == command_line.size();
    if (!at_end && command_line[i] == '"') quoted = !quoted;
    const bool blank = !at_end && (command_line[i] == ' ' || command_line[i] == '\t');
    if (!at_end && (!blank || quoted)) continue;
    if (i > start) parameters.push_back(command_line.substr(start, i - start));
    start = i + 1;
  }
  return parameters;
}

Result<SerialWish> take_serial_wish(std::string_view command_line) {
  constexpr std::string_view kKey = "kexec.serial=";
  SerialWish wish{.command_line = std::string(command_line), .port = std::nullopt};
  std::string others;
  for (const std::string_view parameter : split_parameters(command_line)) {
    if (!parameter.starts_with(kKey)) {
      others += (others.empty() ? "" : " ") + std::string(parameter);
      continue;
    }
    wish.port = serial_port(parameter.substr(kKey.size()));
    if (!wish.port) {
      return make_error(
          ErrorKind::kUsage,
          "{}: no serial line; give ttyS0, ttyS1, ttyS2, ttyS3 or an I/O port (0x3f8)",
          escape_control(parameter));
    }
  }
  if (wish.port) wish.command_line = std::move(others);
  return wish;
}

Status check_parameters(std::string_view command_line) {
  if (command_line.find('\0') != std::string_view::npos ||
      command_line.find('\n') != std::string_view::npos) {
    return make_error(ErrorKind::kUsage,
                      "the new kernel's command line holds a line break or a NUL byte; remove it");
  }
  if (std::count(command_line.begin(), command_line.end(), '"') % 2 != 0) {
    return make_error(ErrorKind::kUsage,
                      "the new kernel's command line has an odd number of double quotes; close "
                      "the open one");
  }
  for (const std::string_view parameter : split_parameters(command_line)) {
    if (parameter.starts_with("elfcorehdr=")) {
      return make_error(ErrorKind::kUsage,
                        "remove \"{}\" from the new kernel's command line: the loader sets it",
                        escape_control(parameter));
    }
  }
  return {};
}

Status check_length(std::string_view command_line,
                    std::uint64_t limit,
                    const std::string& kernel_path) {
  if (command_line.size() <= limit) return {};
  auto parameters = split_parameters(command_line);
  std::stable_sort(
      parameters.begin(), parameters.end(), [](auto a, auto b) { return a.size() > b.size(); });
  parameters.resize(std::min(parameters.size(), kShownParameters));
  std::string longest;
  for (const std::string_view parameter : parameters) {
    if (!longest.empty()) longest += ", ";
    longest += fmt::format("{} ({} bytes)", shortened(parameter), parameter.size());
  }
  return make_error(ErrorKind::kUsage,
                    "the new kernel's command line has {} bytes, {} takes {}: remove {} bytes; "
                    "the longest parameters are {}",
                    command_line.size(),
                    kernel_path,
                    limit,
                    command_line.size() - limit,
                    longest);
}

}  // namespace kdump::kexec
