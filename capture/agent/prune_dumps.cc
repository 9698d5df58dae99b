// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/prune_dumps.h"

#include "config/dump_name.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace kdump::agent {

namespace fs = std::filesystem;

Result<std::vector<std::string>> list_old_dumps(const std::string& new_dump,
                                                const std::string& host) {
  const fs::path folder = fs::path(new_dump).parent_path();
  const std::string own_name = fs::path(new_dump).filename().string();
  std::error_code error;
  std::vector<std::pair<std::string, std::string>> dumps;  // date, name
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const std::string date = config::dump_date_of(name);
    // "web-01-DATE" is no dump of the host "web".
    const bool is_ours = name != own_name && !date.empty() && name.starts_with(host + "-") &&
                         config::dump_date_of("x" + name.substr(host.size())) == date &&
                         name.size() == host.size() + 1 + date.size();
    if (is_ours && fs::is_directory(at->symlink_status(error))) dumps.emplace_back(date, name);
  }
  if (error) return system_error(error.value(), "cannot list {}", folder.string());
  std::sort(dumps.begin(), dumps.end());
  std::vector<std::string> names;
  names.reserve(dumps.size());
  for (auto& [date, name] : dumps) names.push_back(std::move(name));
  return names;
}

Result<std::vector<std::string>> prune_dumps(const std::string& new_dump,
                                             const std::string& host,
                                             std::size_t keep) {
  const std::vector<std::string> dumps = TRY(list_old_dumps(new_dump, host));
  std::error_code error;
  std::vector<std::string> removed;
  while (dumps.size() - removed.size() + 1 > keep && removed.size() < dumps.size()) {
    const std::string& name = dumps[removed.size()];
    const fs::path path = fs::path(new_dump).parent_path() / name;
    fs::remove_all(path, error);
    if (error) return system_error(error.value(), "cannot remove {}", path.string());
    removed.push_back(name);
  }
  return removed;
}

}  // namespace kdump::agent
