// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/image_files.h"

#include "base/atomic_file.h"
#include "base/text.h"
#include "mkdumprd/host_path.h"
#include "mkdumprd/image_reader.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump::mkdumprd {
namespace {

constexpr std::size_t kLimit = std::size_t{256} << 20U;

Result<std::string> read_content(archive* reader, const std::string& image) {
  std::string out;
  std::array<char, std::size_t{64} << 10U> buffer{};
  while (true) {
    const la_ssize_t got = archive_read_data(reader, buffer.data(), buffer.size());
    if (got == 0) return out;
    if (got < 0) return archive_error(reader, image);
    if (out.size() + static_cast<std::size_t>(got) > kLimit) {
      return make_error(ErrorKind::kBadData, "{}: a file of more than 256 MiB", image);
    }
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

std::string_view name_of_entry(archive_entry* entry) {
  const char* name = archive_entry_pathname(entry);
  return name == nullptr ? std::string_view() : std::string_view(name);
}

std::string_view without_slash(std::string_view name) {
  while (name.starts_with('/')) name.remove_prefix(1);
  return name;
}

/// The place below `folder`; nothing leads out of it.
Result<std::string> place(const std::string& folder, std::string_view name) {
  for (const std::string_view part : split(name, '/')) {
    if (part == "..") return make_error(ErrorKind::kBadData, "an entry leads out of the image");
  }
  std::string path = folder;
  for (const std::string_view part : split(name, '/')) {
    if (part.empty()) continue;
    std::error_code error;
    if (std::filesystem::is_symlink(path, error)) {
      return make_error(ErrorKind::kBadData, "an entry lies behind the link {}", path);
    }
    path = join(path, part);
  }
  return path;
}

Status unpack_one(archive* reader,
                  archive_entry* entry,
                  const std::string& image,
                  const std::string& folder) {
  const std::string path = TRY(place(folder, name_of_entry(entry)));
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) return system_error(error.value(), "cannot create the folder of {}", path);
  const mode_t mode = archive_entry_mode(entry);
  if (S_ISDIR(mode)) {
    std::filesystem::create_directories(path, error);
    if (error) return system_error(error.value(), "cannot create {}", path);
  } else if (S_ISLNK(mode)) {
    const char* target = archive_entry_symlink(entry);
    if (target == nullptr || ::symlink(target, path.c_str()) != 0) {
      return system_error(errno, "cannot create {}", path);
    }
  } else if (S_ISREG(mode)) {
    return write_file_atomically(path, mode & 0700U, TRY(read_content(reader, image)));
  }
  return {};
}

}  // namespace

Result<std::string> read_image_file(const std::string& image, std::string_view name) {
  std::string content;
  bool found = false;
  TRY(each_image_entry(image, [&](archive* reader, archive_entry* entry) -> Result<bool> {
    if (without_slash(name_of_entry(entry)) != without_slash(name)) return true;
    if (!S_ISREG(archive_entry_mode(entry))) return true;
    content = TRY(read_content(reader, image));
    found = true;
    return false;
  }));
  if (found) return content;
  return make_error(ErrorKind::kNotFound,
                    "{} has no file {}. \"mkdumprd list\" shows what it has",
                    image,
                    escape_control(name));
}

Result<ImageContent> read_image(const std::string& image) {
  ImageContent out;
  TRY(each_image_entry(image, [&](archive* reader, archive_entry* entry) -> Result<bool> {
    const char* target = archive_entry_symlink(entry);
    ImageFile file;
    file.mode = archive_entry_mode(entry);
    if (target != nullptr) file.link_target = target;
    if (S_ISREG(file.mode)) file.content = TRY(read_content(reader, image));
    out[std::string(without_slash(name_of_entry(entry)))] = std::move(file);
    return true;
  }));
  return out;
}

Status unpack_image(const std::string& image, const std::string& folder) {
  return each_image_entry(image, [&](archive* reader, archive_entry* entry) -> Result<bool> {
    TRY(unpack_one(reader, entry, image, folder));
    return true;
  });
}

}  // namespace kdump::mkdumprd
