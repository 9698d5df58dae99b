// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/kdumpctl/verb_host.h"

#include "base/atomic_file.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/text.h"
#include "config/image_manifest.h"
#include "config/kdump_conf.h"
#include "tests/support/kexec_host.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <regex>
#include <sys/mman.h>
#include <unistd.h>

namespace kdump::ctl {
namespace {

constexpr const char* kCrashLoaded = "/sys/kernel/kexec_crash_loaded";

const Command& command_named(const std::string& verb) {
  for (const Command& command : all_commands()) {
    if (command.name == verb) return command;
  }
  ADD_FAILURE() << "no verb " << verb;
  return all_commands().front();
}

/// How much room the disk of whoever runs the tests has.
std::string without_free_space(const std::string& text) {
  return std::regex_replace(text, std::regex("[0-9.]+ [KMGTi]*B free"), "plenty free");
}

}  // namespace

VerbHost::VerbHost() : facts(test::bios_host()) {
  // Dates in messages are the host's.
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  tree.write(kCrashLoaded, "0\n");
  tree.write("/proc/sys/kernel/random/boot_id", "0a1b2c3d-0000-4000-8000-000000000000\n");
  tree.write("/sys/kernel/kexec_crash_size", "201326592\n");
  tree.write("/proc/sys/kernel/osrelease", "6.1.0-9-amd64\n");
  tree.write("/proc/cmdline",
             "BOOT_IMAGE=/vmlinuz-6.1.0-9-amd64 root=/dev/vda1 ro console=ttyS0 "
             "crashkernel=192M quiet\n");
  tree.write("/proc/cpuinfo", "processor\t: 0\ninitial apicid\t: 0\n\n");
  tree.write("/proc/self/mountinfo", "20 1 254:0 / / rw - ext4 /dev/vda rw\n");
  tree.make_directory("/var/crash");
  tree.write("/etc/kdump.conf", "path /var/crash\n");
  tree.write("/etc/sysconfig/kdump", "KDUMP_COMMANDLINE_APPEND=\"nr_cpus=1 reset_devices\"\n");
  tree.write("/usr/lib/modules/6.1.0-9-amd64/kernel/virtio.ko", "a module\n");
  write_kernel({});
}

void VerbHost::write_kernel(const test::BzImageBuilder& builder) const {
  const auto bytes = builder.build();
  std::string text(bytes.size(), '\0');
  std::transform(
      bytes.begin(), bytes.end(), text.begin(), [](std::byte b) { return static_cast<char>(b); });
  tree.write(kVerbHostKernel, text);
}

void VerbHost::set_loaded(bool loaded) const { tree.write(kCrashLoaded, loaded ? "1\n" : "0\n"); }

bool VerbHost::loaded() const { return tree.read(kCrashLoaded) == "1\n"; }

Status VerbHost::build_image(const ImageOrder& order) {
  builds.push_back(order);
  if (build_error) return *build_error;
  tree.write(order.image, "070701 a cpio archive\n");
  // As mkdumprd does.
  const auto conf = TRY(config::load_kdump_conf(tree.root()));
  config::ImageManifest manifest;
  manifest.kernel = order.kernel_version;
  manifest.arguments = fmt::format("{}", fmt::join(order.arguments, " "));
  manifest.image = TRY(config::stamp_of(tree.root(), order.image));
  manifest.facts = TRY(config::read_manifest_facts(tree.root(), conf.config));
  for (const char* path : {"/etc/kdump.conf", "/usr/lib/modules/6.1.0-9-amd64/kernel/virtio.ko"}) {
    manifest.files.push_back(TRY(config::record_manifest_file(tree.root(), path)));
  }
  tree.write(order.image + config::kManifestSuffix,
             config::to_json(manifest, config::Stamps::kWith));
  return {};
}

Result<std::vector<std::string>> VerbHost::check_image(const std::string& image) {
  EXPECT_TRUE(tree.exists(image));
  return image_problems;
}

Result<bool> VerbHost::confirm(const std::string& question) {
  EXPECT_FALSE(question.empty());
  return answer;
}

Status VerbHost::crash() {
  crashed = true;
  return {};
}

Status VerbHost::run_collector(const std::vector<std::string>& arguments,
                               const std::string& input) {
  TRY(write_file_atomically(arguments.back(), 0644, input.empty() ? "log" : TRY(read_file(input))));
  if (collector_error) return *collector_error;
  return {};
}

Result<PreparedLoad> VerbHost::plan_load(const LoadOrder& order) {
  return plan_panic_kernel(order, tree.root(), facts, syscalls);
}

Result<kexec::KernelLoadResult> VerbHost::load(const kexec::KernelLoad& load) {
  loads.push_back(load);
  if (load_error && load_errors != 0) {
    --load_errors;
    if (load_error_unloads) set_loaded(false);
    return *load_error;
  }
  set_loaded(true);
  return kexec::KernelLoadResult{.used = load.choice.first, .refusal = {}};
}

Status VerbHost::unload() {
  if (unload_error) return *unload_error;
  set_loaded(false);
  return {};
}

Status VerbHost::run(const std::vector<std::string>& argv) {
  programs.push_back(without_folder(fmt::format("{}", fmt::join(argv, " "))));
  if (argv.front() != failing_program) return {};
  return make_error(ErrorKind::kSystem, "{} ended with exit code 1", argv.front());
}

std::string VerbHost::without_folder(std::string text) const {
  const std::string folder = tree.folder();
  for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder, at)) {
    text.erase(at, folder.size());
  }
  return text;
}

void VerbHost::run(const std::string& line, LogLevel level) {
  const Fd messages(::memfd_create("messages", MFD_CLOEXEC));
  const Fd standard_output(::dup(STDOUT_FILENO));
  ASSERT_TRUE(messages.valid() && standard_output.valid());
  const auto words = split_words(line);
  const Context context{
      tree.root(), Log("kdump", level, messages.raw()), *this, {words.begin() + 1, words.end()}};
  ASSERT_GE(::dup2(messages.raw(), STDOUT_FILENO), 0);
  const auto result = run_command(command_named(std::string(words.front())), context);
  ASSERT_GE(::dup2(standard_output.raw(), STDOUT_FILENO), 0);
  // As tool_main does.
  if (!result) context.log.error("{}", result.error().message);
  std::string text(static_cast<std::size_t>(::lseek(messages.raw(), 0, SEEK_END)), '\0');
  ASSERT_TRUE(read_exact_at(messages.raw(), std::as_writable_bytes(std::span(text)), 0));
  text = without_free_space(without_folder(std::move(text)));
  const bool has_kexec = tree.exists(kCrashLoaded);
  transcript_ += fmt::format("$ kdumpctl {}\n{}[exit {}, {}]\n",
                             without_folder(line),
                             text,
                             result ? *result : 1,
                             !has_kexec ? "no kexec"
                             : loaded() ? "loaded"
                                        : "not loaded");
}

}  // namespace kdump::ctl
