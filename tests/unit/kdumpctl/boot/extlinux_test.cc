// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/extlinux.h"

#include <gmock/gmock.h>

namespace kdump::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

TEST(Extlinux, ReadsLabelsAndTheDefault) {
  const auto menu = parse_extlinux(
      "# made by u-boot-update\nTIMEOUT 50\nDEFAULT l1\nAPPEND global\n"
      "LABEL l0\n\tMENU LABEL ^Debian 6.1\n\tLINUX /vmlinuz-6.1\n\tinitrd /ucode,/initrd-6.1\n"
      "\tappend root=/dev/vda1 ro\n"
      "label l1\nkernel ../vmlinuz-6.2\nappend initrd=/initrd-6.2 quiet\n"
      "label l2\nlinux /v\nappend -\nlabel l3\nlinux /v\nlabel l4\nlocalboot 0\n",
      "extlinux.conf");
  ASSERT_TRUE(menu) << menu.error().message;
  ASSERT_THAT(menu->labels, SizeIs(5));
  EXPECT_EQ(menu->labels[0].title, "Debian 6.1");
  EXPECT_EQ(menu->labels[0].kernel, "/vmlinuz-6.1");
  EXPECT_THAT(menu->labels[0].initrds, ElementsAre("/ucode", "/initrd-6.1"));
  EXPECT_EQ(menu->labels[0].append, "root=/dev/vda1 ro");
  EXPECT_EQ(menu->labels[0].line, 5);
  EXPECT_THAT(menu->labels[1].initrds, ElementsAre("/initrd-6.2"));
  EXPECT_EQ(menu->labels[1].append, "quiet");
  EXPECT_EQ(menu->labels[2].append, "");
  EXPECT_EQ(menu->labels[3].append, "global");
  EXPECT_EQ(menu->labels[4].kernel, "");
  EXPECT_EQ(menu->default_label, 1U);
  EXPECT_EQ(menu->default_reason, "default in extlinux.conf:3");
}

TEST(Extlinux, AMenuProgramAsDefaultLeavesTheMenusOwn) {
  const auto menu = parse_extlinux(
      "default vesamenu.c32\nlabel a\nlinux /a\nlabel b\nmenu default\nlinux /b\n", "f");
  ASSERT_TRUE(menu);
  EXPECT_EQ(menu->default_label, 1U);
  EXPECT_EQ(menu->default_reason, "menu default in f");
  const auto first = parse_extlinux("label a\nlinux /a\nlabel b\nlinux /b\n", "f");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->default_label, 0U);
}

TEST(Extlinux, BadInputNamesFileAndLine) {
  const auto nameless = parse_extlinux("\nlabel\n", "f.conf");
  ASSERT_FALSE(nameless);
  EXPECT_THAT(nameless.error().message, HasSubstr("f.conf:2: a label without a name"));
  std::string many;
  for (int i = 0; i < 1025; ++i) many += "label a\n";
  const auto refused = parse_extlinux(many, "f.conf");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("f.conf:1025: more than 1024 labels"));
}

}  // namespace
}  // namespace kdump::boot
