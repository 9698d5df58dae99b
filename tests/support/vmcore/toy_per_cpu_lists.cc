// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/vmcore/toy_per_cpu_lists.h"

#include "capture/kernel/address_space.h"
#include "capture/kernel/kernel_memory.h"

#include <fmt/format.h>

namespace kdump::capture::test {
namespace {

constexpr unsigned kLists = 16, kListCount = 13, kPageset = 24;
constexpr std::uint64_t kBase = 0x2a000;  // a per-CPU pointer

}  // namespace

ToyPerCpuLists::ToyPerCpuLists(ToyKernel& kernel) : kernel_(kernel) {
  kernel_.set_key("LENGTH(per_cpu_pages.lists)", std::to_string(kListCount));
  kernel_.set_key("OFFSET(per_cpu_pages.count)", "0");
  kernel_.set_key("OFFSET(per_cpu_pages.lists)", std::to_string(kLists));
  kernel_.set_key("OFFSET(page.lru)", std::to_string(kNext));
  kernel_.set_key("OFFSET(page._refcount)", std::to_string(kRefcount));
  kernel_.set_key("OFFSET(zone.per_cpu_pageset)", std::to_string(kPageset));
  const PhysAddr cpus = kernel_.allocate(4096);
  kernel_.memory().put(cpus, std::uint32_t{2});
  symbol("nr_cpu_ids", kernel_.kernel_image(cpus));
  const PhysAddr offsets = kernel_.allocate(4096);
  symbol("__per_cpu_offset", kernel_.kernel_image(offsets));
  for (unsigned cpu = 0; cpu < 2; ++cpu) {
    areas_.push_back(kernel_.allocate(4096));
    kernel_.memory().put(offsets + cpu * 8, kernel_.direct_map(areas_[cpu]).value() - kBase);
    for (unsigned list = 0; list < kListCount; ++list) link(head(cpu, list), {});
  }
  const Vmcoreinfo info(kernel_.vmcoreinfo());
  const KernelMemory memory(kernel_.memory(), *make_address_space(kernel_.memory(), info));
  // The first of the two zones has no lists.
  const VirtAddr node(*memory.read<std::uint64_t>(*info.symbol("node_data")));
  const VirtAddr zone = node + *info.offset("pglist_data.node_zones") + *info.size("zone");
  kernel_.memory().put(memory.translate(zone + kPageset)->phys, kBase);
}

void ToyPerCpuLists::symbol(const char* name, VirtAddr address) {
  kernel_.set_key(fmt::format("SYMBOL({})", name), fmt::format("{:x}", address.value()));
}

VirtAddr ToyPerCpuLists::head(unsigned cpu, unsigned list) const {
  return kernel_.direct_map(areas_[cpu]) + kLists + list * 16;
}

void ToyPerCpuLists::put(VirtAddr at, std::uint64_t value) {
  const Vmcoreinfo info(kernel_.vmcoreinfo());
  const KernelMemory memory(kernel_.memory(), *make_address_space(kernel_.memory(), info));
  kernel_.memory().put(memory.translate(at)->phys, value);
}

void ToyPerCpuLists::link(VirtAddr head, const std::vector<std::uint64_t>& pages) {
  VirtAddr previous = head;
  for (const std::uint64_t pfn : pages) {
    kernel_.put32(pfn, kRefcount, 0);
    kernel_.put32(pfn, ToyKernel::kMapcount, 0xffffffff);
    const VirtAddr node = kernel_.struct_page(pfn) + kNext;
    put(previous, node.value());
    kernel_.put64(pfn, kPrevious, previous.value());
    previous = node;
  }
  put(previous, head.value());
  put(head + 8, previous.value());
}

void ToyPerCpuLists::count(unsigned cpu, std::uint32_t pages) {
  kernel_.memory().put(areas_[cpu], pages);
}

void ToyPerCpuLists::fill() {
  link(head(0, 0), {0x9100, 0x9102});
  link(head(0, 2), {0x9200});
  link(head(0, 9), {0x9208});
  link(head(0, 12), {0x9400});
  count(0, 2 + 1 + 8 + 512);
  link(head(1, 1), {0x9301, 0x9300});
  count(1, 2);
}

}  // namespace kdump::capture::test
