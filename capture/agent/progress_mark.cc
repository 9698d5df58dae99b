// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/progress_mark.h"

#include <cerrno>
#include <new>
#include <sys/mman.h>

namespace kdump::agent {

void ProgressMark::Unmap::operator()(Shared* memory) const { ::munmap(memory, sizeof(Shared)); }

Result<ProgressMark> ProgressMark::create() {
  void* memory =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return system_error(errno, "cannot map memory for the progress");
  return ProgressMark(new (memory) Shared(0));
}

}  // namespace kdump::agent
