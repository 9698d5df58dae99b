// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel_knowledge.h"

#include "capture/kernel/address_space.h"
#include "capture/kernel/kernel_memory.h"
#include "capture/kernel/per_cpu_lists.h"
#include "capture/kernel/types/complete.h"

#include <utility>

namespace kdump::capture {

KernelKnowledge find_knowledge(const CrashedMachine& machine) {
  if (machine.identity == Identity::kContradicted) return {machine.info, {}};
  auto space = make_address_space(*machine.image, machine.info);
  if (!space) return {machine.info, {}};
  const KernelMemory memory(*machine.image, *std::move(space));
  KernelKnowledge knowledge{complete_vmcoreinfo(machine.info, memory).info, {}};
  knowledge.pages = find_known_pages(knowledge.info, memory, machine.shift);
  return knowledge;
}

Status tell_known_pages(const CrashedMachine& machine,
                        const KernelKnowledge& knowledge,
                        unsigned threads,
                        MemMapSource& source) {
  source.set_known(knowledge.pages);
  source.set_per_cpu_free(TRY(find_per_cpu_free(
      *machine.image, knowledge.info, machine.shift, source.layout(), source.sparse(), threads)));
  return {};
}

}  // namespace kdump::capture
