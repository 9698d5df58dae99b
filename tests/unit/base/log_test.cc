// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include "base/fd.h"
#include "base/io.h"

#include <gmock/gmock.h>

#include <sys/mman.h>
#include <unistd.h>

namespace kdump {
namespace {

using testing::ElementsAre;

std::string content(const Fd& fd) {
  std::string text(static_cast<std::size_t>(::lseek(fd.raw(), 0, SEEK_END)), '\0');
  EXPECT_TRUE(read_exact_at(fd.raw(), std::as_writable_bytes(std::span(text)), 0));
  return text;
}

TEST(Log, EachLineGoesWhereItsLevelIsWanted) {
  const Fd fd(::memfd_create("log", MFD_CLOEXEC));
  std::vector<std::string> errors;
  std::vector<std::string> all;
  Log log("tool", LogLevel::kWarning, fd.raw());
  log.add(
      {LogLevel::kError, [&errors](LogLevel, const std::string& line) { errors.push_back(line); }});
  log.add({LogLevel::kDebug, [&all](LogLevel level, const std::string& line) {
             all.push_back(fmt::format("{} {}", static_cast<int>(level), line));
           }});
  log.error("a {}\nb", 1);
  log.warning("c");
  log.info("d");
  log.debug("e");
  EXPECT_EQ(content(fd), "tool: a 1\ntool: b\ntool: WARNING: c\n");
  EXPECT_THAT(errors, ElementsAre("tool: a 1", "tool: b"));
  EXPECT_THAT(
      all, ElementsAre("1 tool: a 1", "1 tool: b", "2 tool: WARNING: c", "3 tool: d", "4 tool: e"));
}

}  // namespace
}  // namespace kdump
