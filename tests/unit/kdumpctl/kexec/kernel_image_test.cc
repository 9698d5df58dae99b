// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kernel_image.h"

#include "base/io.h"
#include "tests/support/bzimage_builder.h"
#include "tests/support/temp_tree.h"
#include "tests/support/unified_image_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace kdump::kexec {
namespace {

using namespace std::string_view_literals;
using test::BzImageBuilder;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

Result<KernelImage> check(const BzImageBuilder& builder) {
  return check_kernel_image("/boot/vmlinuz", builder.build());
}

std::vector<std::byte> bytes_of(std::string_view text, std::size_t size = 0) {
  const auto bytes = as_bytes(text);
  std::vector<std::byte> out(bytes.begin(), bytes.end());
  out.resize(std::max(size, out.size()));
  return out;
}

TEST(KernelImage, ReadsTheHeader) {
  const auto image = check({.signature_bytes = 1472});
  ASSERT_TRUE(image) << image.error().message;
  const x86::SetupHeader& setup = image->setup();
  EXPECT_EQ(setup.protocol, 0x020f);
  EXPECT_EQ(setup.setup_size, 40U * 512);
  EXPECT_EQ(setup.header_end, 0x26cU);
  EXPECT_EQ(setup.kernel_end, image->bytes.size() - 1472);
  EXPECT_EQ(setup.kernel_alignment, 0x200000U);
  EXPECT_EQ(setup.preferred_address, 0x1000000U);
  EXPECT_EQ(setup.init_size, 0x3378000U);
  EXPECT_EQ(setup.command_line_max, 2047U);
  EXPECT_TRUE(setup.efi_kexec);
  EXPECT_TRUE(setup.five_level_paging);
  EXPECT_EQ(setup.compression, "zstd");
}

TEST(KernelImage, FlagsAndDefaults) {
  const auto image = check({.setup_sectors = 0, .xload_flags = 0x03});
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->setup().setup_size, 5U * 512);  // 0 means 4 sectors
  EXPECT_FALSE(image->setup().efi_kexec);
  EXPECT_FALSE(image->setup().five_level_paging);
}

TEST(KernelImage, TheJumpByteIsUnsigned) {
  const auto image = check({.jump = 0x80});
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->setup().header_end, 0x282U);
}

TEST(KernelImage, KernelsThatCannotBeLoaded) {
  struct {
    BzImageBuilder image;
    ErrorKind kind;
    const char* message;
  } const cases[] = {
      {{.protocol = 0x020b}, ErrorKind::kUnsupported, "boot protocol 2.11 is older than 2.12"},
      {{.load_flags = 0}, ErrorKind::kUnsupported, "zImage"},
      {{.relocatable = 0}, ErrorKind::kUnsupported, "not relocatable"},
      {{.xload_flags = 0x7e}, ErrorKind::kUnsupported, "a 32-bit kernel"},
      {{.xload_flags = 0x7d}, ErrorKind::kUnsupported, "above 4 GiB"},
      {{.kernel_alignment = 0x300000}, ErrorKind::kBadData, "kernel_alignment is 0x300000"},
      {{.kernel_alignment = 0}, ErrorKind::kBadData, "kernel_alignment is 0x0"},
      {{.command_line_size = 0}, ErrorKind::kBadData, "cmdline_size"},
      {{.init_size = 0x1000}, ErrorKind::kBadData, "init_size is 0x1000"},
      {{.init_size = 0x5000}, ErrorKind::kBadData, "would unpack to 36864 bytes"},
      {{.jump = 0x10}, ErrorKind::kBadData, "its length"},
      {{.jump = 0xf0}, ErrorKind::kBadData, "its length"},
      {{.payload = BzImageBuilder::Payload::kUnknown}, ErrorKind::kBadData, "no known format"},
  };
  for (const auto& c : cases) {
    const auto image = check(c.image);
    ASSERT_FALSE(image) << c.message;
    EXPECT_EQ(image.error().kind, c.kind) << c.message;
    EXPECT_THAT(image.error().message, AllOf(StartsWith("/boot/vmlinuz: "), HasSubstr(c.message)));
  }
}

TEST(KernelImage, OtherFilesAreNamedForWhatTheyAre) {
  struct {
    std::vector<std::byte> bytes;
    ErrorKind kind;
    const char* message;
  } const cases[] = {
      {{}, ErrorKind::kBadData, "the file is empty"},
      {bytes_of("hello"), ErrorKind::kBadData, "not a Linux kernel image"},
      {bytes_of("", 1 << 20), ErrorKind::kBadData, "not a Linux kernel image"},
      {bytes_of("\x7f"
                "ELF\x02",
                4096),
       ErrorKind::kUnsupported,
       "ELF file (vmlinux)"},
      {bytes_of("MZ\x90\x00"sv, 4096), ErrorKind::kUnsupported, "an EFI program"},
      {bytes_of("\x1f\x8b\x08\x00"sv, 12), ErrorKind::kBadData, "compressed data is damaged"},
  };
  for (const auto& c : cases) {
    const auto image = check_kernel_image("/boot/vmlinuz", c.bytes);
    ASSERT_FALSE(image) << c.message;
    EXPECT_EQ(image.error().kind, c.kind) << c.message;
    EXPECT_THAT(image.error().message, HasSubstr(c.message));
  }
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(KernelImage, IsTakenOutOfAUnifiedImage) {
  const std::vector<std::byte> kernel = BzImageBuilder{}.build();
  const std::string file = test::unified_image({{".osrel", "ID=x"},
                                                {".initrd", "first"},
                                                {".linux", text_of(kernel)},
                                                {".initrd", "second"}});
  const auto image = check_kernel_image("/u.efi", bytes_of(file));
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->bytes, kernel);
  EXPECT_EQ(text_of(image->file()), file);
  EXPECT_EQ(text_of(image->own_initrd), std::string("first\0\0\0second\0\0", 16));
  EXPECT_EQ(check_kernel_image("/vmlinuz", kernel)->file(), kernel);

  const std::string cut = text_of(kernel).substr(0, kernel.size() - 1000);
  const auto damaged =
      check_kernel_image("/u.efi", bytes_of(test::unified_image({{".linux", cut}})));
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().kind, ErrorKind::kBadData);
  const auto short_file = check_kernel_image("/u.efi", bytes_of(file.substr(0, file.size() - 1)));
  ASSERT_FALSE(short_file);
  EXPECT_THAT(short_file.error().message, HasSubstr("its section .initrd is cut off"));
}

// The kernel itself arms a truncated image; nothing that is shorter than the kernel may pass here.
TEST(KernelImage, EveryTruncationIsFound) {
  using Payload = BzImageBuilder::Payload;
  for (const Payload payload :
       {Payload::kZstd, Payload::kLz4, Payload::kXz, Payload::kGzip, Payload::kLzo}) {
    const auto whole = BzImageBuilder{.payload = payload}.build();
    for (std::size_t size = 0; size < whole.size(); size += size < 0x300 ? 1 : 97) {
      const auto image =
          check_kernel_image("k", {whole.begin(), whole.begin() + static_cast<long>(size)});
      ASSERT_FALSE(image) << size;
      EXPECT_EQ(image.error().kind, ErrorKind::kBadData) << size;
    }
    EXPECT_FALSE(check_kernel_image("k", {whole.begin(), whole.end() - 1}));
  }
}

TEST(KernelImage, TruncationNamesBothSizes) {
  const auto whole = BzImageBuilder{}.build();
  const auto image = check_kernel_image("/boot/k", {whole.begin(), whole.begin() + 30000});
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().message,
            fmt::format("/boot/k: truncated: the kernel has {} bytes, the file only 30000; "
                        "reinstall the kernel package",
                        whole.size()));
}

TEST(KernelImage, AnyHeaderGetsAnAnswer) {
  std::mt19937 random(7);
  const auto whole = BzImageBuilder{}.build();
  for (int round = 0; round < 2000; ++round) {
    auto bytes = whole;
    for (int i = 0; i < 8; ++i) {
      bytes[0x1f1 + random() % 0x80] = static_cast<std::byte>(random() & 0xffU);
    }
    const auto image = check_kernel_image("k", bytes);
    if (!image) continue;
    EXPECT_LE(image->setup().kernel_end, bytes.size());
    EXPECT_LE(image->setup().header_end, 0x290U);
    EXPECT_LT(image->setup().setup_size, bytes.size());
  }
}

TEST(KernelImage, ReadsFiles) {
  const test::TempTree tree;
  const auto bytes = BzImageBuilder{}.build();
  tree.write("/boot/vmlinuz", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const auto image = read_kernel_image(tree.path("/boot/vmlinuz"));
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->bytes, bytes);
  EXPECT_EQ(read_kernel_image(tree.path("/boot/none")).error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace kdump::kexec
