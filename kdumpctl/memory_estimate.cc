// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/memory_estimate.h"

#include "base/text.h"
#include "config/crashkernel_value.h"
#include "config/image_manifest.h"
#include "kdumpctl/default_crashkernel.h"
#include "kdumpctl/image_size.h"
#include "kdumpctl/kexec/initrd.h"
#include "kdumpctl/kexec/kernel_image.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/last_capture.h"
#include "kdumpctl/qemu_measurement.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace kdump::ctl {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kStep = 16 * kMiB;
constexpr std::uint64_t kLargeModule = kMiB;
/// Slabs, page tables, tmpfs and per-CPU data of a small kernel on one CPU (about 40 MiB), the
/// agent (4 MiB) and the collector with its buffers (16 MiB).
constexpr std::uint64_t kRuntime = 64 * kMiB;
/// sizeof(struct page) of each page of 4 KiB (include/linux/mm_types.h).
constexpr std::uint64_t kPageStruct = 64;
constexpr std::uint64_t kPage = 4096;

bool is_module(std::string_view path) {
  return path.find("/modules/") != std::string_view::npos &&
         path.find(".ko") != std::string_view::npos;
}

/// "/lib/modules/6.1/kernel/fs/xfs/xfs.ko.xz" -> "xfs"
std::string module_name(std::string_view path) {
  std::string_view file = path.substr(path.rfind('/') + 1);
  std::string name(file.substr(0, file.find(".ko")));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// What it takes in the running kernel, or else its file, which is larger than it when unpacked.
std::uint64_t module_size(const SysRoot& root, const config::ManifestFile& file) {
  const auto loaded = root.read_value("/sys/module/" + module_name(file.path) + "/coresize");
  return (loaded ? parse_unsigned(*loaded) : std::nullopt).value_or(file.stamp.size);
}

void add_modules(const SysRoot& root, const CaptureKernel& target, MemoryEstimate& estimate) {
  const std::string path = target.image + config::kManifestSuffix;
  const auto text = root.read(path);
  // The image of another program: its modules are in its unpacked size.
  if (!text) return;
  const auto manifest = config::manifest_from_json(*text, root.path(path));
  if (!manifest) return;
  for (const config::ManifestFile& file : manifest->files) {
    if (!is_module(file.path)) continue;
    const std::uint64_t size = module_size(root, file);
    estimate.modules += size;
    if (size > kLargeModule) estimate.large_modules.push_back({module_name(file.path), size});
  }
  std::sort(estimate.large_modules.begin(),
            estimate.large_modules.end(),
            [](const LargeModule& a, const LargeModule& b) { return a.size > b.size; });
}

/// Bytes, what is reserved included; 0 when it cannot be told.
std::uint64_t memory_of_host(const SysRoot& root, std::uint64_t reserved) {
  const std::string text = root.read("/proc/meminfo").value_or("");
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_words(line);
    if (words.size() < 2 || words[0] != "MemTotal:") continue;
    return (parse_unsigned(words[1]).value_or(0) << 10U) + reserved;
  }
  return 0;
}

void add_default(const SysRoot& root, MemoryEstimate& estimate) {
  const auto facts = read_crashkernel_facts(root);
  const auto value = facts ? default_crashkernel(*facts) : Result<std::string>(facts.error());
  if (!value) return;
  estimate.default_value = *value;
  const auto request = config::parse_crashkernel(*value, memory_of_host(root, estimate.reserved));
  if (request) estimate.default_size = request->total();
}

/// What the last capture left over says what it needed, as long as it ran in what is reserved now.
/// When it was taken; 0: there is none.
Result<std::int64_t> add_capture(const SysRoot& root,
                                 const config::KdumpConfig& config,
                                 MemoryEstimate& estimate) {
  const auto last = TRY(last_capture(root, config));
  if (!last || !last->dump.complete || !last->report.lowest_memory_kib) return 0;
  const std::uint64_t left = *last->report.lowest_memory_kib << 10U;
  const std::uint64_t had = last->report.memory_kib.value_or(0) << 10U;
  // A kernel sees a little less than its reservation, never more.
  if (had > estimate.reserved || had + had / 4 < estimate.reserved || left > had) return 0;
  estimate.measured_by = MemoryEstimate::Measure::kCapture;
  estimate.measured = estimate.reserved - left;
  estimate.measured_at = last->dump.date;
  return last->dump.saved;
}

/// As the names of dumps have it.
std::string date_of(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm local{};
  ::localtime_r(&time, &local);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d-%H:%M:%S", &local);
  return {text.data(), size};
}

/// The newer one of the last capture and the last test in QEMU.
Status add_measured(const SysRoot& root,
                    const config::KdumpConfig& config,
                    MemoryEstimate& estimate) {
  const std::int64_t captured = TRY(add_capture(root, config, estimate));
  const auto test = TRY(read_qemu_measurement(root));
  if (!test || test->taken < captured) return {};
  estimate.measured_by = MemoryEstimate::Measure::kQemu;
  estimate.measured = test->reserved - test->untouched + estimate.modules;
  estimate.measured_at = date_of(test->taken);
  return {};
}

std::uint64_t whole_steps(std::uint64_t bytes) { return (bytes + kStep - 1) / kStep * kStep; }

}  // namespace

std::uint64_t MemoryEstimate::recommended() const {
  if (measured_by != Measure::kNone) return whole_steps(measured + measured / 4);
  return whole_steps(std::max(parts(), default_size));
}

Result<MemoryEstimate> estimate_memory(const Context& context,
                                       const config::KdumpConfig& config,
                                       const CaptureKernel& target) {
  const SysRoot& root = context.root;
  if (!root.exists(target.image)) {
    return make_error(
        ErrorKind::kNotFound,
        "{} does not exist, so its size is unknown. Build it with \"kdumpctl rebuild\"",
        root.path(target.image));
  }
  MemoryEstimate estimate;
  // A kernel without kexec has nothing reserved.
  estimate.reserved = kexec::crash_size(root).value_or(0);
  const kexec::KernelImage kernel = TRY(kexec::read_kernel_image(root.path(target.kernel)));
  estimate.kernel = kernel.machine() == kexec::Machine::kX86 ? kernel.setup().init_size
                                                             : kernel.arm64().image_size;
  const auto image = TRY(kexec::read_initrd({root.path(target.image)}));
  estimate.image = image.size() + measure_image(image).size;
  add_modules(root, target, estimate);
  estimate.runtime = kRuntime;
  add_default(root, estimate);
  const std::uint64_t size = std::max(estimate.reserved, estimate.default_size);
  estimate.page_structs = size / kPage * kPageStruct;
  if (const auto measured = add_measured(root, config, estimate); !measured) {
    context.log.warning("{}", measured.error().message);
  }
  return estimate;
}

}  // namespace kdump::ctl
