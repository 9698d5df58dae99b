// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kdumpctl/kexec/host_facts.h"
#include "kdumpctl/kexec/kernel_image.h"
#include "tests/support/arm64_builder.h"
#include "tests/support/bzimage_builder.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::test {

/// A BIOS machine with 1 GiB, two CPUs (0 and 3) and 192 MiB reserved at 0x32000000, no hotplug.
[[nodiscard]] kexec::HostFacts bios_host();

/// The same with another memory map, as /proc/iomem text.
[[nodiscard]] kexec::HostFacts host_with(std::string_view iomem);

/// An arm64 machine with 4 GiB, four CPUs, a device tree, and 256 MiB reserved at 0x70000000.
[[nodiscard]] kexec::HostFacts arm64_host();

/// What EFI firmware adds: boot_params with a 64-bit EFI signature, tables, a runtime map of two
/// ranges.
void add_efi(kexec::HostFacts& host);

/// A checked image out of the builder; a broken one fails the test.
[[nodiscard]] kexec::KernelImage test_kernel(const BzImageBuilder& builder = {});

/// The same of an arm64 Image.
[[nodiscard]] kexec::KernelImage test_arm64_kernel(const Arm64ImageBuilder& builder = {});

/// `size` bytes that differ from zero.
[[nodiscard]] std::vector<std::byte> test_bytes(std::size_t size);

}  // namespace kdump::test
