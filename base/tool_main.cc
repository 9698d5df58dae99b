// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/tool_main.h"

#include "base/exit_code.h"
#include "base/log.h"

#include <exception>
#include <new>

namespace kdump {

int tool_main(std::string_view program,
              int argc,
              char** argv,
              Result<int> (*run)(const std::vector<std::string>& arguments)) {
  const Log log{std::string(program)};
  try {
    const auto result = run(std::vector<std::string>(argv, argv + argc));
    if (result) return *result;
    log.error("{}", result.error().message);
  } catch (const std::bad_alloc&) {
    log.error("there is not enough memory to go on; free some and try again");
  } catch (const std::exception& failure) {
    log.error("internal failure: {}", failure.what());
  }
  return kExitFailed;
}

}  // namespace kdump
