// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/crashed_machine.h"

#include "base/text.h"
#include "capture/format/open_image.h"
#include "capture/kernel/debug_info.h"
#include "capture/kernel/page_layout.h"
#include "capture/kernel/types/complete.h"

#include <bit>
#include <elf.h>
#include <unistd.h>

namespace kdump::capture {
namespace {

/// Without PAGESIZE: x86_64 has one page size; elsewhere the capture kernel is the crashed kernel's
/// twin as a rule.
PageShift assumed_page_shift(std::uint16_t machine) {
  if (machine == EM_X86_64) return {};
  const auto host = static_cast<unsigned long>(::sysconf(_SC_PAGESIZE));
  return {static_cast<unsigned>(std::countr_zero(host))};
}

/// Keys are missing that some kernel or other has: what the kernel says elsewhere may help.
bool lacks_layout(const Vmcoreinfo& info) {
  const auto layout = resolve_page_layout(info);
  return !layout || !layout->buddy_type || !layout->order || !layout->hugetlb;
}

void complete_layout(const KernelMemory& memory,
                     CrashedMachine& machine,
                     std::vector<std::string>& warnings) {
  const auto layout = resolve_page_layout(machine.info);
  CompletedInfo completed = complete_vmcoreinfo(machine.info, memory);
  machine.info = std::move(completed.info);
  if (!completed.trouble.empty()) warnings.push_back(completed.trouble);
  if (!layout && resolve_page_layout(machine.info)) {
    warnings.push_back(
        fmt::format("{}; the kernel's own type information has it", layout.error().message));
  }
}

}  // namespace

Result<CrashedMachine> open_machine(const std::string& path,
                                    ElfImage::Access access,
                                    const std::string& debug_info,
                                    std::vector<std::string>& warnings) {
  CrashedMachine machine;
  machine.image = TRY(open_image(path, access));
  if (machine.image->missing_bytes() > 0) {
    warnings.push_back(fmt::format("{}: cut off, {} of memory are missing",
                                   path,
                                   format_size(machine.image->missing_bytes())));
  }
  if (machine.image->incomplete()) {
    warnings.push_back(
        fmt::format("{}: an incomplete dump, pages are missing; what is made of it is marked "
                    "incomplete too",
                    path));
  }
  if (machine.image->erased()) {
    warnings.push_back(fmt::format(
        "{}: parts of it were erased; the record of what that was (eraseinfo) is not copied",
        path));
  }
  machine.notes = TRY(summarize_notes(*machine.image));
  const auto text = read_vmcoreinfo_text(*machine.image, machine.notes);
  if (text) {
    machine.info = Vmcoreinfo(*text);
  } else {
    warnings.push_back(text.error().message);
  }
  machine.info = TRY(with_debug_info(machine.info, debug_info));
  const auto shift = machine.info.page_shift();
  machine.shift = shift ? *shift : assumed_page_shift(machine.image->machine());
  if (!shift && text) {
    warnings.push_back(fmt::format("VMCOREINFO lacks a usable PAGESIZE; {} is assumed",
                                   machine.shift.page_size()));
  }
  machine.utsname =
      machine.image->utsname().value_or(fallback_utsname(machine.info, machine.image->machine()));
  auto space = make_address_space(*machine.image, machine.info);
  if (space) {
    const KernelMemory memory(*machine.image, *std::move(space));
    const FoundUtsname found = read_utsname(machine.info, memory);
    machine.identity = found.identity;
    if (!text && found.identity == Identity::kContradicted) {
      return make_error(ErrorKind::kMismatch,
                        "{} has the memory of another kernel than the given file is about ({})",
                        path,
                        escape_control(machine.info.text("OSRELEASE").value_or("")));
    }
    if (found.identity == Identity::kConfirmed) machine.utsname = found.name;
    if (found.identity != Identity::kContradicted && lacks_layout(machine.info)) {
      complete_layout(memory, machine, warnings);
    }
  }
  return machine;
}

}  // namespace kdump::capture
