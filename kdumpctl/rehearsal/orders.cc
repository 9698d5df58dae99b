// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/rehearsal/orders.h"

#include <nlohmann/json.hpp>

namespace kdump::ctl::rehearsal {

using Json = nlohmann::ordered_json;

std::string to_json(const Orders& orders) {
  const Json out = {{"kernel_version", orders.kernel_version},
                    {"command_line", orders.command_line},
                    {"kexec_args", orders.kexec_args}};
  // A command line need not be UTF-8.
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Orders> orders_from_json(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    return Orders{.kernel_version = json.at("kernel_version").get<std::string>(),
                  .command_line = json.at("command_line").get<std::string>(),
                  .kexec_args = json.at("kexec_args").get<std::vector<std::string>>()};
  } catch (const Json::exception& error) {
    return make_error(ErrorKind::kBadData, "the orders cannot be understood: {}", error.what());
  }
}

}  // namespace kdump::ctl::rehearsal
