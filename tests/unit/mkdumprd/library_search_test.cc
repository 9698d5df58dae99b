// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/library_search.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <elf.h>

namespace kdump::mkdumprd {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

TEST(LibrarySearch, FoldersOfLdSoConf) {
  const kdump::test::TempTree tree;
  tree.write("/etc/ld.so.conf",
             "# comment\n"
             "include ld.so.conf.d/*.conf\n"
             "/opt/one/lib   # more\n"
             "hwcap 0 nosegneg\n"
             "/opt/two/lib=libc6\n");
  tree.write("/etc/ld.so.conf.d/b.conf", "/b\n");
  tree.write("/etc/ld.so.conf.d/a.conf", "include /etc/more.conf\n/a\n");
  tree.write("/etc/ld.so.conf.d/ignored.txt", "/ignored\n");
  tree.write("/etc/more.conf", "/more\n");
  const auto folders = read_loader_folders(tree.root());
  ASSERT_TRUE(folders) << folders.error().message;
  EXPECT_THAT(*folders, ElementsAre("/more", "/a", "/b", "/opt/one/lib", "/opt/two/lib"));
}

TEST(LibrarySearch, NoLdSoConf) {
  const kdump::test::TempTree tree;
  const auto folders = read_loader_folders(tree.root());
  ASSERT_TRUE(folders);
  EXPECT_THAT(*folders, IsEmpty());
}

TEST(LibrarySearch, FileThatIncludesItself) {
  const kdump::test::TempTree tree;
  tree.write("/etc/ld.so.conf", "include /etc/ld.so.conf\n");
  const auto folders = read_loader_folders(tree.root());
  ASSERT_FALSE(folders);
  EXPECT_EQ(folders.error().kind, ErrorKind::kBadData);
}

TEST(LibrarySearch, DefaultFolders) {
  EXPECT_THAT(default_loader_folders(EM_X86_64, true),
              ElementsAre("/lib/x86_64-linux-gnu",
                          "/usr/lib/x86_64-linux-gnu",
                          "/lib64",
                          "/usr/lib64",
                          "/lib",
                          "/usr/lib"));
  EXPECT_THAT(default_loader_folders(EM_AARCH64, true), Contains("/lib/aarch64-linux-gnu"));
  EXPECT_THAT(default_loader_folders(EM_386, false), Not(Contains("/lib64")));
}

TEST(LibrarySearch, Origin) {
  EXPECT_EQ(expand_origin("$ORIGIN/../lib", "/opt/x/bin"), "/opt/x/bin/../lib");
  EXPECT_EQ(expand_origin("${ORIGIN}/lib", "/opt"), "/opt/lib");
  EXPECT_EQ(expand_origin("/plain", "/opt"), "/plain");
  EXPECT_EQ(expand_origin("/usr/$LIB", "/opt"), "/usr/$LIB");
}

}  // namespace
}  // namespace kdump::mkdumprd
