// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/options.h"

#include "base/io.h"
#include "tests/support/source_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace kdump::mkdumprd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Options> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "mkdumprd");
  return parse_options(words);
}

TEST(Options, AsKdumpctlCallsIt) {
  const auto options = parse({"-f", "/boot/initramfs-6.9kdump.img", "6.9"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->action, Options::Action::kBuild);
  EXPECT_TRUE(options->force);
  EXPECT_EQ(options->image, "/boot/initramfs-6.9kdump.img");
  EXPECT_EQ(options->kernel_release, "6.9");
  EXPECT_EQ(options->config_file, "/etc/kdump.conf");
}

TEST(Options, WithDracutsWordsBetween) {
  const auto options =
      parse({"--add-drivers", "mpt3sas", "--debug", "--kver", "6.9", "--omit", "a b", "image"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_TRUE(options->debug);
  EXPECT_EQ(options->kernel_release, "6.9");
  EXPECT_EQ(options->image, "image");
  EXPECT_THAT(options->extra.drivers, ElementsAre("mpt3sas"));
  EXPECT_THAT(options->ignored, ElementsAre("--omit a b"));
}

TEST(Options, HelpAndVersion) {
  for (const char* word : {"-h", "--help"}) {
    const auto help = parse({word});
    ASSERT_TRUE(help);
    EXPECT_EQ(help->action, Options::Action::kPrintText);
    EXPECT_THAT(help->text, HasSubstr("--force"));
  }
  for (const char* word : {"-V", "--version"}) {
    const auto version = parse({word});
    ASSERT_TRUE(version);
    EXPECT_EQ(version->text, "mkdumprd " KDUMP_TOOLKIT_VERSION "\n");
  }
}

std::size_t expect_options_of_help(const std::string& options, const std::string& file) {
  const auto text = read_file(test::source_path(file));
  EXPECT_TRUE(text) << text.error().message;
  const std::regex option("--[a-z][a-z-]*");
  std::size_t count = 0;
  for (std::sregex_iterator at(options.begin(), options.end(), option), end; at != end; ++at) {
    EXPECT_THAT(text.value_or(""), HasSubstr(at->str())) << file;
    ++count;
  }
  return count;
}

TEST(Options, EachIsInTheManualPageAndInTheCompletions) {
  const auto help = parse({"--help"});
  ASSERT_TRUE(help);
  EXPECT_GE(expect_options_of_help(help->text, "docs/man/mkdumprd.8"), 9U);
  // Those of dracut, in the last lines, are not offered.
  const std::string own = help->text.substr(0, help->text.find("Of dracut"));
  for (const char* file : {"mkdumprd.bash", "mkdumprd.zsh"}) {
    EXPECT_GE(expect_options_of_help(own, std::string("packaging/completions/") + file), 7U);
  }
}

TEST(Options, List) {
  const auto options = parse({"list", "image"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->action, Options::Action::kList);
  EXPECT_EQ(options->image, "image");
  EXPECT_FALSE(parse({"list"}));
  EXPECT_TRUE(parse({"list", "--why", "image"})->why);
  const auto cat = parse({"cat", "image", "/etc/x"});
  ASSERT_TRUE(cat);
  EXPECT_EQ(cat->action, Options::Action::kCat);
  EXPECT_EQ(cat->file, "/etc/x");
  EXPECT_FALSE(parse({"cat", "image"}));
  EXPECT_EQ(parse({"check", "image"})->action, Options::Action::kCheck);
  const auto rehearsal = parse({"rehearsal",
                                "--init",
                                "/a",
                                "--orders",
                                "/b",
                                "--kernel",
                                "/c",
                                "--kver",
                                "6.9",
                                "image",
                                "out"});
  ASSERT_TRUE(rehearsal) << rehearsal.error().message;
  EXPECT_EQ(rehearsal->action, Options::Action::kRehearse);
  EXPECT_EQ(rehearsal->rehearsal.image, "image");
  EXPECT_EQ(rehearsal->rehearsal.kernel_release, "6.9");
  EXPECT_FALSE(parse({"rehearsal", "image", "out"}));
}

TEST(Options, WhatIsNotUnderstood) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"--nonsense", "image"},
                                                {"image", "6.9", "third"},
                                                {"--kver", "5.5", "image", "6.9"},
                                                {"image", "--add-drivers"}}) {
    const auto options = parse(words);
    ASSERT_FALSE(options);
    EXPECT_EQ(options.error().kind, ErrorKind::kUsage);
  }
}

}  // namespace
}  // namespace kdump::mkdumprd
