// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/creation_test.h"

#include "base/atomic_file.h"
#include "base/text.h"
#include "kdumpctl/saved_dumps.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>

namespace kdump::ctl {
namespace {

using Kind = CreationTest::Result;

constexpr const char* kFolder = "/var/lib/kdump";
constexpr const char* kFile = "/var/lib/kdump/vmcore-creation.status";

struct Name {
  Kind kind;
  const char* name;
};
constexpr std::array<Name, 4> kNames = {{{Kind::kPending, "pending"},
                                         {Kind::kSuccess, "success"},
                                         {Kind::kFailed, "fail"},
                                         {Kind::kManual, "manual"}}};

/// When this kernel was started, seconds since 1970.
std::int64_t boot_time(const SysRoot& root) {
  const std::string text = root.read("/proc/stat").value_or("");
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_words(line);
    if (words.size() == 2 && words[0] == "btime") return parse_signed(words[1]).value_or(0);
  }
  return 0;
}

std::string date_of(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm local{};
  ::localtime_r(&time, &local);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%c", &local);
  return {text.data(), size};
}

}  // namespace

const char* to_string(CreationTest::Result result) {
  for (const Name& row : kNames) {
    if (row.kind == result) return row.name;
  }
  return "none";
}

Result<CreationTest> read_creation_test(const SysRoot& root) {
  CreationTest test;
  const auto text = root.read_value(kFile);
  if (!text && text.error().kind == ErrorKind::kNotFound) return test;
  if (!text) return text.error();
  const auto words = split_words(*text);
  if (words.size() != 2) return test;
  const auto started = parse_signed(words[1].substr(0, words[1].find('-')));
  for (const Name& row : kNames) {
    if (words[0] == row.name && started) test.result = row.kind;
  }
  test.id = escape_control(words[1]);
  test.started = started.value_or(0);
  return test;
}

Status write_creation_test(const SysRoot& root, const CreationTest& test) {
  std::error_code error;
  std::filesystem::create_directories(root.path(kFolder), error);
  if (error) return system_error(error.value(), "cannot create {}", root.path(kFolder));
  return write_file_atomically(
      root.path(kFile), 0644, fmt::format("{} {}\n", to_string(test.result), test.id));
}

Status forget_creation_test(const SysRoot& root) {
  std::error_code error;
  std::filesystem::remove(root.path(kFile), error);
  if (error) return system_error(error.value(), "cannot remove {}", root.path(kFile));
  return {};
}

Status settle_creation_test(const SysRoot& root, const config::KdumpConfig& config) {
  CreationTest test = TRY(read_creation_test(root));
  if (test.result != Kind::kPending || boot_time(root) <= test.started) return {};
  const std::string folder = TRY(dump_folder(root, config));
  test.result = Kind::kManual;
  if (!folder.empty()) {
    const auto dumps = TRY(saved_dumps(root, folder));
    const bool saved = std::any_of(dumps.begin(), dumps.end(), [&](const SavedDump& dump) {
      return dump.complete && dump.saved >= test.started;
    });
    test.result = saved ? Kind::kSuccess : Kind::kFailed;
  }
  return write_creation_test(root, test);
}

void report_creation_test(const Context& context, const CreationTest& test) {
  switch (test.result) {
    case Kind::kNone:
      context.log.info("Notice: No vmcore creation test performed!");
      return;
    case Kind::kSuccess:
      context.log.info("Notice: Last successful vmcore creation test on {}", date_of(test.started));
      return;
    case Kind::kFailed:
      context.log.warning("Last NOT successful vmcore creation test on {}", date_of(test.started));
      return;
    case Kind::kPending:
    case Kind::kManual:
      context.log.warning("Require manual check for vmcore creation test of {}",
                          date_of(test.started));
      return;
  }
}

}  // namespace kdump::ctl
