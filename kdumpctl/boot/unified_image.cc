// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/unified_image.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/pe_sections.h"
#include "config/shell_assignments.h"
#include "kdumpctl/boot/boot_files.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace kdump::boot {
namespace {

/// The section table lies behind the headers, at the front.
constexpr std::size_t kLargestHead = std::size_t{64} << 10U;
constexpr std::uint32_t kLargestText = 64U << 10U;
constexpr std::size_t kMostImages = 256;

Error not_unified(const std::string& path, std::string_view why) {
  return make_error(ErrorKind::kBadData, "{}: is no unified kernel image: {}", path, why);
}

Result<std::string> read_text(int fd, const PeSection& section, const std::string& path) {
  if (section.size > kLargestText) {
    return make_error(ErrorKind::kBadData,
                      "{}: its section {} is larger than {} bytes; build the image anew",
                      path,
                      section.name,
                      kLargestText);
  }
  std::string text(section.size, '\0');
  if (!read_exact_at(fd, std::as_writable_bytes(std::span(text)), section.offset)) {
    return not_unified(path, fmt::format("its section {} is cut off", section.name));
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
  if (is_no_file(path)) return not_unified(path, "it is no regular file");
  const Fd file = TRY(Fd::open(path, O_RDONLY));
  std::vector<std::byte> head(kLargestHead);
  head.resize(TRY(read_some(file.raw(), head)));
  const auto sections = read_pe_sections(head);
  if (!sections) return not_unified(path, sections.error().message);
  UnifiedImage image;
  bool has_linux = false;
  for (const PeSection& section : *sections) {
    has_linux = has_linux || section.name == ".linux";
    if (section.name == ".cmdline") image.command_line = TRY(read_text(file.raw(), section, path));
    if (section.name == ".uname") image.version = TRY(read_text(file.raw(), section, path));
    if (section.name == ".osrel") image.os_release = TRY(read_text(file.raw(), section, path));
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
