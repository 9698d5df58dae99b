// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/unified_image.h"

#include "tests/support/temp_tree.h"
#include "tests/support/unified_image_builder.h"

#include <gmock/gmock.h>

#include <sys/stat.h>

namespace kdump::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kRelease = "ID=fedora\nPRETTY_NAME=\"Fedora Linux 40\"\nVERSION_ID=40\n";

TEST(UnifiedImage, SaysWhatItIs) {
  const test::TempTree tree;
  tree.write("/u.efi",
             test::unified_image({{".osrel", kRelease},
                                  {".cmdline", "root=/dev/vda1 ro\n"},
                                  {".uname", "6.8.5"},
                                  {".linux", "MZ"}}));
  const auto image = read_unified_image(tree.path("/u.efi"));
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->command_line, "root=/dev/vda1 ro");
  EXPECT_EQ(image->version, "6.8.5");
  const BlsEntry entry = unified_entry(*image, "/efi/EFI/Linux/fedora-6.8.5+3.efi");
  EXPECT_EQ(entry.id, "fedora-6.8.5");
  EXPECT_EQ(entry.tries_left, 3U);
  EXPECT_EQ(entry.title, "Fedora Linux 40");
  EXPECT_EQ(entry.sort_key, "fedora");
  EXPECT_EQ(entry.version, "40");
  EXPECT_EQ(entry.options, "root=/dev/vda1 ro");
  EXPECT_TRUE(entry.unified);
}

TEST(UnifiedImage, DamagedFilesAreRefused) {
  const std::string whole = test::unified_image({{".linux", "MZ"}, {".cmdline", "a"}});
  std::string many = whole;
  many[0x80 + 6] = 97;  // number of sections
  std::string far = whole;
  far[0x3f] = 0x7f;  // where the PE header is
  struct Row {
    std::string bytes;
    const char* message;
  };
  for (const auto& [bytes, message] : std::vector<Row>{
           {"", "it is no PE file"},
           {"ELF", "it is no PE file"},
           {"MZ", "its PE header is damaged"},
           {far, "its PE header is damaged"},
           {many, "its PE header is damaged"},
           {whole.substr(0, 0x80 + 24 + 50), "its section table is cut off"},
           {test::unified_image({{".text", "x"}}), "it has no .linux section"},
           {test::unified_image({{".linux", "x"}, {".cmdline", std::string(65537, 'a')}}),
            "its section .cmdline is larger than 65536 bytes"},
           {whole.substr(0, whole.size() - 1), "its section .cmdline is cut off"}}) {
    const test::TempTree tree;
    tree.write("/u.efi", bytes);
    const auto image = read_unified_image(tree.path("/u.efi"));
    ASSERT_FALSE(image) << message;
    EXPECT_THAT(image.error().message, HasSubstr(message));
  }
}

TEST(UnifiedImage, AFolderOfThem) {
  const test::TempTree tree;
  tree.write("/efi/EFI/Linux/a.efi", test::unified_image({{".linux", "MZ"}}));
  tree.write("/efi/EFI/Linux/b.efi", "no");
  tree.write("/efi/EFI/Linux/c.txt", "no");
  ASSERT_EQ(::mkfifo(tree.path("/efi/EFI/Linux/d.efi").c_str(), 0644), 0);
  BlsFolder folder;
  ASSERT_TRUE(add_unified_images(tree.root(), "/efi/EFI/Linux", folder));
  EXPECT_THAT(folder.entries, SizeIs(1));
  EXPECT_THAT(folder.warnings,
              ElementsAre(HasSubstr("b.efi: is no unified kernel image"),
                          HasSubstr("d.efi: is no unified kernel image: it is no regular file")));
  EXPECT_TRUE(add_unified_images(tree.root(), "/none", folder));
}

}  // namespace
}  // namespace kdump::boot
