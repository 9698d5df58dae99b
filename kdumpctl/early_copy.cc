// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/early_copy.h"

#include "base/atomic_file.h"
#include "config/kernel_cmdline.h"
#include "kdumpctl/boot_id.h"
#include "kdumpctl/file_record_json.h"

#include <nlohmann/json.hpp>

#include <filesystem>

namespace kdump::ctl {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kSettings = "/etc/sysconfig/kdump";

std::string record_beside(const std::string& image) { return image + ".early"; }

Status make_folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return system_error(error.value(), "cannot create {}", folder.string());
  return {};
}

/// For root's eyes only, as an image with keys is.
Status copy_file(const SysRoot& root, const std::string& path, const std::string& folder) {
  const std::string source = root.path(TRY(root.resolve(path)));
  const std::string copy = folder + path;
  TRY(make_folder_of(copy));
  std::error_code error;
  fs::copy_file(source, copy, fs::copy_options::overwrite_existing, error);
  if (!error) fs::permissions(copy, fs::perms::owner_read | fs::perms::owner_write, error);
  if (error) return system_error(error.value(), "cannot copy {} to {}", source, copy);
  return {};
}

std::string kernel_to_copy(const CaptureKernel& target) {
  if (!target.kernel.ends_with(".efi")) return target.kernel;
  return "/lib/modules/" + target.version + "/vmlinuz";
}

Result<FileRecord> record_of_settings(const SysRoot& root) {
  if (!root.exists(kSettings)) {
    FileRecord absent;
    absent.path = kSettings;
    return absent;
  }
  return record_file(root, kSettings);
}

bool differs(const SysRoot& root, const FileRecord& record) {
  return record.sha256.empty() ? root.exists(record.path) : has_changed(root, record);
}

EarlyState judge(const SysRoot& root, const EarlyCopy& copy, const CaptureKernel& target) {
  EarlyState state;
  for (const FileRecord* file : {&copy.kernel, &copy.image, &copy.settings}) {
    if (differs(root, *file)) state.changed.push_back(file->path);
  }
  if (copy.kernel.path != kernel_to_copy(target)) state.changed.push_back(kernel_to_copy(target));
  if (copy.image.path != target.image) state.changed.push_back(target.image);
  state.kind = state.changed.empty() ? EarlyState::Kind::kCurrent : EarlyState::Kind::kStale;
  return state;
}

std::string remedy_of(const SysRoot& root, EarlyState::Kind kind) {
  const bool missing = kind == EarlyState::Kind::kNone;
  for (const char* dracut : {"/usr/bin/dracut", "/usr/sbin/dracut"}) {
    if (!root.exists(dracut)) continue;
    return missing ? "Run \"dracut -f --add earlykdump\"" : "Run \"dracut -f\"";
  }
  return missing ? "Write EARLYKDUMP=y to /etc/initramfs-tools/conf.d/earlykdump and run "
                   "\"update-initramfs -u\""
                 : "Run \"update-initramfs -u\"";
}

}  // namespace

Status make_early_copy(const SysRoot& root,
                       const CaptureKernel& target,
                       const std::string& folder) {
  if (!root.exists(kernel_to_copy(target))) {
    return make_error(ErrorKind::kNotFound,
                      "there is no {}; an initramfs cannot hold {}",
                      root.path(kernel_to_copy(target)),
                      root.path(target.kernel));
  }
  EarlyCopy copy;
  copy.kernel_version = target.version;
  copy.boot_id = TRY(read_boot_id(root));
  copy.kernel = TRY(record_file(root, kernel_to_copy(target)));
  copy.image = TRY(record_file(root, target.image));
  copy.settings = TRY(record_of_settings(root));
  for (const FileRecord* file : {&copy.kernel, &copy.image, &copy.settings}) {
    if (!file->sha256.empty()) TRY(copy_file(root, file->path, folder));
  }
  TRY(write_early_copy(SysRoot(folder), kEarlyCopyInInitramfs, copy));
  return write_early_copy(root, record_beside(target.image), copy);
}

Result<std::optional<EarlyCopy>> read_early_copy(const SysRoot& root, const std::string& path) {
  const auto text = root.read(path);
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::optional<EarlyCopy>{};
  if (!text) return text.error();
  // The library reports by exceptions; they end here.
  try {
    const Json json = Json::parse(*text);
    EarlyCopy copy;
    copy.kernel_version = json.at("kernel_version").get<std::string>();
    copy.boot_id = json.at("boot_id").get<std::string>();
    copy.kernel = file_record_from(json.at("kernel"));
    copy.image = file_record_from(json.at("image"));
    copy.settings = file_record_from(json.at("settings"));
    return std::optional(std::move(copy));
  } catch (const nlohmann::json::exception& error) {
    return make_error(
        ErrorKind::kBadData, "{}: {}; make the initramfs again", root.path(path), error.what());
  }
}

Status write_early_copy(const SysRoot& root, const std::string& path, const EarlyCopy& copy) {
  const Json json = {{"kernel_version", copy.kernel_version},
                     {"boot_id", copy.boot_id},
                     {"kernel", to_json(copy.kernel)},
                     {"image", to_json(copy.image)},
                     {"settings", to_json(copy.settings)}};
  TRY(make_folder_of(root.path(path)));
  return write_file_atomically(root.path(path), 0644, json.dump(2) + "\n");
}

bool wants_early_load(const SysRoot& root) {
  const auto text = root.read("/proc/cmdline");
  if (!text) return false;
  const auto line = config::KernelCommandLine::parse(*text);
  const config::CmdlineParameter* word = line.find("rd.earlykdump");
  if (word == nullptr) return false;
  // What dracut's getargbool takes for no.
  return word->value != "0" && word->value != "no" && word->value != "off";
}

Result<std::optional<EarlyState>> early_state(const SysRoot& root, const CaptureKernel& target) {
  if (!wants_early_load(root)) return std::optional<EarlyState>{};
  auto copy = TRY(read_early_copy(root, record_beside(target.image)));
  const std::string boot_id = TRY(read_boot_id(root));
  // One that was made before and has not booted went into another file, or its making failed.
  if (!copy || copy->boot_id != boot_id) copy = TRY(read_early_copy(root, kEarlyCopyOfThisBoot));
  EarlyState state;
  if (copy) state = judge(root, *copy, target);
  if (state.kind != EarlyState::Kind::kCurrent) state.remedy = remedy_of(root, state.kind);
  return std::optional(std::move(state));
}

const char* to_string(EarlyState::Kind kind) {
  switch (kind) {
    case EarlyState::Kind::kCurrent:
      return "current";
    case EarlyState::Kind::kStale:
      return "stale";
    case EarlyState::Kind::kNone:
      break;
  }
  return "none";
}

std::string text_of(const EarlyState& early) {
  switch (early.kind) {
    case EarlyState::Kind::kCurrent:
      return "the copy in the initramfs is current";
    case EarlyState::Kind::kStale:
      return fmt::format("the copy in the initramfs is out of date: {}",
                         fmt::join(early.changed, ", "));
    case EarlyState::Kind::kNone:
      break;
  }
  return "rd.earlykdump is on the kernel command line, but the initramfs has no panic kernel";
}

}  // namespace kdump::ctl
