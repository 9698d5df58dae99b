// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/own_programs.h"

#include "mkdumprd/host_path.h"

#include <filesystem>

namespace kdump::mkdumprd {
namespace {

/// The folder of this program, or "" where /proc is not mounted.
std::string own_folder() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : program.parent_path().string();
}

Result<std::string> find_one(const SysRoot& root,
                             const std::string& chosen,
                             const std::string& from_own_folder,
                             const std::string& installed,
                             const char* option) {
  if (!chosen.empty()) return root.resolve(std::filesystem::absolute(chosen).string());
  const std::string folder = root.is_host() ? own_folder() : std::string();
  if (!folder.empty()) {
    const auto beside = std::filesystem::path(folder + "/" + from_own_folder).lexically_normal();
    if (auto found = root.resolve(beside.string())) return found;
  }
  if (auto found = root.resolve(installed)) return found;
  return make_error(ErrorKind::kNotFound,
                    "there is no {}. Install the whole toolkit, or name the program with {}",
                    root.path(installed),
                    option);
}

}  // namespace

Result<OwnPrograms> find_own_programs(const SysRoot& root,
                                      const std::string& agent,
                                      const std::string& collector) {
  OwnPrograms out;
  out.agent = TRY(find_one(root, agent, KDUMP_AGENT_FROM_SBIN, KDUMP_AGENT_PATH, "--agent"));
  out.collector = TRY(
      find_one(root, collector, KDUMP_COLLECTOR_FROM_SBIN, KDUMP_COLLECTOR_PATH, "--collector"));
  return out;
}

Result<std::string> find_beside_agent(const SysRoot& root,
                                      const OwnPrograms& own,
                                      const std::string& name) {
  auto found = root.resolve(join(parent_of(own.agent), name));
  if (found) return found;
  return make_error(ErrorKind::kNotFound,
                    "there is no {} beside {}, which this dump target needs. Install the whole "
                    "toolkit",
                    name,
                    root.path(own.agent));
}

}  // namespace kdump::mkdumprd
