// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kernel_image.h"

#include "tests/support/arm64_builder.h"
#include "tests/support/packed.h"
#include "tests/support/unified_image_builder.h"

#include <archive.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace kdump::kexec {
namespace {

using test::Arm64ImageBuilder;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

using Bytes = std::vector<std::byte>;

Bytes cut(Bytes bytes, std::size_t size) {
  bytes.resize(size);
  return bytes;
}

TEST(Arm64KernelImage, ReadsTheHeader) {
  const Bytes file =
      Arm64ImageBuilder{.text_offset = 0x80000, .image_size = 0x1f00000, .flags = 0xe}.build();
  const auto image = check_kernel_image("/boot/vmlinuz", file);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->machine(), Machine::kArm64);
  EXPECT_EQ(image->arm64().text_offset, 0x80000U);
  EXPECT_EQ(image->arm64().image_size, 0x1f00000U);
  EXPECT_EQ(image->arm64().page_size, 65536U);
  EXPECT_EQ(image->command_line_max(), 2047U);
  EXPECT_EQ(image->bytes, file);
  EXPECT_TRUE(image->container.empty());
}

struct Container {
  const char* name;
  std::function<Bytes(const Bytes& kernel)> wrap;
};

Bytes unified(const Bytes& kernel) {
  const std::string text(reinterpret_cast<const char*>(kernel.data()), kernel.size());
  const std::string file = test::unified_image({{".osrel", "ID=x"}, {".linux", text}});
  const auto bytes = std::as_bytes(std::span(file));
  return {bytes.begin(), bytes.end()};
}

const Container kContainers[] = {
    {"gzip", [](const Bytes& kernel) { return test::packed(ARCHIVE_FILTER_GZIP, kernel); }},
    {"zstd", [](const Bytes& kernel) { return test::packed(ARCHIVE_FILTER_ZSTD, kernel); }},
    {"zboot gzip",
     [](const Bytes& kernel) {
       return test::zboot_image("gzip", test::packed(ARCHIVE_FILTER_GZIP, kernel));
     }},
    {"zboot zstd",
     [](const Bytes& kernel) {
       return test::zboot_image("zstd", test::packed(ARCHIVE_FILTER_ZSTD, kernel));
     }},
    {"zboot xz",
     [](const Bytes& kernel) {
       return test::zboot_image("xzkern", test::packed(ARCHIVE_FILTER_XZ, kernel));
     }},
    {"zboot lzma",
     [](const Bytes& kernel) {
       return test::zboot_image("lzma", test::packed(ARCHIVE_FILTER_LZMA, kernel));
     }},
    {"zboot lz4",
     [](const Bytes& kernel) {
       return test::zboot_image("lz4", test::packed(ARCHIVE_FILTER_LZ4, kernel));
     }},
    {"unified", unified},
    {"zboot in a unified image",
     [](const Bytes& kernel) {
       return unified(test::zboot_image("zstd", test::packed(ARCHIVE_FILTER_ZSTD, kernel)));
     }},
};

TEST(Arm64KernelImage, IsTakenOutOfContainers) {
  const Bytes kernel = Arm64ImageBuilder{}.build();
  for (const Container& container : kContainers) {
    SCOPED_TRACE(container.name);
    const Bytes file = container.wrap(kernel);
    const auto image = check_kernel_image("/boot/vmlinuz.efi", file);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->machine(), Machine::kArm64);
    EXPECT_EQ(image->bytes, kernel);
    EXPECT_EQ(image->file(), file);
  }
}

TEST(Arm64KernelImage, PaddingBehindASignatureIsCutOff) {
  const Bytes kernel = Arm64ImageBuilder{.signature_bytes = 1500}.build();
  Bytes padded = kernel;
  padded.resize(kernel.size() + 30000);
  const auto image =
      check_kernel_image("k", test::zboot_image("gzip", test::packed(ARCHIVE_FILTER_GZIP, padded)));
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->bytes, kernel);
}

TEST(Arm64KernelImage, Refusals) {
  const Bytes kernel = Arm64ImageBuilder{}.build();
  const Bytes gzip = test::packed(ARCHIVE_FILTER_GZIP, kernel);
  const Bytes text = test::packed(ARCHIVE_FILTER_GZIP, Bytes(5000, std::byte{'x'}));
  struct {
    Bytes file;
    ErrorKind kind;
    const char* message;
  } const cases[] = {
      {Arm64ImageBuilder{.flags = 0xb}.build(), ErrorKind::kUnsupported, "big-endian"},
      {Arm64ImageBuilder{.image_size = 0}.build(),
       ErrorKind::kUnsupported,
       "older than Linux 3.17"},
      {Arm64ImageBuilder{.image_size = 1ULL << 40}.build(), ErrorKind::kBadData, "damaged header"},
      {Arm64ImageBuilder{.text_offset = 0x200000}.build(), ErrorKind::kBadData, "text_offset"},
      {cut(kernel, kernel.size() - 1), ErrorKind::kBadData, "truncated: its section .text ends"},
      {cut(gzip, gzip.size() / 2), ErrorKind::kBadData, "compressed data is damaged"},
      {test::packed(ARCHIVE_FILTER_GZIP, cut(kernel, 9000)), ErrorKind::kBadData, "truncated"},
      {text, ErrorKind::kBadData, "what it has inside is not a Linux kernel image"},
      {cut(test::zboot_image("gzip", gzip), 1100), ErrorKind::kBadData, "truncated"},
      {test::zboot_image("lzo", gzip), ErrorKind::kUnsupported, "compressed with \"lzo\""},
      {test::zboot_image("gzip", text), ErrorKind::kBadData, "not a Linux kernel image"},
  };
  for (const auto& c : cases) {
    const auto image = check_kernel_image("/boot/vmlinuz", c.file);
    ASSERT_FALSE(image) << c.message;
    EXPECT_EQ(image.error().kind, c.kind) << image.error().message;
    EXPECT_THAT(image.error().message, AllOf(StartsWith("/boot/vmlinuz: "), HasSubstr(c.message)));
  }
}

TEST(Arm64KernelImage, AnyHeaderGetsAnAnswer) {
  std::mt19937 random(5);
  const Bytes kernel = Arm64ImageBuilder{.code_bytes = 2000, .signature_bytes = 100}.build();
  const Bytes zboot = test::zboot_image("gzip", test::packed(ARCHIVE_FILTER_GZIP, kernel));
  for (int round = 0; round < 2000; ++round) {
    Bytes bytes = round % 2 == 0 ? kernel : zboot;
    for (int i = 0; i < 4; ++i) bytes[random() % 0x140] = static_cast<std::byte>(random());
    const auto image = check_kernel_image("k", bytes);
    if (!image) continue;
    EXPECT_LE(image->bytes.size(), kernel.size());
  }
}

}  // namespace
}  // namespace kdump::kexec
