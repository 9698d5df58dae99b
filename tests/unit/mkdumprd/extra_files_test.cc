// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/extra_files.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

namespace kdump::mkdumprd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> image_paths(const std::vector<PlacedFile>& files) {
  std::vector<std::string> out;
  out.reserve(files.size());
  for (const PlacedFile& file : files) out.push_back(file.image_path + " < " + file.host_path);
  return out;
}

TEST(ExtraPrograms, ByNameByPathAndWithTheirInterpreter) {
  const kdump::test::TempTree tree;
  tree.write("/usr/bin/tool",
             std::string("\x7f"
                         "ELF",
                         4) +
                 "...");
  tree.write("/opt/script", "#! /usr/bin/env python3 -u\nprint()\n");
  tree.write("/usr/bin/env",
             std::string("\x7f"
                         "ELF",
                         4));
  tree.write("/usr/bin/python3.11",
             std::string("\x7f"
                         "ELF",
                         4));
  tree.link("/usr/bin/python3", "python3.11");
  tree.write("/opt/data", "plain");
  const auto programs = find_programs(
      tree.root(),
      {{"tool", "extra_bins"}, {"/opt/script", "x"}, {"/opt/data", "x"}, {"tool", "x"}});
  ASSERT_TRUE(programs) << programs.error().message;
  std::vector<std::string> files;
  files.reserve(programs->files.size());
  for (const ExtraProgram& program : programs->files) files.push_back(program.host.file);
  EXPECT_EQ(programs->files.at(0).reason, "extra_bins");
  EXPECT_EQ(programs->files.at(4).reason, "interpreter of /opt/script");
  EXPECT_THAT(
      files,
      ElementsAre(
          "/usr/bin/tool", "/opt/script", "/opt/data", "/usr/bin/env", "/usr/bin/python3.11"));
  EXPECT_THAT(programs->elf, ElementsAre("/usr/bin/tool", "/usr/bin/env", "/usr/bin/python3.11"));
}

TEST(ExtraPrograms, AbsentProgramIsNamedAsEver) {
  const kdump::test::TempTree tree;
  for (const char* name : {"nothing", "/usr/bin/nothing"}) {
    const auto programs = find_programs(tree.root(), {{name, "kdump_pre"}});
    ASSERT_FALSE(programs);
    EXPECT_THAT(programs.error().message, HasSubstr("Error: " + std::string(name) + " not found."));
    EXPECT_THAT(programs.error().message, HasSubstr("(kdump_pre)"));
  }
}

TEST(Include, FileAndFolder) {
  const kdump::test::TempTree tree;
  tree.write("/from/a", "a");
  tree.write("/from/sub/b", "b");
  tree.link("/from/link", "/elsewhere");
  tree.write("/elsewhere", "x");
  ASSERT_EQ(::chmod(tree.path("/from/a").c_str(), 0750), 0);
  const auto file = expand_include(tree.root(), {"/from/a", "/to/renamed"});
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(image_paths(*file), ElementsAre("/to/renamed < /from/a"));
  EXPECT_EQ((*file)[0].mode, mode_t{0750});
  const auto folder = expand_include(tree.root(), {"/from", "/to"});
  ASSERT_TRUE(folder);
  EXPECT_THAT(image_paths(*folder),
              ElementsAre("/to/a < /from/a", "/to/link < /elsewhere", "/to/sub/b < /from/sub/b"));
}

TEST(Include, RefusesCirclesRelativeAndAbsentPaths) {
  const kdump::test::TempTree tree;
  tree.make_directory("/from");
  tree.link("/from/up", "/from");
  EXPECT_FALSE(expand_include(tree.root(), {"/from", "/to"}));
  EXPECT_FALSE(expand_include(tree.root(), {"from", "/to"}));
  EXPECT_FALSE(expand_include(tree.root(), {"/from", "to"}));
  EXPECT_FALSE(expand_include(tree.root(), {"/absent", "/to"}));
}

}  // namespace
}  // namespace kdump::mkdumprd
