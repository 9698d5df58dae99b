// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/file_record_json.h"

#include <nlohmann/json.hpp>

namespace kdump::ctl {

nlohmann::ordered_json to_json(const FileRecord& record) {
  return {{"path", record.path},
          {"size", record.size},
          {"modified", record.modified},
          {"sha256", record.sha256}};
}

FileRecord file_record_from(const nlohmann::ordered_json& json) {
  return {.path = json.at("path").get<std::string>(),
          .size = json.at("size").get<std::uint64_t>(),
          .modified = json.at("modified").get<std::int64_t>(),
          .sha256 = json.at("sha256").get<std::string>()};
}

}  // namespace kdump::ctl
