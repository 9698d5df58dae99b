// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/last_good.h"

#include <filesystem>

namespace kdump::ctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "/var/lib/kdump/armed";

std::string kept_path(const char* name) { return std::string(kFolder) + "/" + name; }

/// A link keeps the content when the file is replaced by another of its name, as package managers
/// and mkdumprd do it.
Status keep(const SysRoot& root, const FileRecord& record, const char* name) {
  const std::string kept = root.path(kept_path(name));
  if (root.path(record.path) == kept) return {};
  const fs::path incoming = kept + ".new";
  const std::string file = root.path(TRY(root.resolve(record.path)));
  std::error_code error;
  fs::remove(incoming, error);
  fs::create_hard_link(file, incoming, error);
  if (error) fs::copy_file(file, incoming, error);
  if (!error) fs::rename(incoming, kept, error);
  if (error) return system_error(error.value(), "cannot keep {} as {}", record.path, kept);
  return {};
}

/// The file itself when it is still what was loaded, else the kept one.
Result<std::string> find(const SysRoot& root, const FileRecord& record, const char* name) {
  for (const std::string& path : {record.path, kept_path(name)}) {
    if (holds_content_of(root.path(path), record)) return path;
  }
  return make_error(ErrorKind::kNotFound,
                    "{} has changed since it was loaded, and {} does not hold it",
                    record.path,
                    kept_path(name));
}

}  // namespace

Status remember_armed(const SysRoot& root, const ArmedState& state) {
  // Between the two the record would describe other files than the kept ones.
  TRY(remove_armed_state(root));
  std::error_code error;
  fs::create_directories(root.path(kFolder), error);
  if (error) return system_error(error.value(), "cannot create {}", root.path(kFolder));
  const auto kept_kernel = keep(root, state.kernel, "kernel");
  const auto kept_image = keep(root, state.image, "image");
  TRY(write_armed_state(root, state));
  TRY(kept_kernel);
  return kept_image;
}

Status forget_armed(const SysRoot& root) {
  TRY(remove_armed_state(root));
  std::error_code error;
  for (const char* name : {"kernel", "image"}) {
    fs::remove(root.path(kept_path(name)), error);
    if (error) return system_error(error.value(), "cannot remove {}", root.path(kept_path(name)));
  }
  return {};
}

Result<LoadOrder> last_good_order(const SysRoot& root) {
  const auto state = TRY(read_armed_state(root));
  if (!state) {
    return make_error(ErrorKind::kNotFound,
                      "what was loaded before is unknown: kdumpctl has not loaded it");
  }
  // Not inside the braces: g++ 12 leaks the members made before when TRY returns from there.
  const auto kernel = TRY(find(root, state->kernel, "kernel"));
  const auto image = TRY(find(root, state->image, "image"));
  return LoadOrder{.kernel_version = state->kernel_version,
                   .kernel = kernel,
                   .image = image,
                   .command_line = state->command_line,
                   .options = state->options,
                   .volume_keys = state->volume_keys};
}

}  // namespace kdump::ctl
