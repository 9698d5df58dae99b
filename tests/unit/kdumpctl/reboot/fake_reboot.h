// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/io.h"
#include "kdumpctl/host_actions.h"
#include "kdumpctl/reboot/verbs.h"
#include "tests/support/temp_tree.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/mman.h>

namespace kdump::ctl::reboot {

/// A Debian-style host in a folder. Files are real; loading, systemd and the person at the terminal
/// are played.
class FakeReboot : public RebootActions {
 public:
  FakeReboot() {
    tree.write("/proc/self/mountinfo", "20 1 254:1 / / rw - ext4 /dev/vda1 rw\n");
    tree.write("/proc/sys/kernel/osrelease", "6.1.0-9-amd64\n");
    tree.write("/proc/sys/kernel/random/boot_id", "first\n");
    tree.write("/proc/cmdline", "BOOT_IMAGE=/v root=/dev/vda1 ro quiet\n");
    tree.write("/sys/kernel/kexec_loaded", "0\n");
    tree.write("/dev/vda1", "");
    tree.write("/boot/vmlinuz-6.1.0-9-amd64", "kernel");
    tree.write("/boot/initrd.img-6.1.0-9-amd64", "initrd");
    tree.link("/vmlinuz", "boot/vmlinuz-6.1.0-9-amd64");
    tree.link("/initrd.img", "boot/initrd.img-6.1.0-9-amd64");
    tree.make_directory("/run/systemd/system");
    tree.make_directory("/run/lock");
    tree.write("/boot/grub/grub.cfg",
               "load_env\nif [ \"${next_entry}\" ]; then set default=\"${next_entry}\"\n"
               "else set default=0; fi\n"
               "menuentry 'Debian' --id debian {\n linux /boot/vmlinuz-6.1.0-9-amd64 "
               "root=/dev/vda1 ro a=menu quiet\n initrd /boot/initrd.img-6.1.0-9-amd64\n}\n"
               "menuentry 'Once' --id once {\n linux /boot/vmlinuz-6.1.0-9-amd64 "
               "root=/dev/vda1 ro a=once\n initrd /boot/initrd.img-6.1.0-9-amd64\n}\n");
  }

  Result<std::string> plan(const NextKernel& next) override { return "plan of " + next.kernel; }
  Result<LoadedBy> load(const NextKernel& next) override {
    if (load_error) return *load_error;
    loads.push_back(next);
    tree.write("/sys/kernel/kexec_loaded", "1\n");
    return loaded_by;
  }
  Status unload() override {
    if (unload_error) return *unload_error;
    tree.write("/sys/kernel/kexec_loaded", "0\n");
    return {};
  }
  Result<std::string> run(const std::vector<std::string>& argv,
                          const std::vector<std::string>& environment) override {
    commands.push_back(fmt::format("{}{}{}",
                                   fmt::join(environment, " "),
                                   environment.empty() ? "" : " ",
                                   fmt::join(argv, " ")));
    if (argv.size() > 1 && argv[1] == "list-jobs") return jobs;
    if (run_error) return *run_error;
    return std::string();
  }
  [[nodiscard]] bool has_terminal() const override { return terminal; }
  Result<std::string> ask(const std::string& question) override {
    questions.push_back(question);
    return answer;
  }

  using Verb = Result<int> (*)(const Context& context, RebootActions& actions);
  /// The exit code; what was said goes to `messages`.
  int run_verb(Verb verb, const std::vector<std::string>& arguments) {
    const Fd output(::memfd_create("messages", MFD_CLOEXEC));
    EXPECT_TRUE(output.valid());
    RunningHost host(tree.root());
    const Context context{
        tree.root(), Log("kdump", LogLevel::kInfo, output.raw()), host, arguments};
    const auto result = verb(context, *this);
    if (!result) context.log.error("{}", result.error().message);
    messages.resize(static_cast<std::size_t>(::lseek(output.raw(), 0, SEEK_END)));
    EXPECT_TRUE(read_exact_at(output.raw(), std::as_writable_bytes(std::span(messages)), 0));
    return result ? *result : 1;
  }

  void set_grubenv(const std::string& lines) const {
    std::string block = "# GRUB Environment Block\n" + lines;
    block.resize(1024, '#');
    tree.write("/boot/grub/grubenv", block);
  }
  [[nodiscard]] bool loaded() const { return tree.read("/sys/kernel/kexec_loaded") == "1\n"; }

  test::TempTree tree;
  bool terminal = true;
  std::string answer = "y";
  std::string jobs;  ///< what systemctl list-jobs prints
  LoadedBy loaded_by{kexec::Syscall::kFileLoad, "played", false};
  std::optional<Error> load_error;
  std::optional<Error> unload_error;
  std::optional<Error> run_error;
  std::vector<NextKernel> loads;
  std::vector<std::string> commands;
  std::vector<std::string> questions;
  std::string messages;
};

}  // namespace kdump::ctl::reboot
