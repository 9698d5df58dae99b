// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/output.h"

#include "base/io.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace kdump::ctl {

Status print_text(std::string_view text) { return write_all(STDOUT_FILENO, text); }

Status print_json(const nlohmann::ordered_json& json) {
  using Handler = nlohmann::ordered_json::error_handler_t;
  return print_text(json.dump(2, ' ', false, Handler::replace) + "\n");
}

}  // namespace kdump::ctl
