// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/unified_image.h"

#include "base/byte_reader.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/packed_int.h"
#include "config/shell_assignments.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace kdump::boot {
namespace {

// Microsoft, "PE Format": the DOS header's e_lfanew, the COFF header, the section table.
constexpr std::uint64_t kPeOffset = 0x3c;
struct CoffHeader {
  std::array<char, 4> signature;
  Le16 machine;
  Le16 sections;
  Le32 time;
  Le32 symbols;
  Le32 symbol_count;
  Le16 optional_size;
  Le16 characteristics;
};
static_assert(sizeof(CoffHeader) == 24);
struct SectionHeader {
  std::array<char, 8> name;
  Le32 virtual_size;
  Le32 virtual_address;
  Le32 raw_size;
  Le32 raw_offset;
  std::array<std::byte, 16> rest;
};
static_assert(sizeof(SectionHeader) == 40);

constexpr unsigned kMostSections = 96;  // the format's own limit
constexpr std::uint32_t kLargestText = 64U << 10U;
constexpr std::size_t kMostImages = 256;

template <typename T>
Result<T> read_at(int fd, std::uint64_t offset) {
  T value;
  TRY(read_exact_at(fd, std::as_writable_bytes(std::span(&value, 1)), offset));
  return value;
}

std::string_view name_of(const SectionHeader& section) {
  const std::string_view name(section.name.data(), section.name.size());
  return name.substr(0, name.find('\0'));
}

Error not_unified(const std::string& path, std::string_view why) {
  return make_error(ErrorKind::kBadData, "{}: is no unified kernel image: {}", path, why);
}

Result<std::string> read_text(int fd, const SectionHeader& section, const std::string& path) {
  const std::uint32_t size = std::min<std::uint32_t>(section.virtual_size, section.raw_size);
  if (size > kLargestText) {
    return make_error(ErrorKind::kBadData,
                      "{}: its section {} is larger than {} bytes; build the image anew",
                      path,
                      name_of(section),
                      kLargestText);
  }
  std::string text(size, '\0');
  if (!read_exact_at(fd, std::as_writable_bytes(std::span(text)), section.raw_offset)) {
    return not_unified(path, fmt::format("its section {} is cut off", name_of(section)));
  }
  text.resize(std::min(text.find('\0'), text.size()));
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

/// The first of these variables that is set.
std::string first_of(const config::ShellAssignments& release,
                     std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    for (const config::ShellAssignment& row : release.assignments) {
      if (row.name == name && !row.value.empty()) return row.value;
    }
  }
  return "";
}

}  // namespace

Result<UnifiedImage> read_unified_image(const std::string& path) {
  const Fd file = TRY(Fd::open(path, O_RDONLY));
  const auto dos = read_at<std::array<char, 2>>(file.raw(), 0);
  if (!dos || *dos != std::array<char, 2>{'M', 'Z'}) return not_unified(path, "it is no PE file");
  const auto at = read_at<Le32>(file.raw(), kPeOffset);
  const auto header = at ? read_at<CoffHeader>(file.raw(), *at) : Result<CoffHeader>(at.error());
  if (!header || header->signature != std::array<char, 4>{'P', 'E', '\0', '\0'} ||
      header->sections > kMostSections) {
    return not_unified(path, "its PE header is damaged");
  }
  UnifiedImage image;
  bool has_linux = false;
  std::uint64_t offset = std::uint64_t{*at} + sizeof(CoffHeader) + header->optional_size;
  for (unsigned i = 0; i < header->sections; ++i, offset += sizeof(SectionHeader)) {
    const auto section = read_at<SectionHeader>(file.raw(), offset);
    if (!section) return not_unified(path, "its section table is cut off");
    const std::string_view name = name_of(*section);
    has_linux = has_linux || name == ".linux";
    if (name == ".cmdline") image.command_line = TRY(read_text(file.raw(), *section, path));
    if (name == ".uname") image.version = TRY(read_text(file.raw(), *section, path));
    if (name == ".osrel") image.os_release = TRY(read_text(file.raw(), *section, path));
  }
  if (!has_linux) return not_unified(path, "it has no .linux section");
  return image;
}

BlsEntry unified_entry(const UnifiedImage& image, const std::string& path) {
  BlsEntry entry;
  entry.path = path;
  entry.kernel = path;
  entry.unified = true;
  entry.file_name = std::filesystem::path(path).stem().string();
  set_boot_counters(entry);
  const auto release = config::parse_shell_assignments(image.os_release, path);
  entry.title = first_of(release, {"PRETTY_NAME", "NAME", "ID"});
  entry.sort_key = first_of(release, {"IMAGE_ID", "ID"});
  entry.version = first_of(release, {"IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID"});
  if (entry.version.empty()) entry.version = image.version;
  entry.options = image.command_line;
  return entry;
}

Status add_unified_images(const SysRoot& root, const std::string& folder, BlsFolder& found) {
  const auto names = root.list(folder);
  if (!names && names.error().kind == ErrorKind::kNotFound) return {};
  if (!names) return names.error();
  std::size_t images = 0;
  for (const std::string& name : *names) {
    if (!name.ends_with(".efi")) continue;
    if (++images > kMostImages) {
      found.warnings.push_back(
          fmt::format("{}: more than {} images; the rest is not read", folder, kMostImages));
      break;
    }
    const std::string path = folder + "/" + name;
    const auto image = read_unified_image(root.path(path));
    if (image) {
      found.entries.push_back(unified_entry(*image, path));
    } else {
      found.warnings.push_back(image.error().message);
    }
  }
  return {};
}

}  // namespace kdump::boot
