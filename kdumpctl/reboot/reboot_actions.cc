// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/reboot_actions.h"

#include "base/io.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "kdumpctl/kexec/initrd.h"
#include "kdumpctl/kexec/kernel_image.h"
#include "kdumpctl/kexec/kernel_load.h"
#include "kdumpctl/kexec/kexec_load.h"

#include <cerrno>
#include <chrono>
#include <sys/mman.h>
#include <unistd.h>

namespace kdump::ctl::reboot {
namespace {

/// systemctl and busctl answer at once, or never.
constexpr std::chrono::seconds kCommandDeadline{60};
constexpr std::size_t kLongestAnswer = 256;

struct Files {
  kexec::KernelImage kernel;
  std::vector<std::string> initrd_paths;
  std::vector<std::byte> initrd;
};

Result<Files> read_files(const NextKernel& next, const SysRoot& root) {
  Files files{TRY(kexec::read_kernel_image(root.path(next.kernel))), {}, {}};
  for (const std::string& initrd : next.initrds) files.initrd_paths.push_back(root.path(initrd));
  if (!files.initrd_paths.empty()) files.initrd = TRY(kexec::read_initrd(files.initrd_paths));
  if (next.own_initrd) files.initrd = files.kernel.own_initrd;
  return files;
}

Result<kexec::LoadPlan> make_plan(const NextKernel& next, const Files& files, const SysRoot& root) {
  std::vector<std::byte> seed = TRY(kexec::random_seed());
  kexec::NormalLoadRequest request{.kernel = files.kernel,
                                   .initrd = files.initrd,
                                   .command_line = next.command_line,
                                   .rng_seed = std::move(seed)};
  return kexec::plan_normal_load(request, TRY(kexec::read_reboot_facts(root)));
}

kexec::SyscallChoice choose_syscall(const NextKernel& next,
                                    const kexec::LoadPlan& plan,
                                    const SysRoot& root) {
  const auto facts = kexec::read_syscall_facts(root, kexec::LoadKind::kReboot);
  return kexec::choose_syscall(
      next.syscall,
      facts,
      {.kind = kexec::LoadKind::kReboot, .memory_ranges = plan.e820.size(), .only_kexec_load = {}});
}

/// One without the SIGPIPE and terminal games of a shell's.
std::vector<std::string> environment_with(const std::vector<std::string>& added) {
  std::vector<std::string> rows;
  for (char** row = environ; row != nullptr && *row != nullptr; ++row) rows.emplace_back(*row);
  rows.insert(rows.end(), added.begin(), added.end());
  return rows;
}

}  // namespace

Result<std::string> RunningReboot::plan(const NextKernel& next) {
  const Files files = TRY(read_files(next, root_));
  const kexec::LoadPlan plan = TRY(make_plan(next, files, root_));
  const kexec::SyscallChoice choice = choose_syscall(next, plan, root_);
  return fmt::format(
      "system call {}: {}\n{}", to_string(choice.first), choice.reason, kexec::describe(plan));
}

Result<LoadedBy> RunningReboot::load(const NextKernel& next) {
  const Files files = TRY(read_files(next, root_));
  // Made before anything is loaded: whatever it finds wrong leaves the host as it is.
  kexec::KernelLoad load;
  load.plan = TRY(make_plan(next, files, root_));
  load.choice = choose_syscall(next, load.plan, root_);
  load.files = TRY(kexec::plan_file_load({.kind = kexec::LoadKind::kReboot,
                                          .kernel = files.kernel,
                                          .initrd_paths = files.initrd_paths,
                                          .initrd = files.initrd,
                                          .command_line = next.command_line}));
  kexec::RunningKernel kernel;
  kexec::Loader loader(root_, kernel);
  const kexec::KernelLoadResult loaded = TRY(kexec::load_kernel(loader, load));
  return LoadedBy{.syscall = loaded.used,
                  .reason = loaded.refusal.empty() ? load.choice.reason : loaded.refusal,
                  .against_wish = load.choice.against_wish};
}

Status RunningReboot::unload() {
  kexec::RunningKernel kernel;
  return kexec::Loader(root_, kernel).unload(kexec::LoadKind::kReboot);
}

Result<std::string> RunningReboot::run(const std::vector<std::string>& argv,
                                       const std::vector<std::string>& environment) {
  if (!root_.is_host()) {
    return make_error(ErrorKind::kUsage,
                      "{} is run on the running host only, not for {}",
                      argv.front(),
                      root_.prefix());
  }
  const Fd output(::memfd_create("output", MFD_CLOEXEC));
  if (!output.valid()) return system_error(errno, "cannot make room for {}'s output", argv.front());
  Child child = TRY(Child::spawn(argv, {-1, output.raw(), -1}, environment_with(environment)));
  const auto status = child.wait_until(std::chrono::steady_clock::now() + kCommandDeadline);
  if (!status) return Error(status.error()).with_context(argv.front());
  if (!status->success()) {
    return make_error(
        ErrorKind::kSystem, "{} ended with {}", fmt::join(argv, " "), status->describe());
  }
  return read_file(fmt::format("/proc/self/fd/{}", output.raw()));
}

bool RunningReboot::has_terminal() const { return ::isatty(STDIN_FILENO) == 1; }

Result<std::string> RunningReboot::ask(const std::string& question) {
  TRY(write_all(STDOUT_FILENO, question + " "));
  std::string answer;
  while (answer.size() < kLongestAnswer) {
    std::byte byte{};
    if (TRY(read_some(STDIN_FILENO, std::span(&byte, 1))) == 0) break;
    if (static_cast<char>(byte) == '\n') break;
    answer += static_cast<char>(byte);
  }
  return std::string(trim(answer));
}

}  // namespace kdump::ctl::reboot
