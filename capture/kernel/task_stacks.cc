// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/known_pages.h"

#include <optional>
#include <string_view>

namespace kdump::capture {
namespace {

// THREAD_SIZE where no symbol tells it: x86_64 and arm64 without KASAN.
constexpr std::uint64_t kStackSize = std::uint64_t{16} << 10U;
constexpr std::uint64_t kMaxStackSize = std::uint64_t{256} << 10U;
constexpr std::uint64_t kMaxStruct = std::uint64_t{64} << 10U;

struct TaskLayout {
  std::uint64_t size = 0, tasks = 0, stack = 0;
  std::optional<std::uint64_t> signal, thread_node, thread_head;
  std::uint64_t stack_size = kStackSize;
};

std::optional<std::uint64_t> offset(const Vmcoreinfo& info, std::string_view name) {
  const auto value = info.offset(name);
  return value && *value < kMaxStruct ? value : std::nullopt;
}

std::optional<TaskLayout> resolve(const Vmcoreinfo& info) {
  const auto size = info.size("task_struct");
  const auto tasks = offset(info, "task_struct.tasks");
  const auto stack = offset(info, "task_struct.stack");
  if (!size || *size > kMaxStruct || !tasks || !stack) return std::nullopt;
  TaskLayout layout;
  layout.size = *size;
  layout.tasks = *tasks;
  layout.stack = *stack;
  layout.signal = offset(info, "task_struct.signal");
  layout.thread_node = offset(info, "task_struct.thread_node");
  layout.thread_head = offset(info, "signal_struct.thread_head");
  const auto first = info.symbol("__start_init_stack");
  const auto end = info.symbol("__end_init_stack");
  if (first && end && *first < *end && *end - *first <= kMaxStackSize) {
    layout.stack_size = *end - *first;
  }
  return layout;
}

/// x86 leaves off what the processor at hand needs not of the FPU's state (kernel/fork.c:
/// CONFIG_ARCH_WANTS_DYNAMIC_TASK_STRUCT): behind it lies somebody else's page.
std::uint64_t size_in_use(const Vmcoreinfo& info, const KernelMemory& memory, std::uint64_t whole) {
  const auto symbol = info.symbol("arch_task_struct_size");
  if (!symbol) return whole;
  const auto size = memory.read<std::uint32_t>(VirtAddr(*symbol));
  return size && *size > 0 && *size < whole ? *size : whole;
}

/// Walks circular lists of tasks. All steps together are bounded, so that a list that never comes
/// back to its head ends too.
class TaskWalk {
 public:
  TaskWalk(const TaskLayout& layout, const KernelMemory& memory)
      : layout_(layout), memory_(memory) {}

  std::vector<KernelPiece> from(VirtAddr init_task) {
    add(init_task);
    for_each(init_task + layout_.tasks, layout_.tasks, [this](VirtAddr leader) {
      add(leader);
      add_threads(leader);
    });
    return std::move(pieces_);
  }

 private:
  template <typename Visit>
  void for_each(VirtAddr head, std::uint64_t node_offset, Visit visit) {
    auto next = memory_.read<std::uint64_t>(head);
    while (next && VirtAddr(*next) != head && *next > node_offset && steps_ < 2 * kMaxTasks) {
      ++steps_;
      visit(VirtAddr(*next - node_offset));
      next = memory_.read<std::uint64_t>(VirtAddr(*next));
    }
  }

  void add_threads(VirtAddr leader) {
    if (!layout_.signal || !layout_.thread_node || !layout_.thread_head) return;
    const auto signal = memory_.read<std::uint64_t>(leader + *layout_.signal);
    if (!signal) return;
    for_each(VirtAddr(*signal) + *layout_.thread_head,
             *layout_.thread_node,
             [this, leader](VirtAddr task) {
               if (task != leader) add(task);
             });
  }

  void add(VirtAddr task) {
    const auto stack = memory_.read<std::uint64_t>(task + layout_.stack);
    pieces_.push_back({task, layout_.size});
    pieces_.push_back({VirtAddr(stack ? *stack : 0), stack ? layout_.stack_size : 0});
  }

  const TaskLayout& layout_;
  const KernelMemory& memory_;
  std::size_t steps_ = 0;
  std::vector<KernelPiece> pieces_;
};

}  // namespace

std::vector<KernelPiece> find_task_stacks(const Vmcoreinfo& info, const KernelMemory& memory) {
  const auto init_task = info.symbol("init_task");
  auto layout = resolve(info);
  if (!init_task || !layout) return {};
  layout->size = size_in_use(info, memory, layout->size);
  return TaskWalk(*layout, memory).from(*init_task);
}

}  // namespace kdump::capture
