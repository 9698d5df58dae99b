// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/bls_entry.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <sys/stat.h>

namespace kdump::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

BlsEntry entry_of(const std::string& text,
                  const std::string& path = "/boot/loader/entries/a.conf") {
  auto entry = parse_bls_entry(text, path, "x86_64");
  EXPECT_TRUE(entry && *entry) << text;
  return entry && *entry ? **entry : BlsEntry();
}

TEST(BlsEntry, ReadsTheKeysOfTheSpecification) {
  const BlsEntry entry = entry_of(
      "# comment\ntitle  Fedora Linux 40\nversion\t6.8.5\nmachine-id 4098B3F6\nsort-key fedora\n"
      "linux /vmlinuz-6.8.5\ninitrd /ucode.img\ninitrd /initramfs-6.8.5.img $tuned_initrd\n"
      "options root=UUID=x ro\noptions  quiet\narchitecture x64\ngrub_class fedora\nnonsense\n");
  EXPECT_EQ(entry.title, "Fedora Linux 40");
  EXPECT_EQ(entry.version, "6.8.5");
  EXPECT_EQ(entry.machine_id, "4098b3f6");
  EXPECT_EQ(entry.sort_key, "fedora");
  EXPECT_EQ(entry.kernel, "/vmlinuz-6.8.5");
  EXPECT_THAT(entry.initrds, ElementsAre("/ucode.img", "/initramfs-6.8.5.img $tuned_initrd"));
  EXPECT_EQ(entry.options, "root=UUID=x ro quiet");
}

TEST(BlsEntry, BootCountersStandInTheName) {
  struct Row {
    const char* name;
    const char* id;
    int left;  // -1: none
    unsigned done;
  };
  for (const auto& [name, id, left, done] :
       std::vector<Row>{{"a-6.1", "a-6.1", -1, 0},
                        {"a-6.1+3", "a-6.1", 3, 0},
                        {"a-6.1+0-3", "a-6.1", 0, 3},
                        {"a+b", "a+b", -1, 0},
                        {"a+debug+1-2", "a+debug", 1, 2},
                        {"a+1-", "a+1-", -1, 0},
                        {"a+9999999999", "a+9999999999", -1, 0}}) {
    const BlsEntry entry = entry_of("linux /v\n", "/e/" + std::string(name) + ".conf");
    EXPECT_EQ(entry.id, id);
    EXPECT_EQ(entry.file_name, name);
    EXPECT_EQ(entry.tries_left ? static_cast<int>(*entry.tries_left) : -1, left) << name;
    EXPECT_EQ(entry.tries_done, done) << name;
  }
}

TEST(BlsEntry, OtherArchitecturesAndOtherSystems) {
  const auto arm = parse_bls_entry("linux /v\narchitecture AA64\n", "a.conf", "x86_64");
  ASSERT_TRUE(arm);
  EXPECT_FALSE(*arm);
  EXPECT_TRUE(*parse_bls_entry("linux /v\narchitecture aa64\n", "a.conf", "aarch64"));
  EXPECT_EQ(entry_of("efi /shellx64.efi\n").other, "efi /shellx64.efi");
  const auto empty = parse_bls_entry("title x\n", "/e/a.conf", "x86_64");
  ASSERT_FALSE(empty);
  EXPECT_THAT(empty.error().message, HasSubstr("/e/a.conf: names no kernel; add a \"linux\" line"));
  EXPECT_FALSE(parse_bls_entry(std::string(70000, ' '), "a.conf", "x86_64"));
}

TEST(BlsEntry, OrderOfSystemdBoot) {
  std::vector<BlsEntry> entries;
  for (const auto& [name, keys] : std::vector<std::pair<std::string, std::string>>{
           {"old-6.1", ""},
           {"new-6.9", ""},
           {"bad+0-3", "sort-key a\nversion 9\n"},
           {"b1", "sort-key b\nversion 6.9\n"},
           {"b2", "sort-key b\nversion 6.10\n"},
           {"b3", "sort-key b\nversion 6.10\nmachine-id 1\n"},
           {"a1", "sort-key a\nversion 1\n"},
           {"old-6.1.0+2-1", ""},
           {"old-6.1.0", ""}}) {
    entries.push_back(entry_of("linux /v\n" + keys, "/e/" + name + ".conf"));
  }
  std::sort(entries.begin(), entries.end(), before_in_menu);
  std::vector<std::string> names;
  for (const BlsEntry& entry : entries) names.push_back(entry.file_name);
  EXPECT_THAT(
      names,
      ElementsAre(
          "a1", "b2", "b1", "b3", "old-6.1.0", "old-6.1.0+2-1", "old-6.1", "new-6.9", "bad+0-3"));
}

TEST(BlsEntry, OrderOfGrubLooksAtTheNameAlone) {
  std::vector<BlsEntry> entries;
  for (const char* name : {"m-0-rescue", "m-5.14.0-70.el9", "m-5.14.0-162.6.1.el9_1"}) {
    entries.push_back(entry_of("linux /v\nsort-key z\n", "/e/" + std::string(name) + ".conf"));
  }
  std::sort(entries.begin(), entries.end(), before_in_grub_menu);
  EXPECT_EQ(entries[0].file_name, "m-5.14.0-162.6.1.el9_1");
  EXPECT_EQ(entries[2].file_name, "m-0-rescue");
}

TEST(BlsFolder, SkipsWhatIsNoEntryAndSaysSo) {
  const test::TempTree tree;
  tree.write("/boot/loader/entries/a.conf", "linux /v\n");
  tree.write("/boot/loader/entries/b.conf", "title no kernel\n");
  tree.write("/boot/loader/entries/c.conf.bak", "linux /v\n");
  tree.write("/boot/loader/entries/.d.conf", "linux /v\n");
  ASSERT_EQ(::mkfifo(tree.path("/boot/loader/entries/e.conf").c_str(), 0644), 0);
  tree.link("/boot/loader/entries/f.conf", "f.conf");
  const auto folder = read_bls_folder(tree.root(), "/boot/loader/entries");
  ASSERT_TRUE(folder);
  EXPECT_THAT(folder->entries, SizeIs(1));
  EXPECT_THAT(folder->warnings,
              ElementsAre(HasSubstr("b.conf: names no kernel"),
                          HasSubstr("e.conf: is no regular file"),
                          HasSubstr("f.conf: Too many levels")));
  const auto absent = read_bls_folder(tree.root(), "/efi/loader/entries");
  ASSERT_TRUE(absent);
  EXPECT_THAT(absent->entries, SizeIs(0));
}

}  // namespace
}  // namespace kdump::boot
