// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/run_into_log.h"

namespace kdump::agent {

Result<ProgramEnd> run_into_log(System& system,
                                AgentLog& log,
                                const Program& program,
                                Deadline deadline,
                                ProgramObserver observer) {
  observer.output = [&log](std::string_view bytes) { log.program_output(bytes); };
  auto end = system.run(program, observer, deadline);
  log.end_program_output();
  return end;
}

}  // namespace kdump::agent
