// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/bls_entry.h"

#include "base/text.h"
#include "config/sysconfig.h"
#include "kdumpctl/boot/boot_files.h"
#include "kdumpctl/boot/version_order.h"

#include <filesystem>

namespace kdump::boot {
namespace {

constexpr std::size_t kMostEntries = 1024;
constexpr std::size_t kLargestEntry = std::size_t{64} << 10U;
constexpr std::string_view kSuffix = ".conf";

/// The names of the specification's `architecture` key.
std::string_view efi_architecture(std::string_view machine) {
  if (machine == "x86_64") return "x64";
  if (machine == "aarch64") return "aa64";
  return machine;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

void set_key(BlsEntry& entry, std::string_view key, std::string_view value) {
  const std::string text(value);
  if (key == "title") entry.title = text;
  if (key == "version") entry.version = text;
  if (key == "machine-id") entry.machine_id = lower(value);
  if (key == "sort-key") entry.sort_key = text;
  if (key == "linux") entry.kernel = text;
  if (key == "initrd") entry.initrds.push_back(text);
  if (key == "options") entry.options += (entry.options.empty() ? "" : " ") + text;
  if (key == "efi" || key == "uki" || key == "uki-url")
    entry.other = fmt::format("{} {}", key, text);
}

Result<std::string> read_entry_file(const std::string& path) {
  if (!is_no_file(path)) return read_file(path, kLargestEntry);
  return make_error(ErrorKind::kBadData, "{}: is no regular file; remove it", path);
}

}  // namespace

void set_boot_counters(BlsEntry& entry) {
  entry.id = entry.file_name;
  const auto plus = entry.file_name.rfind('+');
  if (plus == std::string::npos) return;
  const std::string_view counters = std::string_view(entry.file_name).substr(plus + 1);
  const auto dash = counters.find('-');
  const auto left = parse_unsigned(counters.substr(0, dash));
  const auto done = dash == std::string_view::npos ? std::optional<std::uint64_t>(0)
                                                   : parse_unsigned(counters.substr(dash + 1));
  constexpr std::uint64_t kMostTries = 1'000'000;
  if (!left || !done || *left > kMostTries || *done > kMostTries) return;
  entry.tries_left = static_cast<unsigned>(*left);
  entry.tries_done = static_cast<unsigned>(*done);
  entry.id = entry.file_name.substr(0, plus);
}

Result<std::optional<BlsEntry>> parse_bls_entry(std::string_view text,
                                                const std::string& path,
                                                std::string_view machine) {
  if (text.size() > kLargestEntry) {
    return make_error(ErrorKind::kBadData,
                      "{}: is larger than {} bytes and no boot loader entry; remove it",
                      path,
                      kLargestEntry);
  }
  BlsEntry entry;
  entry.path = path;
  entry.file_name = std::filesystem::path(path).filename().string();
  if (entry.file_name.ends_with(kSuffix)) {
    entry.file_name.resize(entry.file_name.size() - kSuffix.size());
  }
  set_boot_counters(entry);
  for (const std::string_view raw : split(text, '\n')) {
    const std::string_view line = trim(raw);
    if (line.empty() || line.starts_with('#')) continue;
    const auto end = line.find_first_of(" \t");
    if (end == std::string_view::npos) continue;  // as boot loaders do
    const std::string_view key = line.substr(0, end);
    const std::string_view value = trim(line.substr(end));
    if (key == "architecture" && lower(value) != efi_architecture(machine)) {
      return std::optional<BlsEntry>();
    }
    set_key(entry, key, value);
  }
  if (entry.kernel.empty() && entry.other.empty()) {
    return make_error(
        ErrorKind::kBadData, "{}: names no kernel; add a \"linux\" line or remove the file", path);
  }
  return std::optional<BlsEntry>(std::move(entry));
}

bool before_in_menu(const BlsEntry& a, const BlsEntry& b) {
  const bool bad_a = a.tries_left == 0U;
  const bool bad_b = b.tries_left == 0U;
  if (bad_a != bad_b) return bad_b;
  if (a.sort_key.empty() != b.sort_key.empty()) return b.sort_key.empty();
  if (!a.sort_key.empty()) {
    if (a.sort_key != b.sort_key) return a.sort_key < b.sort_key;
    if (a.machine_id != b.machine_id) return a.machine_id < b.machine_id;
    if (const int r = compare_versions(a.version, b.version)) return r > 0;
  }
  if (const int r = compare_versions(a.id, b.id)) return r > 0;
  if (a.id != b.id) return a.id > b.id;
  if (a.tries_left != b.tries_left) {
    // An entry without counters has been found good.
    return !a.tries_left || (b.tries_left && *a.tries_left > *b.tries_left);
  }
  return a.tries_done < b.tries_done;
}

bool before_in_grub_menu(const BlsEntry& a, const BlsEntry& b) {
  if (const int r = compare_bls_file_names(a.file_name, b.file_name)) return r > 0;
  return a.file_name > b.file_name;
}

Result<BlsFolder> read_bls_folder(const SysRoot& root, const std::string& folder) {
  BlsFolder found;
  const auto names = root.list(folder);
  if (!names && names.error().kind == ErrorKind::kNotFound) return found;
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!name.ends_with(kSuffix) || name.starts_with('.')) continue;
    const std::string path = folder + "/" + name;
    if (found.entries.size() >= kMostEntries) {
      found.warnings.push_back(
          fmt::format("{}: more than {} entries; the rest is not read", folder, kMostEntries));
      break;
    }
    const auto text = read_entry_file(root.path(path));
    auto entry = text ? parse_bls_entry(*text, path, config::build_machine())
                      : Result<std::optional<BlsEntry>>(text.error());
    if (!entry) {
      // One bad file must not hide the others: the boot loader skips it as well.
      found.warnings.push_back(entry.error().message);
    } else if (*entry) {
      found.entries.push_back(std::move(**entry));
    }
  }
  return found;
}

}  // namespace kdump::boot
