// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/default_crashkernel.h"

#include "config/sysconfig.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <sys/klog.h>
#include <unistd.h>
#include <vector>

namespace kdump::ctl {
namespace {

struct SizeForRam {
  const char* ram;
  unsigned mib;
};

// kdump-utils' kdump_get_arch_recommend_crashkernel: sizes and additions alike.
constexpr std::array<SizeForRam, 2> kX86 = {{{"2G-64G", 256}, {"64G-", 512}}};
constexpr std::array<SizeForRam, 3> kArm64 = {{{"2G-4G", 256}, {"4G-64G", 320}, {"64G-", 576}}};
constexpr unsigned kBounceBuffers = 64;
constexpr std::uint64_t kLargePages = 65536;
constexpr unsigned kForLargePages = 100;
constexpr unsigned kSmmuQueues = 384;  ///< with large pages; small ones hardly need any
constexpr unsigned kMlx5 = 150;
constexpr unsigned kMlx5WithLargePages = 200;

std::string with_addition(std::span<const SizeForRam> sizes, unsigned addition) {
  std::vector<std::string> parts;
  parts.reserve(sizes.size());
  for (const SizeForRam& size : sizes) {
    parts.push_back(fmt::format("{}:{}M", size.ram, size.mib + addition));
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

unsigned arm64_addition(const CrashkernelFacts& facts) {
  if (facts.page_size != kLargePages) return facts.mlx5 ? kMlx5 : 0;
  return kForLargePages + (facts.smmu ? kSmmuQueues : 0) + (facts.mlx5 ? kMlx5WithLargePages : 0);
}

Result<std::string> kernel_log() {
  constexpr int kReadAll = 3;  // SYSLOG_ACTION_READ_ALL, SYSLOG_ACTION_SIZE_BUFFER: syslog(2)
  constexpr int kSizeOfBuffer = 10;
  const int size = ::klogctl(kSizeOfBuffer, nullptr, 0);
  if (size < 0 && errno == EPERM) {
    return make_error(ErrorKind::kUsage,
                      "only root may read the kernel's messages, which tell whether memory is "
                      "encrypted; run it as root");
  }
  if (size < 0) return system_error(errno, "cannot read the kernel's messages");
  std::string text(static_cast<std::size_t>(size), '\0');
  const int length = ::klogctl(kReadAll, text.data(), size);
  if (length < 0) return system_error(errno, "cannot read the kernel's messages");
  text.resize(static_cast<std::size_t>(length));
  return text;
}

}  // namespace

Result<CrashkernelFacts> read_crashkernel_facts(const SysRoot& root) {
  CrashkernelFacts facts;
  facts.machine = config::build_machine();
  facts.page_size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  facts.mlx5 = root.is_directory("/sys/bus/pci/drivers/mlx5_core");
  const auto devices = root.list("/sys/devices/platform").value_or(std::vector<std::string>());
  facts.smmu = std::any_of(devices.begin(), devices.end(), [](const std::string& name) {
    return name.starts_with("arm-smmu-");
  });
  if (root.is_host()) {
    const std::string log = TRY(kernel_log());
    facts.memory_encrypted =
        log.find("Memory Encryption Features active: AMD") != std::string::npos;
  }
  return facts;
}

Result<std::string> default_crashkernel(const CrashkernelFacts& facts) {
  if (facts.machine == "x86_64") {
    return with_addition(kX86, facts.memory_encrypted ? kBounceBuffers : 0);
  }
  if (facts.machine == "aarch64") return with_addition(kArm64, arm64_addition(facts));
  return make_error(ErrorKind::kUnsupported,
                    "there is no default crashkernel= for {} machines",
                    facts.machine.empty() ? "such" : facts.machine);
}

}  // namespace kdump::ctl
