// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/arm64_builder.h"

#include "base/packed_int.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <libfdt.h>

namespace kdump::test {
namespace {

template <typename T>
void set(std::vector<std::byte>& bytes, std::size_t at, const T& value) {
  std::memcpy(bytes.data() + at, &value, sizeof(T));
}

// A PE header at 0x40: COFF, an optional header with six directories, one section.
void add_pe(std::vector<std::byte>& bytes, std::size_t sections_end, std::size_t signature) {
  constexpr std::size_t kPe = 0x40;
  constexpr std::size_t kOptional = kPe + 24;
  constexpr std::uint16_t kOptionalSize = 112 + 6 * 8;
  constexpr std::size_t kSection = kOptional + kOptionalSize;
  constexpr std::uint32_t kContent = 0x1000;
  std::memcpy(bytes.data(), "MZ", 2);
  set(bytes, 0x3c, Le32(kPe));
  std::memcpy(bytes.data() + kPe, "PE\0\0", 4);
  set(bytes, kPe + 4, Le16(0xaa64));
  set(bytes, kPe + 6, Le16(1));
  set(bytes, kPe + 20, Le16(kOptionalSize));
  set(bytes, kOptional, Le16(0x20b));
  set(bytes, kOptional + 108, Le32(6));
  if (signature > 0) {
    set(bytes, kOptional + 112 + 4 * 8, Le32(static_cast<std::uint32_t>(sections_end)));
    set(bytes, kOptional + 112 + 4 * 8 + 4, Le32(static_cast<std::uint32_t>(signature)));
  }
  std::memcpy(bytes.data() + kSection, ".text\0\0\0", 8);
  const auto size = static_cast<std::uint32_t>(sections_end - kContent);
  set(bytes, kSection + 8, Le32(size));
  set(bytes, kSection + 12, Le32(kContent));
  set(bytes, kSection + 16, Le32(size));
  set(bytes, kSection + 20, Le32(kContent));
}

// libfdt's sequential writer, whose every step must succeed.
class TreeWriter {
 public:
  TreeWriter() : blob_(1 << 16) { expect(fdt_create(blob_.data(), 1 << 16)); }
  void reserve(Range range) {
    expect(fdt_add_reservemap_entry(blob_.data(), range.start, range.size()));
  }
  void begin(const char* name) {
    if (!reserved_) expect(fdt_finish_reservemap(blob_.data()));
    reserved_ = true;
    expect(fdt_begin_node(blob_.data(), name));
  }
  void end() { expect(fdt_end_node(blob_.data())); }
  void number(const char* name, std::uint32_t value) {
    expect(fdt_property_u32(blob_.data(), name, value));
  }
  void wide(const char* name, std::uint64_t value) {
    expect(fdt_property_u64(blob_.data(), name, value));
  }
  void text(const char* name, const std::string& value) {
    expect(fdt_property(blob_.data(), name, value.c_str(), static_cast<int>(value.size()) + 1));
  }
  void bytes(const char* name, const std::vector<std::byte>& value) {
    expect(fdt_property(blob_.data(), name, value.data(), static_cast<int>(value.size())));
  }
  std::vector<std::byte> take() {
    expect(fdt_finish(blob_.data()));
    blob_.resize(fdt_totalsize(blob_.data()));
    return std::move(blob_);
  }

 private:
  static void expect(int code) { EXPECT_EQ(code, 0) << fdt_strerror(code); }
  std::vector<std::byte> blob_;
  bool reserved_ = false;
};

}  // namespace

std::vector<std::byte> Arm64ImageBuilder::build() const {
  std::vector<std::byte> bytes(0x1000);
  for (std::size_t i = 0; i < code_bytes; ++i) {
    bytes.push_back(static_cast<std::byte>(i * 37 & 0xffU));
  }
  const std::size_t sections_end = bytes.size();
  bytes.resize(sections_end + signature_bytes, std::byte{0x55});
  set(bytes, 0x08, Le64(text_offset));
  set(bytes, 0x10, Le64(image_size));
  set(bytes, 0x18, Le64(flags));
  set(bytes, 0x38, Le32(0x644d5241));
  if (efi_stub) add_pe(bytes, sections_end, signature_bytes);
  return bytes;
}

std::vector<std::byte> zboot_image(const std::string& compression,
                                   std::span<const std::byte> payload) {
  constexpr std::size_t kPayloadAt = 0x400;
  std::vector<std::byte> bytes(kPayloadAt + payload.size() + 64);  // the unpacked size, the stub
  std::memcpy(bytes.data(), "MZ\0\0zimg", 8);
  set(bytes, 0x08, Le32(kPayloadAt));
  set(bytes, 0x0c, Le32(static_cast<std::uint32_t>(payload.size())));
  std::memcpy(bytes.data() + 0x18, compression.data(), compression.size());
  std::copy(payload.begin(), payload.end(), bytes.begin() + kPayloadAt);
  return bytes;
}

std::vector<std::byte> firmware_tree(std::uint32_t cells) {
  TreeWriter tree;
  tree.reserve({0x48000000, 0x48100000});  // the initrd
  tree.reserve({0x7f000000, 0x7f010000});  // firmware
  tree.begin("");
  tree.number("#address-cells", cells);
  tree.number("#size-cells", cells);
  tree.text("compatible", "linux,dummy-virt");
  tree.begin("memory@40000000");
  tree.text("device_type", "memory");
  tree.end();
  tree.begin("chosen");
  tree.text("stdout-path", "/pl011@9000000");
  tree.text("bootargs", "console=ttyAMA0 crashkernel=256M");
  tree.number("linux,initrd-start", 0x48000000);
  tree.number("linux,initrd-end", 0x48100000);
  tree.wide("kaslr-seed", 0x1122334455667788);
  tree.bytes("rng-seed", std::vector<std::byte>(32, std::byte{7}));
  tree.end();
  tree.end();
  return tree.take();
}

std::vector<std::byte> efi_stub_tree() {
  TreeWriter tree;
  tree.begin("");
  tree.number("#address-cells", 2);
  tree.number("#size-cells", 2);
  tree.begin("chosen");
  tree.text("bootargs", "root=/dev/vda");
  tree.wide("linux,uefi-system-table", 0x13f7e0018);
  tree.wide("linux,uefi-mmap-start", 0x13a4b2018);
  tree.number("linux,uefi-mmap-size", 0x990);
  tree.number("linux,uefi-mmap-desc-size", 0x30);
  tree.number("linux,uefi-mmap-desc-ver", 1);
  tree.end();
  tree.end();
  return tree.take();
}

}  // namespace kdump::test
