// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/loaded_kernel.h"

#include "base/atomic_file.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <filesystem>
#include <unistd.h>

namespace kdump::ctl::reboot {
namespace {

constexpr const char* kState = "/run/kdump/next-kernel.json";
constexpr std::size_t kLargestState = std::size_t{64} << 10U;

std::string course_path(const SysRoot& root, Course course) {
  return root.path(course == Course::kCold ? "/run/kdump/cold-reboot" : "/run/kdump/jump");
}

Status write_state(const std::string& path, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) return system_error(error.value(), "cannot make the folder of {}", path);
  return write_file_atomically(path, 0644, text);
}

Status remove_state(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return system_error(errno, "cannot remove {}", path);
  }
  return {};
}

std::string text_of(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

nlohmann::json to_json(const boot::OneShot& one_shot) {
  return {{"efi", one_shot.kind == boot::OneShot::Kind::kEfiVariable},
          {"path", one_shot.path},
          {"variable", one_shot.variable}};
}

std::optional<boot::OneShot> one_shot_of(const nlohmann::json& json) {
  if (!json.is_object() || text_of(json, "path").empty()) return std::nullopt;
  const bool efi = json.value("efi", nlohmann::json()) == true;
  return boot::OneShot{
      efi ? boot::OneShot::Kind::kEfiVariable : boot::OneShot::Kind::kGrubEnvironment,
      text_of(json, "path"),
      text_of(json, "variable")};
}

}  // namespace

std::optional<LoadedKernel> read_loaded_kernel(const SysRoot& root) {
  const auto text = read_file(root.path(kState), kLargestState);
  if (!text) return std::nullopt;
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  LoadedKernel loaded;
  loaded.kernel = text_of(json, "kernel");
  loaded.command_line = text_of(json, "command_line");
  loaded.origin = text_of(json, "origin");
  loaded.system_call = text_of(json, "system_call");
  loaded.one_shot = one_shot_of(json.value("one_shot", nlohmann::json()));
  for (const auto& initrd : json.value("initrds", nlohmann::json::array())) {
    if (initrd.is_string()) loaded.initrds.push_back(initrd.get<std::string>());
  }
  return loaded;
}

Status write_loaded_kernel(const SysRoot& root,
                           const NextKernel& next,
                           const std::string& system_call) {
  nlohmann::json json = {{"kernel", next.kernel},
                         {"initrds", next.initrds},
                         {"command_line", next.command_line},
                         {"origin", next.origin},
                         {"system_call", system_call}};
  if (next.one_shot) json["one_shot"] = to_json(*next.one_shot);
  using Handler = nlohmann::json::error_handler_t;
  return write_state(root.path(kState), json.dump(2, ' ', false, Handler::replace) + "\n");
}

Status forget_loaded_kernel(const SysRoot& root) { return remove_state(root.path(kState)); }

Status set_course(const SysRoot& root, Course course) {
  return write_state(course_path(root, course), "");
}

bool has_course(const SysRoot& root, Course course) {
  return ::access(course_path(root, course).c_str(), F_OK) == 0;
}

Status clear_course(const SysRoot& root, Course course) {
  return remove_state(course_path(root, course));
}

}  // namespace kdump::ctl::reboot
