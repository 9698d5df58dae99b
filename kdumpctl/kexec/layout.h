// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "base/result.h"
#include "kdumpctl/kexec/load_plan.h"

#include <optional>
#include <string>

namespace kdump::kexec {

/// kUnsupported, with the reason, when this kernel cannot be entered on this machine.
Status check_kernel_for_host(const KernelImage& kernel, const HostFacts& host);

/// The command line; on x86 with the ACPI root pointer for a kernel that looks for it nowhere else.
[[nodiscard]] std::string with_acpi_root(std::string command_line,
                                         const KernelImage& kernel,
                                         const HostFacts& host);

/// Memory that segments may be put into, handed out from both ends.
class FreeMemory {
 public:
  /// `where` and `remedy` complete the sentence when it runs out: "in the reserved memory ...",
  /// "raise crashkernel= and reboot".
  FreeMemory(RangeSet room, std::string where, std::string remedy)
      : free_(std::move(room)), where_(std::move(where)), remedy_(std::move(remedy)) {}

  /// Gives `segment` an address inside `window` and takes its memory.
  Status take_lowest(Segment& segment, std::uint64_t alignment, Range window);
  Status take_highest(Segment& segment, std::uint64_t alignment, Range window);
  [[nodiscard]] bool has_gap(std::uint64_t size, std::uint64_t alignment) const;

 private:
  Status take(Segment& segment, std::optional<std::uint64_t> start);

  RangeSet free_;
  std::string where_;
  std::string remedy_;
};

/// What a kernel is started with, whatever it is started for.
struct LayoutRequest {
  const KernelImage& kernel;
  const std::vector<std::byte>& initrd;  ///< may be empty
  const HostFacts& host;
  const std::vector<std::byte>& rng_seed;
  const std::string& command_line;             ///< as the kernel will see it
  const std::vector<x86::E820Entry>& e820;     ///< x86
  bool efi_runtime = true;                     ///< x86
  std::optional<std::uint16_t> serial_port{};  ///< x86
  std::optional<PhysAddr> backup{};            ///< x86: where kLowMemory is to be copied to
  std::optional<Range> elfcorehdr{};           ///< arm64: of a panic kernel
  const std::vector<Range>& usable;            ///< arm64: all that a panic kernel may use
};

/// The segments of such a kernel before and after they got their places.
struct Layout {
  Segment kernel;
  std::optional<Segment> initrd;
  Segment boot_data;  ///< boot_params with all that it points to, or the device tree
  Segment trampoline;
  std::uint64_t kernel_entry = 0;      ///< from the segment's first byte
  std::uint64_t kernel_alignment = 0;  ///< bytes, a power of two
  std::uint64_t kernel_lowest = 0;     ///< no address below it

  /// Whole pages that they take together.
  [[nodiscard]] std::uint64_t memory_size() const;
};

/// Segments of their final sizes, without addresses.
Result<Layout> draft_layout(const LayoutRequest& request);

/// The kernel at the bottom, everything else from the top down; then contents that depend on
/// addresses. The segments move to `plan`, which also gets its entry point.
Status place_layout(Layout layout,
                    const LayoutRequest& request,
                    FreeMemory& memory,
                    LoadPlan& plan);

[[nodiscard]] Segment make_segment(std::string name,
                                   std::vector<std::byte> bytes,
                                   Machine machine,
                                   std::uint64_t least_size = 0);

/// As the kernel wants them.
void sort_segments(LoadPlan& plan);

}  // namespace kdump::kexec
