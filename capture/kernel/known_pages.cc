// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/known_pages.h"

#include "capture/kernel/kernel_log.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace kdump::capture {
namespace {

// include/asm-generic/vmlinux.lds.h. No distribution's kernel has 256 MiB in one section.
struct Section {
  std::string_view start, end;
  bool certain;  ///< else some of it may be given back
};
// Gives back what its shared pages leave of a large page (arch/x86/kernel/vmlinux.lds.S,
// BSS_DECRYPTED; mem_encrypt_free_decrypted_mem).
constexpr std::string_view kHoleStart = "__start_bss_decrypted_unused";
constexpr std::string_view kHoleEnd = "__end_bss_decrypted";
constexpr std::array<Section, 4> kSections = {{
    {"_stext", "_etext", true},
    {"__start_rodata", "__end_rodata", true},
    {"_sdata", "_edata", false},
    {"__bss_start", "__bss_stop", false},
}};
constexpr std::uint64_t kMaxSection = std::uint64_t{256} << 20U;
// include/linux/threads.h: NR_CPUS is at most 8192.
constexpr std::uint32_t kMaxCpus = 8192;
constexpr std::uint64_t kMaxPerCpu = std::uint64_t{16} << 20U;
// Notes of one CPU (include/linux/elfcore.h, note_buf_t): a NT_PRSTATUS and an empty note.
constexpr std::uint64_t kCrashNotes = 512;

class Finder {
 public:
  Finder(const Vmcoreinfo& info, const KernelMemory& memory, PageShift shift)
      : info_(info), memory_(memory), shift_(shift) {}

  KnownPages find() {
    add_image();
    KnownPages found;
    found.image = RangeSet(std::exchange(frames_, {}));
    add_page_tables();
    for (const KernelPiece& piece : kernel_log_memory(info_, memory_)) add(piece);
    add_per_cpu();
    for (const KernelPiece& piece : find_task_stacks(info_, memory_)) add(piece);
    found.state = RangeSet(frames_);
    for (const Range& range : found.image.ranges()) found.state.subtract(range);
    found.certain = RangeSet(certain_);
    return found;
  }

 private:
  void add(const KernelPiece& piece, bool certain = true) {
    for (std::uint64_t done = 0; done < piece.size;) {
      const VirtAddr at = piece.start + done;
      const auto there = memory_.translate(at);
      const std::uint64_t page = shift_.page_size();
      std::uint64_t step = page - at.value() % page;
      if (there) {
        step = std::min(there->size, piece.size - done);
        add_physical(there->phys, step, certain);
      }
      done += step;
    }
  }

  void add_physical(PhysAddr start, std::uint64_t size, bool certain = true) {
    if (size == 0 || !memory_.image().ranges().contains(start.value())) return;
    const Range frames{start.value() >> shift_.bits,
                       ((start.value() + size - 1) >> shift_.bits) + 1};
    append(frames_, frames);
    if (certain) append(certain_, frames);
  }

  static void append(std::vector<Range>& all, const Range& frames) {
    if (!all.empty() && all.back().end == frames.start) {
      all.back().end = frames.end;
    } else if (all.empty() || !all.back().contains(frames)) {
      all.push_back(frames);
    }
  }

  void add_image() {
    for (const Section& section : kSections) {
      const auto start = info_.symbol(section.start);
      const auto end = info_.symbol(section.end);
      if (start && end && *start < *end && *end - *start <= kMaxSection) {
        add_section(*start, *end, section.certain);
      }
    }
  }

  void add_section(VirtAddr start, VirtAddr end, bool certain) {
    const auto hole = info_.symbol(kHoleStart);
    const auto hole_end = info_.symbol(kHoleEnd);
    if (hole && hole_end && start <= *hole && *hole <= *hole_end && *hole_end <= end) {
      add({start, *hole - start}, certain);
      start = *hole_end;
    }
    add({start, end - start}, certain);
  }

  void add_page_tables() {
    for (const PhysAddr table : memory_.top_tables()) add_physical(table, shift_.page_size());
  }

  /// The static part of each CPU's area, and where its registers were saved.
  void add_per_cpu() {
    const auto offsets = info_.symbol("__per_cpu_offset");
    const auto count_at = info_.symbol("nr_cpu_ids");
    const auto start = info_.symbol("__per_cpu_start");
    const auto end = info_.symbol("__per_cpu_end");
    if (!offsets || !count_at || !start || !end || *end < *start || *end - *start > kMaxPerCpu) {
      return;
    }
    const auto count = memory_.read<std::uint32_t>(*count_at);
    if (!count || *count > kMaxCpus) return;
    std::uint64_t notes = 0;
    if (const auto symbol = info_.symbol("crash_notes")) {
      if (const auto pointer = memory_.read<std::uint64_t>(*symbol)) notes = *pointer;
    }
    for (std::uint32_t cpu = 0; cpu < *count; ++cpu) {
      const auto offset = memory_.read<std::uint64_t>(*offsets + std::uint64_t{cpu} * 8);
      if (!offset) continue;
      // A number without a CPU keeps the offset of the area that the image brings along, which is
      // given back.
      const VirtAddr area(start->value() + *offset);
      if (in_image(area)) continue;
      add({area, *end - *start});
      if (notes != 0) add({VirtAddr(notes + *offset), kCrashNotes});
    }
  }

  [[nodiscard]] bool in_image(VirtAddr address) const {
    const auto start = info_.symbol("_text");
    const auto end = info_.symbol("_end");
    return start && end && address >= *start && address < *end;
  }

  const Vmcoreinfo& info_;
  const KernelMemory& memory_;
  PageShift shift_;
  std::vector<Range> frames_;
  std::vector<Range> certain_;
};

}  // namespace

RangeSet KnownPages::all() const {
  std::vector<Range> ranges = image.ranges();
  ranges.insert(ranges.end(), state.ranges().begin(), state.ranges().end());
  return RangeSet(ranges);
}

KnownPages find_known_pages(const Vmcoreinfo& info, const KernelMemory& memory, PageShift shift) {
  return Finder(info, memory, shift).find();
}

}  // namespace kdump::capture
