// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/crash_header.h"

#include "base/packed_int.h"

#include <cstring>
#include <elf.h>

namespace kdump::kexec {
namespace {

constexpr std::uint64_t kFirstMiB = std::uint64_t{1} << 20U;

struct FileHeader {
  std::uint8_t ident[EI_NIDENT] = {};
  Le16 type, machine;
  Le32 version;
  Le64 entry, phoff, shoff;
  Le32 flags;
  Le16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
static_assert(sizeof(FileHeader) == 64);

struct ProgramHeader {
  Le32 type, flags;
  Le64 offset, vaddr, paddr, filesz, memsz, align;
};
static_assert(sizeof(ProgramHeader) == 56);

std::uint16_t elf_machine(Machine machine) {
  return machine == Machine::kArm64 ? EM_AARCH64 : EM_X86_64;
}

ProgramHeader program_header(const CoreSegment& segment) {
  const bool note =
      segment.kind == CoreSegment::Kind::kCpuNote || segment.kind == CoreSegment::Kind::kVmcoreinfo;
  ProgramHeader header;
  header.type = note ? PT_NOTE : PT_LOAD;
  header.flags = note ? 0 : PF_R | PF_W | PF_X;
  // The "file" is the dead kernel's physical memory.
  header.offset = segment.saved_at != 0 ? segment.saved_at : segment.physical;
  header.paddr = segment.physical;
  header.vaddr = segment.virtual_address;
  header.filesz = segment.size;
  header.memsz = segment.size;
  header.align = note ? 4 : 0;
  return header;
}

template <typename T>
void append(std::vector<std::byte>& bytes, const T& value) {
  const std::size_t at = bytes.size();
  bytes.resize(at + sizeof(T));
  std::memcpy(bytes.data() + at, &value, sizeof(T));
}

std::vector<CoreSegment> core_segments(const HostFacts& host, PhysAddr backup) {
  using Kind = CoreSegment::Kind;
  std::vector<CoreSegment> segments;
  for (const NoteArea& note : host.cpu_notes) {
    segments.push_back({Kind::kCpuNote, note.address.value(), 0, note.size});
  }
  segments.push_back({Kind::kVmcoreinfo, host.vmcoreinfo.address.value(), 0, host.vmcoreinfo.size});
  if (host.no_mapping.empty())
    segments.push_back(
        {Kind::kKernel, host.kernel.physical.value(), host.kernel.start.value(), host.kernel.size});
  RangeSet ram = host.memory.of_type(MemoryType::kSystemRam);
  RangeSet low;
  if (host.machine == Machine::kX86) {
    if (host.low_memory_in_use) low = ram;
    low.subtract({kLowMemory.end, UINT64_MAX});
    ram.subtract({0, kFirstMiB});
  }
  for (const MemoryType type : {MemoryType::kCrashKernel, MemoryType::kGart}) {
    const RangeSet left_out = host.memory.of_type(type);
    for (const Range& range : left_out.ranges()) ram.subtract(range);
  }
  for (const Range& range : host.crash_cma) ram.subtract(range);
  for (const Range& range : low.ranges()) {
    segments.push_back({Kind::kRam,
                        range.start,
                        range.start + host.direct_map,
                        range.size(),
                        (backup + range.start).value()});
  }
  for (const Range& range : ram.ranges()) {
    segments.push_back({Kind::kRam, range.start, range.start + host.direct_map, range.size()});
  }
  return segments;
}

}  // namespace

Result<CrashHeader> build_crash_header(const HostFacts& host, PhysAddr backup) {
  CrashHeader header{.segments = core_segments(host, backup), .bytes = {}};
  // PN_XNUM is not understood by fs/proc/vmcore.c.
  if (header.segments.size() >= PN_XNUM) {
    return make_error(ErrorKind::kUnsupported,
                      "{} CPUs and memory ranges do not fit into an ELF core header",
                      header.segments.size());
  }
  FileHeader file;
  std::memcpy(file.ident, ELFMAG, SELFMAG);
  file.ident[EI_CLASS] = ELFCLASS64;
  file.ident[EI_DATA] = ELFDATA2LSB;
  file.ident[EI_VERSION] = EV_CURRENT;
  file.type = ET_CORE;
  file.machine = elf_machine(host.machine);
  file.version = EV_CURRENT;
  file.phoff = sizeof(FileHeader);
  file.ehsize = sizeof(FileHeader);
  file.phentsize = sizeof(ProgramHeader);
  file.phnum = static_cast<std::uint16_t>(header.segments.size());
  append(header.bytes, file);
  for (const CoreSegment& segment : header.segments) {
    append(header.bytes, program_header(segment));
  }
  return header;
}

}  // namespace kdump::kexec
