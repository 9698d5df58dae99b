// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/rehearsal/qemu.h"

#include "base/text.h"

#include <fmt/format.h>

#include <unistd.h>

namespace kdump::ctl::rehearsal {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

bool is_program(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

}  // namespace

Result<Qemu> find_qemu(std::string_view path, bool emulate) {
  std::vector<std::string> places;
  for (const std::string_view folder : split(path, ':')) {
    if (folder.empty()) continue;  // not the current folder
    places.push_back(fmt::format("{}/qemu-system-x86_64", folder));
    places.push_back(fmt::format("{}/qemu-kvm", folder));
  }
  places.emplace_back("/usr/libexec/qemu-kvm");
  for (const std::string& place : places) {
    if (!is_program(place)) continue;
    return Qemu{.program = place, .hardware = !emulate && ::access("/dev/kvm", R_OK | W_OK) == 0};
  }
  return make_error(ErrorKind::kNotFound,
                    "QEMU is not installed. Install qemu-system-x86 (Debian) or qemu-kvm (Red "
                    "Hat), or use \"kdumpctl test\" alone");
}

std::vector<std::string> qemu_command(const Qemu& qemu,
                                      const QemuMemory& memory,
                                      const QemuFiles& files) {
  // QEMU up to 10 emulates cmpxchg16b such that kernels since 6.12 crash by it.
  const char* cpu = qemu.hardware ? "host" : "max,-cx16";
  const char* accelerator = qemu.hardware ? "kvm" : "tcg,thread=multi";
  return {qemu.program,
          "-nodefaults",
          "-no-user-config",
          "-display",
          "none",
          "-no-reboot",
          "-machine",
          "q35",
          "-accel",
          accelerator,
          "-cpu",
          cpu,
          "-smp",
          "2",
          "-m",
          fmt::format("{}M", (memory.total + kMiB - 1) / kMiB),
          "-serial",
          "stdio",
          "-drive",
          fmt::format("file={},if=virtio,format=raw,cache=unsafe", files.disk),
          "-kernel",
          files.kernel,
          "-initrd",
          files.initramfs,
          "-append",
          fmt::format("console=ttyS0 crashkernel={}K panic=-1", memory.reserved >> 10U)};
}

}  // namespace kdump::ctl::rehearsal
