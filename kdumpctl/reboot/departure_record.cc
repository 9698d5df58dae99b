// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/departure_record.h"

#include "base/atomic_file.h"
#include "base/text.h"
#include "kdumpctl/boot_id.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <unistd.h>

namespace kdump::ctl::reboot {
namespace {

constexpr const char* kRecord = "/var/lib/kdump/fast-reboot.json";
constexpr std::size_t kLargestRecord = std::size_t{64} << 10U;
constexpr unsigned kKexecLoaderType = 0xd;

std::string text_of(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Result<std::optional<Departure>> read_departure(const SysRoot& root) {
  const auto text = read_file(root.path(kRecord), kLargestRecord);
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::optional<Departure>();
  if (!text) return text.error();
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  Departure departure;
  if (json.is_object()) {
    departure.boot_id = text_of(json, "boot_id");
    departure.kernel = text_of(json, "kernel");
    departure.at = text_of(json, "at");
    departure.lost = json.value("lost", nlohmann::json()) == true;
  }
  if (departure.boot_id.empty()) {
    return make_error(ErrorKind::kBadData,
                      "{}: is damaged, so it is unknown whether the last fast reboot came up; "
                      "remove it, or say --retry",
                      root.path(kRecord));
  }
  return std::optional<Departure>(std::move(departure));
}

Status write_departure(const SysRoot& root, const Departure& departure) {
  const std::string path = root.path(kRecord);
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) return system_error(error.value(), "cannot make the folder of {}", path);
  const nlohmann::json json = {{"boot_id", departure.boot_id},
                               {"kernel", departure.kernel},
                               {"at", departure.at},
                               {"lost", departure.lost}};
  // A path need not be UTF-8; what is not becomes a replacement character.
  using Handler = nlohmann::json::error_handler_t;
  return write_file_atomically(path, 0644, json.dump(2, ' ', false, Handler::replace) + "\n");
}

Status forget_departure(const SysRoot& root) {
  const std::string path = root.path(kRecord);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return system_error(errno, "cannot remove {}", path);
  }
  return {};
}

Result<Departure> departure_now(const SysRoot& root, const std::string& kernel) {
  Departure departure;
  departure.boot_id = TRY(read_boot_id(root));
  departure.kernel = kernel;
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  std::string text(sizeof("2026-11-23 09:00:00"), '\0');
  if (::gmtime_r(&now, &parts) != nullptr) {
    text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts));
    departure.at = text;
  }
  return departure;
}

std::optional<bool> booted_by_kexec(const SysRoot& root) {
  if (root.exists("/proc/device-tree/chosen/linux,booted-from-kexec")) return true;
  const auto text = root.read_value("/proc/sys/kernel/bootloader_type");
  const auto type = text ? parse_unsigned(*text) : std::nullopt;
  if (!type) return std::nullopt;
  return (*type >> 4U) == kKexecLoaderType;
}

Result<Arrival> note_arrival(const SysRoot& root) {
  auto departure = TRY(read_departure(root));
  if (!departure || departure->lost) return Arrival::kNone;
  if (departure->boot_id == TRY(read_boot_id(root))) return Arrival::kNone;  // not left yet
  // A kernel that does not say how it was booted must not make each fast reboot look lost.
  if (booted_by_kexec(root).value_or(true)) {
    TRY(forget_departure(root));
    return Arrival::kCameUp;
  }
  departure->lost = true;
  TRY(write_departure(root, *departure));
  return Arrival::kLost;
}

}  // namespace kdump::ctl::reboot
