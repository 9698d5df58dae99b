// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/vmcore/toy_tasks.h"

#include <fmt/format.h>

namespace kdump::capture::test {

VirtAddr ToyTasks::direct(std::uint64_t pfn) const {
  return kernel_.direct_map(PhysAddr(pfn * ToyKernel::kPage));
}

void ToyTasks::put(std::uint64_t pfn, std::uint64_t offset, VirtAddr value) {
  kernel_.memory().put(PhysAddr(pfn * ToyKernel::kPage + offset), value.value());
}

void ToyTasks::link(std::uint64_t from, std::uint64_t to) {
  put(from, kTasks, direct(to) + kTasks);
}

void ToyTasks::add() {
  constexpr std::uint64_t kThreadHead = 64;
  kernel_.set_key("SIZE(task_struct)", "2048");
  kernel_.set_key("OFFSET(task_struct.tasks)", fmt::format("{}", kTasks));
  kernel_.set_key("OFFSET(task_struct.stack)", fmt::format("{}", kStack));
  kernel_.set_key("OFFSET(task_struct.signal)", fmt::format("{}", kSignal));
  kernel_.set_key("OFFSET(task_struct.thread_node)", fmt::format("{}", kThreadNode));
  kernel_.set_key("OFFSET(signal_struct.thread_head)", fmt::format("{}", kThreadHead));
  kernel_.set_key("SYMBOL(init_task)", fmt::format("{:x}", direct(0x9200).value()));
  for (std::uint64_t i = 0; i < 4; ++i) put(0x9200 + i, kStack, direct(0x9300 + 16 * i));
  link(0x9200, 0x9201);
  link(0x9201, 0x9202);
  link(0x9202, 0x9200);
  put(0x9202, kSignal, direct(0x9210));
  put(0x9210, kThreadHead, direct(0x9202) + kThreadNode);
  put(0x9202, kThreadNode, direct(0x9203) + kThreadNode);
  put(0x9203, kThreadNode, direct(0x9210) + kThreadHead);
}

}  // namespace kdump::capture::test
