// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/grub_menu.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

namespace kdump::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

GrubEnvironment environment_of(const std::string& lines) {
  std::string block = "# GRUB Environment Block\n" + lines;
  block.resize(1024, '#');
  auto environment = GrubEnvironment::parse(block, "grubenv");
  EXPECT_TRUE(environment);
  return *environment;
}

Result<GrubMenu> read_menu(const test::TempTree& tree,
                           const std::string& text,
                           const std::string& environment = "") {
  tree.write("/boot/grub/grub.cfg", text);
  return read_grub_menu(tree.root(), "/boot/grub/grub.cfg", environment_of(environment));
}

TEST(GrubMenu, ASetIsPutInAndConditionsAreDecided) {
  struct Row {
    const char* text;
    const char* environment;
    const char* value;  // of $default
  };
  for (const auto& [text, environment, value] : std::vector<Row>{
           {"set default=\"0\"\n", "", "0"},
           {"default=3\n", "", "3"},
           {"load_env\nset default=\"${saved_entry}\"\n", "saved_entry=a b\n", "a b"},
           {"set default=\"${saved_entry}\"\n", "saved_entry=not loaded\n", ""},
           {"if [ \"${next_entry}\" ] ; then\nset default=1\nelse\nset default=2\nfi\n", "", "2"},
           {"load_env\nif [ \"${next_entry}\" ] ; then\nset default=1\nelse\nset default=2\nfi\n",
            "next_entry=x\n",
            "1"},
           {"if [ x$a = x ]; then set default=1; elif true; then set default=2; fi\n", "", "1"},
           {"if false; then set default=1; elif [ -z \"$a\" ]; then set default=2\n"
            "else set default=3; fi\n",
            "",
            "2"},
           {"if loadfont x; then set default=1; else set default=2; fi\n", "", "2"},
           {"if false; then if true; then set default=1; else set default=2; fi; fi\n", "", ""},
           {"function f {\nset default=1\n}\nf\n", "", ""},
           {"for a in 1 2; do set default=$a; done\n", "", ""},
           {"if [ -s $prefix/grub.cfg ]; then set default=1; fi\n", "", "1"},
           {"if [ -f $prefix/none ]; then set default=1; fi\n", "", ""},
           {"if [ ! -d $prefix ]; then set default=1; else set default=2; fi\n", "", "2"},
           {"if [ 2 -gt 1 -a a != b ]; then set default=1; fi\n", "", "1"},
           {"if [ 2 -lt 1 -o a == a ]; then set default=1; fi\n", "", "1"},
           {"if [ $feature_menuentry_id = y ]; then set default=1; fi\nunset default\n", "", ""},
           {"set a=1\nset default=\"$a>$a\"\n", "", "1>1"},
       }) {
    const test::TempTree tree;
    const auto menu = read_menu(tree, text, environment);
    ASSERT_TRUE(menu) << menu.error().message;
    const auto found = menu->variables.find("default");
    EXPECT_EQ(found == menu->variables.end() ? "" : found->second, value) << text;
  }
}

TEST(GrubMenu, EntriesKnowWhatTheyBoot) {
  const test::TempTree tree;
  const auto menu =
      read_menu(tree,
                "set root='hd0,gpt2'\nset extra=\"a=1 b\"\n"
                "menuentry 'One' --class debian --unrestricted --id one {\n"
                "  search --no-floppy --fs-uuid --set=root --hint-bios=hd0,gpt2 1234-ABCD\n"
                "  echo 'Loading'\n  linux /vmlinuz-1 root=UUID=x ro $extra \"q r\"\n"
                "  initrd /ucode.img /initrd-1\n}\n"
                "submenu \"More\" {\n menuentry 'Two' {\n  linuxefi ($root)/vmlinuz-2\n  initrd "
                "newc:a:/b\n }\n"
                " menuentry 'Firmware' $none {\n  fwsetup\n }\n}\n");
  ASSERT_TRUE(menu) << menu.error().message;
  ASSERT_THAT(menu->nodes, SizeIs(2));
  const GrubNode& one = menu->nodes[0];
  EXPECT_EQ(one.title, "One");
  EXPECT_EQ(one.id, "one");
  EXPECT_EQ(one.line, 3);
  EXPECT_EQ(one.kernel.device, "fs-uuid:1234-ABCD");
  EXPECT_EQ(one.kernel.path, "/vmlinuz-1");
  EXPECT_EQ(one.command_line, "root=UUID=x ro a=1 b \"q r\"");
  ASSERT_THAT(one.initrds, SizeIs(2));
  EXPECT_EQ(one.initrds[1].path, "/initrd-1");
  ASSERT_THAT(menu->nodes[1].children, SizeIs(2));
  EXPECT_EQ(menu->nodes[1].children[0].kernel.path, "/vmlinuz-2");
  EXPECT_EQ(menu->nodes[1].children[0].kernel.device, "hd0,gpt2");
  EXPECT_THAT(menu->nodes[1].children[0].initrds, SizeIs(0));
  EXPECT_EQ(menu->nodes[1].children[1].kernel.path, "");
}

TEST(GrubMenu, SearchInAllItsSpellings) {
  for (const char* search : {"search --fs-uuid U --set=root",
                             "search --fs-uuid --set root U",
                             "search -u --set root --hint hd0 U",
                             "search --no-floppy --fs-uuid U",
                             "search.fs_uuid U",
                             "search.fs_uuid U --hint hd0"}) {
    const test::TempTree tree;
    const auto menu = read_menu(tree, std::string(search) + "\n");
    ASSERT_TRUE(menu);
    EXPECT_EQ(menu->variables.at("root"), "fs-uuid:U") << search;
  }
}

TEST(GrubMenu, SourceIsFollowedThreeDeep) {
  const test::TempTree tree;
  tree.write("/boot/grub/custom.cfg",
             "menuentry Own {\n linux /own\n}\nsource $prefix/custom.cfg\n");
  const auto menu = read_menu(
      tree,
      "if [ -f ${config_directory}/custom.cfg ]; then source ${config_directory}/custom.cfg; fi\n");
  ASSERT_TRUE(menu) << menu.error().message;
  EXPECT_THAT(menu->nodes, SizeIs(3));
  EXPECT_THAT(menu->warnings, ElementsAre(HasSubstr("custom.cfg:4: /boot/grub/custom.cfg is not")));
}

TEST(GrubMenu, TheDefault) {
  const test::TempTree tree;
  const auto menu = read_menu(tree,
                              "menuentry A --id a {\n}\nsubmenu 'B > C' --id b {\n"
                              "menuentry D --id d {\n}\nmenuentry 'E' {\n}\n}\nsubmenu F {\n}\n");
  ASSERT_TRUE(menu) << menu.error().message;
  struct Row {
    const char* wanted;
    const char* title;
  };
  for (const auto& [wanted, title] : std::vector<Row>{{"0", "A"},
                                                      {"a", "A"},
                                                      {"A", "A"},
                                                      {"1", "D"},
                                                      {"1>1", "E"},
                                                      {"b>d", "D"},
                                                      {"b>E", "E"},
                                                      {"B >> C>E", "E"},
                                                      {"B >> C", "D"}}) {
    const GrubNode* found = find_grub_default(menu->nodes, wanted);
    ASSERT_NE(found, nullptr) << wanted;
    EXPECT_EQ(found->title, title) << wanted;
  }
  for (const char* wanted : {"", "3", "x", "b>x", "1>2", "F", "99999999999999999999"}) {
    EXPECT_EQ(find_grub_default(menu->nodes, wanted), nullptr) << wanted;
  }
}

TEST(GrubMenu, BadInputNamesFileLineAndRemedy) {
  struct Row {
    const char* text;
    const char* message;
  };
  for (const auto& [text, message] : std::vector<Row>{
           {"\nfi\n", "/boot/grub/grub.cfg:2: this fi closes nothing"},
           {"}\n", "grub.cfg:1: this } closes nothing"},
           {"if true; then }\n", "grub.cfg:1: this } closes nothing"},
           {"menuentry A {\n", "grub.cfg:1: what begins here has no end"},
           {"if true; then\n", "grub.cfg:1: what begins here has no end"},
           {"else\n", "grub.cfg:1: else without if"},
           {"menuentry {\n}\n", "grub.cfg:1: this menuentry has no title; give it one"},
           {"set a='\n", "grub.cfg:1: this single quote is not closed"}}) {
    const test::TempTree tree;
    const auto menu = read_menu(tree, text);
    ASSERT_FALSE(menu) << text;
    EXPECT_EQ(menu.error().kind, ErrorKind::kBadData);
    EXPECT_THAT(menu.error().message, HasSubstr(message));
  }
}

TEST(GrubMenu, NestingEntriesAndGrowthAreBounded) {
  const auto refusal = [](const std::string& text) {
    const test::TempTree tree;
    const auto menu = read_menu(tree, text);
    return menu ? std::string("accepted") : menu.error().message;
  };
  std::string deep;
  std::string many;
  std::string growth = "set a=yyyyyyyyyyyyyyyy\n";
  for (int i = 0; i < 17; ++i) deep += "submenu A {\n";
  for (int i = 0; i < 1025; ++i) many += "menuentry A {\n}\n";
  for (int i = 0; i < 40; ++i) growth += "set a=\"$a$a\"\n";
  EXPECT_THAT(refusal(deep), HasSubstr("grub.cfg:17: nested more than 16 deep"));
  EXPECT_THAT(refusal(many), HasSubstr("grub.cfg:2049: more than 1024 entries"));
  EXPECT_THAT(refusal(growth), HasSubstr("longer than 16384 bytes"));
}

}  // namespace
}  // namespace kdump::boot
