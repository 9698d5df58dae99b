// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/host_actions.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "kdumpctl/armed_state.h"
#include "kdumpctl/image_size.h"
#include "kdumpctl/kexec/initrd.h"
#include "kdumpctl/kexec/kernel_image.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/service_job.h"
#include "kdumpctl/volume_keys.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <unistd.h>

namespace kdump::ctl {
namespace {

/// Far beyond any build that is still working: dracut's slowest ones take a minute.
constexpr std::chrono::minutes kBuildDeadline{10};

constexpr std::chrono::minutes kProgramDeadline{2};

/// What the panic kernel needs for itself (struct pages, page tables, caches) and agent and
/// collector besides the image, at the very least. By evidence: kernels 6.1 and 6.12 with 16 MiB
/// (80M reserved) do not get as far as the agent, with 24 MiB (88M) they capture; so does 6.1 with
/// an image for SSH, where 16 MiB (97M) end while it is unpacked and 24 MiB (105M) leave 25 to
/// spare afterwards. It is no more than that: a load is refused for what surely cannot work, not
/// for what might not.
constexpr std::uint64_t kLeastWorkingMemory = std::uint64_t{24} << 20U;

/// Of the same installation, wherever that is, else where it was to be installed.
Result<std::string> find_program(const char* from_own_folder, const char* installed) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto own_program = fs::read_symlink("/proc/self/exe", error);
  std::vector<fs::path> places = {installed};
  if (!error) places.insert(places.begin(), own_program.parent_path() / from_own_folder);
  for (const fs::path& place : places) {
    if (fs::is_regular_file(place, error)) return place.lexically_normal().string();
  }
  return make_error(ErrorKind::kNotFound, "there is no {}; install the whole toolkit", installed);
}

// What was asked for that kexec_file_load cannot do, or "".
std::string only_kexec_load(const PreparedLoad& prepared) {
  if (prepared.load.plan.serial_port) return "the command line has kexec.serial=";
  const std::string& option = prepared.order.options.only_kexec_load;
  return option.empty() ? "" : "KEXEC_ARGS has " + option;
}

}  // namespace

Result<std::string> mkdumprd_program() {
  return find_program(KDUMP_MKDUMPRD_FROM_BIN, KDUMP_MKDUMPRD_PATH);
}

Result<PreparedLoad> plan_panic_kernel(const LoadOrder& order,
                                       const SysRoot& root,
                                       const kexec::HostFacts& host,
                                       const kexec::SyscallFacts& syscalls) {
  const std::vector<std::string> images = {root.path(order.image)};
  const kexec::KernelImage kernel = TRY(kexec::read_kernel_image(root.path(order.kernel)));
  const std::vector<std::byte> image = TRY(kexec::read_initrd(images));
  std::vector<std::byte> seed = TRY(kexec::random_seed());
  kexec::CrashLoadRequest request{.kernel = kernel,
                                  .initrd = image,
                                  .command_line = order.command_line,
                                  .rng_seed = std::move(seed)};
  request.efi_runtime = order.options.efi_runtime;
  request.window = {order.options.lowest_address, order.options.end_address};
  const FileRecord image_record = TRY(record_file(root, order.image, image));
  // Without the bytes up to a multiple of four.
  const UnpackedImage unpacked = measure_image(std::span(image).first(image_record.size));
  request.unpacked_initrd = std::max<std::uint64_t>(unpacked.size, image.size());
  request.working_memory = kLeastWorkingMemory;

  PreparedLoad prepared;
  prepared.order = order;
  prepared.load.plan = TRY(kexec::plan_crash_load(request, host));
  prepared.load.choice = kexec::choose_syscall(order.options.syscall,
                                               syscalls,
                                               {.kind = kexec::LoadKind::kPanic,
                                                .memory_ranges = prepared.load.plan.e820.size(),
                                                .only_kexec_load = only_kexec_load(prepared),
                                                .hands_on_keys = !order.volume_keys.empty()});
  prepared.load.volume_keys = order.volume_keys;
  prepared.load.files = TRY(kexec::plan_file_load({.kind = kexec::LoadKind::kPanic,
                                                   .kernel = kernel,
                                                   .initrd_paths = images,
                                                   .initrd = image,
                                                   .command_line = order.command_line,
                                                   .debug = order.options.debug}));
  if (prepared.load.choice.first == kexec::Syscall::kLoad) {
    TRY(kexec::check_loadable(prepared.load.plan));
  }
  prepared.kernel = TRY(record_file(root, order.kernel, kernel.file()));
  prepared.image = image_record;
  prepared.image_damage = unpacked.damage;
  return prepared;
}

Status RunningHost::build_image(const ImageOrder& order) {
  std::vector<std::string> argv = {
      TRY(mkdumprd_program()), "--force", "--kver", order.kernel_version};
  if (order.debug) argv.emplace_back("--debug");
  if (!root_.is_host()) argv.insert(argv.end(), {"--root", root_.prefix()});
  if (!order.arguments.empty()) {
    argv.push_back(fmt::format("--ordered-with={}", fmt::join(order.arguments, " ")));
  }
  argv.insert(argv.end(), order.arguments.begin(), order.arguments.end());
  argv.push_back(root_.path(order.image));
  Child child = TRY(Child::spawn(argv, {}));
  const auto status = child.wait_until(std::chrono::steady_clock::now() + kBuildDeadline);
  if (!status && status.error().kind == ErrorKind::kTimeout) {
    return make_error(ErrorKind::kTimeout,
                      "mkdumprd did not end within {} minutes and was killed",
                      kBuildDeadline.count());
  }
  if (!status) return status.error();
  if (!status->success()) {
    return make_error(ErrorKind::kSystem, "mkdumprd ended with {}", status->describe());
  }
  return {};
}

Status RunningHost::run_collector(const std::vector<std::string>& arguments,
                                  const std::string& input) {
  std::vector<std::string> argv = {TRY(find_program("kdump-collect", KDUMP_COLLECTOR_PATH))};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  Fd in;
  if (!input.empty()) in = TRY(Fd::open(input, O_RDONLY));
  Child child = TRY(Child::spawn(argv, {.in = in.raw(), .out = -1, .err = -1}));
  const ExitStatus status = TRY(child.wait());
  if (status.success()) return {};
  return make_error(ErrorKind::kSystem, "kdump-collect ended with {}", status.describe());
}

Result<PreparedLoad> RunningHost::plan_load(const LoadOrder& order) {
  return plan_panic_kernel(order,
                           root_,
                           TRY(kexec::read_host_facts(root_)),
                           kexec::read_syscall_facts(root_, kexec::LoadKind::kPanic));
}

Result<kexec::KernelLoadResult> RunningHost::load(const kexec::KernelLoad& load) {
  // A record that is damaged is as good as none: the keyring is asked first in any case.
  const auto armed = read_armed_state(root_).value_or(std::nullopt);
  const auto keys = TRY(OfferedVolumeKeys::offer(
      root_, load.volume_keys, armed ? armed->volume_keys : std::vector<std::string>()));
  kexec::RunningKernel kernel;
  kexec::Loader loader(root_, kernel);
  return kexec::load_kernel(loader, load);
}

Status RunningHost::unload() {
  kexec::RunningKernel kernel;
  return kexec::Loader(root_, kernel).unload(kexec::LoadKind::kPanic);
}

Status RunningHost::run(const std::vector<std::string>& argv) {
  Child child = TRY(Child::spawn(argv, {.in = STDIN_FILENO}));
  const ExitStatus status = TRY(child.wait());
  if (status.success()) return {};
  return make_error(ErrorKind::kSystem, "{} ended with {}", argv.front(), status.describe());
}

Result<std::vector<std::string>> RunningHost::check_image(const std::string& image) {
  const std::string program = TRY(mkdumprd_program());
  const auto output = TRY(run_command({program, "check", root_.path(image)}, kProgramDeadline));
  constexpr std::string_view kProblem = "PROBLEM: ";
  std::vector<std::string> problems;
  for (const std::string_view line : split_lines(output.out)) {
    if (line.starts_with(kProblem)) problems.emplace_back(line.substr(kProblem.size()));
  }
  if (!output.status.success() && problems.empty()) {
    return make_error(ErrorKind::kSystem, "mkdumprd ended with {}", output.status.describe());
  }
  return problems;
}

Result<bool> RunningHost::confirm(const std::string& question) {
  if (::isatty(STDIN_FILENO) != 1) {
    return make_error(ErrorKind::kUsage, "there is no terminal to ask at; say --force");
  }
  TRY(write_all(STDERR_FILENO, question));
  std::array<std::byte, 64> answer{};
  const std::size_t size = TRY(read_some(STDIN_FILENO, answer));
  return size > 0 && (answer[0] == std::byte{'y'} || answer[0] == std::byte{'Y'});
}

Status RunningHost::crash() {
  if (!root_.is_host()) {
    return make_error(ErrorKind::kUsage, "only the running host can be crashed");
  }
  ::sync();
  // kernel.sysrq restricts the keyboard, not this file.
  return write_attribute("/proc/sysrq-trigger", "c");
}

bool RunningHost::stops_for_a_restart() { return root_.is_host() && ctl::stops_for_a_restart(); }

}  // namespace kdump::ctl
