// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/distinct_files.h"

#include <optional>
#include <sys/stat.h>
#include <utility>

namespace kdump::capture {
namespace {

using Identity = std::pair<dev_t, ino_t>;

/// Of a file that keeps what is written to it.
std::optional<Identity> identity_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) return std::nullopt;
  return Identity{info.st_dev, info.st_ino};
}

}  // namespace

Status check_distinct(const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto identity = identity_of(outputs[i]);
    for (const std::string& input : inputs) {
      if (!identity || identity_of(input) != identity) continue;
      return make_error(ErrorKind::kUsage,
                        "{} is what is to be read ({}); give the output another name",
                        outputs[i],
                        input);
    }
    for (std::size_t j = 0; j < i; ++j) {
      const bool same_name = outputs[j] == outputs[i];
      if (!same_name && (!identity || identity_of(outputs[j]) != identity)) continue;
      return make_error(ErrorKind::kUsage, "{} and {} are the same file", outputs[j], outputs[i]);
    }
  }
  return {};
}

}  // namespace kdump::capture
