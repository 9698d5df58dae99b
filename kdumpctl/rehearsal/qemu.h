// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::ctl::rehearsal {

/// The virtual machine.
struct Qemu {
  std::string program;
  bool hardware = false;  ///< KVM; else the processor is emulated, and many times slower
};

/// The first of Debian's and Red Hat's names for it that is installed. `path`: $PATH. `emulate`:
/// without KVM, even if it is there. kNotFound says which package has it.
Result<Qemu> find_qemu(std::string_view path, bool emulate);

struct QemuMemory {
  std::uint64_t reserved = 0;  ///< for the panic kernel, bytes
  std::uint64_t total = 0;     ///< bytes
};

/// Files of the host.
struct QemuFiles {
  std::string kernel;
  std::string initramfs;
  std::string disk;
};

/// What is started: two processors, a serial line on its standard output, the disk, nothing else;
/// it ends when the machine is reset.
[[nodiscard]] std::vector<std::string> qemu_command(const Qemu& qemu,
                                                    const QemuMemory& memory,
                                                    const QemuFiles& files);

}  // namespace kdump::ctl::rehearsal
