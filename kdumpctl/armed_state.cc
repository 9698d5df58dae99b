// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/armed_state.h"

#include "base/atomic_file.h"
#include "kdumpctl/boot_id.h"
#include "kdumpctl/file_record_json.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <filesystem>

namespace kdump::ctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFolder = "/run/kdump";
constexpr const char* kFile = "/run/kdump/armed.json";
/// Not the same one: udev's rules see by that one that kdump.service has loaded.
constexpr const char* kFileOfInitramfs = "/run/kdump/armed-early.json";

const char* file_of(bool early) { return early ? kFileOfInitramfs : kFile; }

Json to_json(const KexecOptions& options) {
  return {{"efi_runtime", options.efi_runtime},
          {"lowest_address", options.lowest_address},
          {"end_address", options.end_address},
          {"syscall", static_cast<int>(options.syscall)},
          {"only_kexec_load", options.only_kexec_load}};
}

KexecOptions kexec_options(const Json& json) {
  KexecOptions options;
  options.efi_runtime = json.at("efi_runtime").get<bool>();
  options.lowest_address = json.at("lowest_address").get<std::uint64_t>();
  options.end_address = json.at("end_address").get<std::uint64_t>();
  options.syscall = static_cast<kexec::SyscallWish>(json.at("syscall").get<int>());
  options.only_kexec_load = json.at("only_kexec_load").get<std::string>();
  return options;
}

ArmedState armed_state(const Json& json) {
  ArmedState state;
  state.kernel_version = json.at("kernel_version").get<std::string>();
  state.kernel = file_record_from(json.at("kernel"));
  state.image = file_record_from(json.at("image"));
  state.command_line = json.at("command_line").get<std::string>();
  state.options = kexec_options(json.at("options"));
  state.syscall = json.at("syscall").get<std::string>() == to_string(kexec::Syscall::kLoad)
                      ? kexec::Syscall::kLoad
                      : kexec::Syscall::kFileLoad;
  state.reason = json.at("reason").get<std::string>();
  // A record of an older version has none of these.
  state.volume_keys = json.value("volume_keys", std::vector<std::string>{});
  state.need_bytes = json.value("need_bytes", std::uint64_t{0});
  for (const Json& segment : json.at("segments")) {
    state.segments.push_back({.name = segment.at("name").get<std::string>(),
                              .address = segment.at("address").get<std::uint64_t>(),
                              .size = segment.at("size").get<std::uint64_t>()});
  }
  return state;
}

}  // namespace

Result<std::optional<ArmedState>> read_armed_state(const SysRoot& root) {
  const bool early = !root.exists(kFile);
  const auto text = root.read(file_of(early));
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::optional<ArmedState>{};
  if (!text) return text.error();
  const std::string boot_id = TRY(read_boot_id(root));
  // The library reports by exceptions; they end here.
  try {
    const Json json = Json::parse(*text);
    if (json.at("boot_id").get<std::string>() != boot_id) return std::optional<ArmedState>{};
    ArmedState state = armed_state(json);
    state.early = early;
    return std::optional(std::move(state));
  } catch (const nlohmann::json::exception& error) {
    return make_error(ErrorKind::kBadData,
                      "{}: {}; load the panic kernel again (kdumpctl reload)",
                      root.path(file_of(early)),
                      error.what());
  }
}

Status write_armed_state(const SysRoot& root, const ArmedState& state) {
  Json segments = Json::array();
  for (const ArmedSegment& segment : state.segments) {
    segments.push_back(
        {{"name", segment.name}, {"address", segment.address}, {"size", segment.size}});
  }
  const std::string boot_id = TRY(read_boot_id(root));
  const Json json = {{"boot_id", boot_id},
                     {"kernel_version", state.kernel_version},
                     {"kernel", to_json(state.kernel)},
                     {"image", to_json(state.image)},
                     {"command_line", state.command_line},
                     {"options", to_json(state.options)},
                     {"volume_keys", state.volume_keys},
                     {"syscall", to_string(state.syscall)},
                     {"reason", state.reason},
                     {"need_bytes", state.need_bytes},
                     {"segments", segments}};
  std::error_code error;
  std::filesystem::create_directories(root.path(kFolder), error);
  if (error) return system_error(error.value(), "cannot create {}", root.path(kFolder));
  // A command line need not be UTF-8.
  const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  return write_file_atomically(root.path(file_of(state.early)), 0644, text);
}

Status remove_armed_state(const SysRoot& root) {
  std::error_code error;
  for (const char* file : {kFile, kFileOfInitramfs}) {
    std::filesystem::remove(root.path(file), error);
    if (error) return system_error(error.value(), "cannot remove {}", root.path(file));
  }
  return {};
}

}  // namespace kdump::ctl
