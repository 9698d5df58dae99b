// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/bzimage_builder.h"

#include "base/address.h"
#include "base/packed_int.h"

#include <cstring>
#include <string_view>

namespace kdump::test {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kBlockBytes = 4096;

class Bytes {
 public:
  template <typename T>
  void put(const T& value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof(T));
    std::memcpy(bytes_.data() + at, &value, sizeof(T));
  }
  void text(std::string_view text) {
    for (const char c : text) bytes_.push_back(static_cast<std::byte>(c));
  }
  void fill(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      bytes_.push_back(static_cast<std::byte>(i * 37 & 0xffU));
    }
  }
  template <typename T>
  void set(std::size_t at, const T& value) {
    std::memcpy(bytes_.data() + at, &value, sizeof(T));
  }
  void pad(std::size_t alignment) { bytes_.resize(align_up(bytes_.size(), alignment)); }
  std::vector<std::byte>& all() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// Frame header without content size, a window of 128 KiB, then raw blocks and four checksum bytes.
void zstd_stream(Bytes& out, std::size_t blocks) {
  out.text("\x28\xb5\x2f\xfd\x04\x38"sv);
  for (std::size_t i = 0; i < blocks; ++i) {
    const auto header = static_cast<std::uint32_t>(kBlockBytes << 3U | (i + 1 == blocks ? 1U : 0U));
    out.put(static_cast<std::uint8_t>(header & 0xffU));
    out.put(Le16(static_cast<std::uint16_t>(header >> 8U)));
    out.fill(kBlockBytes);
  }
  out.text("sum!");
}

void lz4_stream(Bytes& out, std::size_t blocks) {
  out.text("\x02\x21\x4c\x18"sv);
  for (std::size_t i = 0; i < blocks; ++i) {
    out.put(Le32(kBlockBytes));
    out.fill(kBlockBytes);
  }
}

void put_payload(Bytes& out, BzImageBuilder::Payload kind, std::size_t blocks) {
  using Payload = BzImageBuilder::Payload;
  switch (kind) {
    case Payload::kZstd:
      zstd_stream(out, blocks);
      break;
    case Payload::kLz4:
      lz4_stream(out, blocks);
      break;
    case Payload::kXz:
      out.text("\xfd\x37zXZ\x00\x00\x01"sv);
      out.fill(blocks * kBlockBytes);
      out.text("\x00\x00\x00\x00\x10\x00\x00\x00\x00\x01YZ"sv);
      break;
    case Payload::kGzip:
      out.text("\x1f\x8b\x08"sv);
      out.fill(blocks * kBlockBytes);
      break;
    case Payload::kLzo:
      out.text("\x89LZO\x00\r\n\x1a\n"sv);
      out.fill(blocks * kBlockBytes);
      out.put(Le32(0));
      break;
    case Payload::kUnknown:
      out.fill(blocks * kBlockBytes);
      break;
  }
  out.put(Le32(static_cast<std::uint32_t>(3 * blocks * kBlockBytes)));  // unpacked size
}

}  // namespace

std::vector<std::byte> BzImageBuilder::build() const {
  constexpr std::size_t kCodeBytes = 0x300;
  constexpr std::size_t kParagraph = 16;
  const std::size_t setup_size = (std::size_t{setup_sectors == 0 ? 4U : setup_sectors} + 1) * 512;
  Bytes out;
  out.all().resize(setup_size);
  out.fill(kCodeBytes);
  const std::size_t payload_at = out.all().size();
  put_payload(out, payload, payload_blocks);
  const std::size_t payload_end = out.all().size();
  out.fill(kCodeBytes);  // the decompressor's code and data
  out.pad(kParagraph);
  const std::size_t kernel_end = out.all().size();
  out.fill(signature_bytes);

  out.set(0x1f1, setup_sectors);
  out.set(0x1f4, Le32(static_cast<std::uint32_t>((kernel_end - setup_size) / kParagraph)));
  out.set(0x1fe, Le16(0xaa55));
  out.set(0x200, std::uint8_t{0xeb});
  out.set(0x201, jump);
  out.set(0x202, Le32(0x53726448));
  out.set(0x206, Le16(protocol));
  out.set(0x211, load_flags);
  out.set(0x230, Le32(kernel_alignment));
  out.set(0x234, relocatable);
  out.set(0x236, Le16(xload_flags));
  out.set(0x238, Le32(command_line_size));
  out.set(0x248, Le32(static_cast<std::uint32_t>(payload_at - setup_size)));
  out.set(0x24c, Le32(static_cast<std::uint32_t>(payload_end - payload_at)));
  out.set(0x258, Le64(preferred_address));
  out.set(0x260, Le32(init_size));
  return out.all();
}

}  // namespace kdump::test
