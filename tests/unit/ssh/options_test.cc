// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/ssh/options.h"

#include "base/io.h"
#include "tests/support/source_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace kdump::ssh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> with_destination(const std::vector<std::string>& words) {
  std::vector<std::string> out = {
      "--address", "192.0.2.1", "--user", "dump", "--key", "/k", "--known-hosts", "/h"};
  out.insert(out.end(), words.begin(), words.end());
  return out;
}

TEST(SshOptions, ACommandKeepsItsOwnOptions) {
  const auto call = parse_options(with_destination(
      {"--port", "2222", "run-flattened", "/d/vmcore", "/usr/bin/kdump-collect", "--level", "31"}));
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->action, Invocation::Action::kRunFlattened);
  EXPECT_EQ(call->destination.address, "192.0.2.1");
  EXPECT_EQ(call->destination.port, 2222U);
  EXPECT_EQ(call->path, "/d/vmcore");
  EXPECT_THAT(call->command, ElementsAre("/usr/bin/kdump-collect", "--level", "31"));
}

TEST(SshOptions, TheManualPageHasThem) {
  const auto page = read_file(kdump::test::source_path("docs/man/kdump-ssh.8"));
  ASSERT_TRUE(page);
  const std::string help = help_text();
  const std::regex option("--[a-z][a-z-]*");
  for (std::sregex_iterator at(help.begin(), help.end(), option), end; at != end; ++at) {
    const std::string name = std::regex_replace(at->str(), std::regex("-"), "\\-");
    EXPECT_THAT(*page, HasSubstr(name));
  }
}

TEST(SshOptions, MistakesAreNamed) {
  struct Row {
    std::vector<std::string> words;
    const char* message;
  };
  const std::vector<Row> rows = {
      {{}, "nothing to do"},
      {{"--port"}, "--port needs a value"},
      {{"--port", "0", "mkdir", "/d"}, "out of range"},
      {{"--port", "65536", "mkdir", "/d"}, "out of range"},
      {{"--colour", "red", "mkdir", "/d"}, "--colour is no option"},
      {{"mkdir"}, "\"mkdir\" is not understood"},
      {{"put", "/file"}, "\"put\" is not understood"},
      {{"run", "/d/vmcore"}, "\"run\" is not understood"},
      {{"mkdir", "relative"}, "not an absolute path"},
  };
  for (const Row& row : rows) {
    const auto call = parse_options(with_destination(row.words));
    ASSERT_FALSE(call) << row.message;
    EXPECT_EQ(call.error().kind, ErrorKind::kUsage);
    EXPECT_THAT(call.error().message, HasSubstr(row.message));
  }
  const auto call = parse_options({"--address", "a", "--user", "u", "--key", "k", "mkdir", "/d"});
  ASSERT_FALSE(call);
  EXPECT_THAT(call.error().message, HasSubstr("--known-hosts is missing"));
}

}  // namespace
}  // namespace kdump::ssh
