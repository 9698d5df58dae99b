// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/x86/bzimage.h"

#include "base/byte_reader.h"
#include "base/packed_int.h"
#include "kdumpctl/kexec/compressed_payload.h"

#include <bit>

namespace kdump::kexec::x86 {
namespace {

constexpr std::uint64_t kSectorSize = 512;
constexpr std::uint64_t kHeaderStart = 0x1f1;
constexpr std::uint64_t kHeaderMax = 0x290;         // where boot_params continues with other fields
constexpr std::uint32_t kHeaderMagic = 0x53726448;  // "HdrS"
constexpr std::uint16_t kBootFlag = 0xaa55;
constexpr std::uint16_t kProtocol64Bit = 0x020c;  // 2.12, Linux 3.8: 64-bit entry and xloadflags
constexpr std::uint8_t kLoadedHigh = 0x01;

constexpr std::uint16_t kXlfKernel64 = 1U << 0U;
constexpr std::uint16_t kXlfAbove4G = 1U << 1U;
constexpr std::uint16_t kXlfEfiKexec = 1U << 4U;
constexpr std::uint16_t kXlf5Level = 1U << 5U;

constexpr std::uint64_t kMinAlignment = 4096;
constexpr std::uint64_t kMaxAlignment = std::uint64_t{1} << 30U;

// The fields of the header that matter here, as they lie in the file.
struct RawHeader {
  std::uint8_t setup_sectors = 0;
  std::uint32_t system_size = 0;  // in paragraphs of 16 bytes
  std::uint8_t jump = 0;
  std::uint16_t protocol = 0;
  std::uint8_t load_flags = 0;
  std::uint32_t alignment = 0;
  std::uint8_t relocatable = 0;
  std::uint16_t xload_flags = 0;
  std::uint32_t command_line_size = 0;
  std::uint32_t payload_offset = 0;
  std::uint32_t payload_length = 0;
  std::uint64_t preferred_address = 0;
  std::uint32_t init_size = 0;
};

Error truncated(const std::string& name, std::uint64_t needed, std::uint64_t size) {
  return make_error(ErrorKind::kBadData,
                    "{}: truncated: the kernel has {} bytes, the file only {}; reinstall the "
                    "kernel package",
                    name,
                    needed,
                    size);
}

// Reads out the fields; the file is at least kHeaderMax long.
RawHeader read_header(const ByteReader& file) {
  return {.setup_sectors = *file.read<std::uint8_t>(0x1f1),
          .system_size = *file.read<Le32>(0x1f4),
          .jump = *file.read<std::uint8_t>(0x201),
          .protocol = *file.read<Le16>(0x206),
          .load_flags = *file.read<std::uint8_t>(0x211),
          .alignment = *file.read<Le32>(0x230),
          .relocatable = *file.read<std::uint8_t>(0x234),
          .xload_flags = *file.read<Le16>(0x236),
          .command_line_size = *file.read<Le32>(0x238),
          .payload_offset = *file.read<Le32>(0x248),
          .payload_length = *file.read<Le32>(0x24c),
          .preferred_address = *file.read<Le64>(0x258),
          .init_size = *file.read<Le32>(0x260)};
}

Status check_kind(const RawHeader& raw, const std::string& name) {
  const auto unsupported = [&](std::string_view what) {
    return make_error(
        ErrorKind::kUnsupported, "{}: {}; a 64-bit relocatable kernel is needed", name, what);
  };
  if (raw.protocol < kProtocol64Bit) {
    return unsupported(fmt::format(
        "its boot protocol {}.{:02} is older than 2.12", raw.protocol >> 8U, raw.protocol & 0xffU));
  }
  if ((raw.load_flags & kLoadedHigh) == 0) return unsupported("a zImage that loads below 1 MiB");
  if ((raw.xload_flags & kXlfKernel64) == 0) return unsupported("a 32-bit kernel");
  if ((raw.xload_flags & kXlfAbove4G) == 0) {
    return unsupported("it takes no initrd or command line above 4 GiB");
  }
  if (raw.relocatable == 0) {
    return unsupported("not relocatable (built without CONFIG_RELOCATABLE)");
  }
  return {};
}

Status check_numbers(const RawHeader& raw, const SetupHeader& setup, const std::string& name) {
  const auto damaged = [&](std::string_view field, std::uint64_t value) {
    return make_error(ErrorKind::kBadData,
                      "{}: damaged boot header: {} is {:#x}; reinstall the kernel package",
                      name,
                      field,
                      value);
  };
  if (!std::has_single_bit(setup.kernel_alignment) || setup.kernel_alignment < kMinAlignment ||
      setup.kernel_alignment > kMaxAlignment) {
    return damaged("kernel_alignment", setup.kernel_alignment);
  }
  constexpr std::uint64_t kLastField = 0x264;  // init_size, the last one used here, ends there
  if (setup.header_end < kLastField || setup.header_end > kHeaderMax) {
    return damaged("its length", setup.header_end - kHeaderStart);
  }
  if (raw.command_line_size == 0) return damaged("cmdline_size", 0);
  if (raw.system_size == 0) return damaged("syssize", 0);
  if (setup.init_size < setup.kernel_end - setup.setup_size) {
    return damaged("init_size", setup.init_size);
  }
  return {};
}

}  // namespace

Result<SetupHeader> parse_bzimage(std::span<const std::byte> file, const std::string& name) {
  const ByteReader reader(file);
  const auto boot_flag = reader.read<Le16>(0x1fe);
  const auto magic = reader.read<Le32>(0x202);
  if (!boot_flag || *boot_flag != kBootFlag || !magic || *magic != kHeaderMagic) {
    return make_error(ErrorKind::kBadData, "{}: not a bzImage", name);
  }
  if (file.size() < kHeaderMax) return truncated(name, kHeaderMax, file.size());
  const RawHeader raw = read_header(reader);
  TRY(check_kind(raw, name));

  constexpr std::uint64_t kDefaultSectors = 4;  // what 0 means, boot.rst
  constexpr std::uint64_t kParagraph = 16;
  const std::uint64_t sectors = raw.setup_sectors == 0 ? kDefaultSectors : raw.setup_sectors;
  SetupHeader setup{.protocol = raw.protocol,
                    .setup_size = (sectors + 1) * kSectorSize,
                    .header_end = 0x202 + std::uint64_t{raw.jump},
                    .kernel_end = 0,
                    .kernel_alignment = raw.alignment,
                    .preferred_address = raw.preferred_address,
                    .init_size = raw.init_size,
                    .command_line_max = raw.command_line_size,
                    .efi_kexec = (raw.xload_flags & kXlfEfiKexec) != 0,
                    .five_level_paging = (raw.xload_flags & kXlf5Level) != 0,
                    .compression = {}};
  setup.kernel_end = setup.setup_size + raw.system_size * kParagraph;
  TRY(check_numbers(raw, setup, name));
  if (file.size() < setup.kernel_end) return truncated(name, setup.kernel_end, file.size());

  const auto payload = reader.slice(setup.setup_size + raw.payload_offset, raw.payload_length);
  if (!payload) {
    return truncated(name, setup.setup_size + raw.payload_offset + raw.payload_length, file.size());
  }
  auto checked = check_payload(*payload);
  if (!checked) {
    checked.error().message += "; reinstall the kernel package";
    return std::move(checked).error().with_context(name);
  }
  if (checked->unpacked_size < payload->size() / 2 || checked->unpacked_size > setup.init_size) {
    return make_error(ErrorKind::kBadData,
                      "{}: damaged: the kernel would unpack to {} bytes; reinstall the kernel "
                      "package",
                      name,
                      checked->unpacked_size);
  }
  setup.compression = checked->compression;
  return setup;
}

}  // namespace kdump::kexec::x86
