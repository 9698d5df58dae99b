// SPDX-License-Identifier: GPL-2.0-or-later
// Each bad input has a message that says what to do, and none takes a loaded panic kernel away. The
// messages are in tests/golden/kdumpctl/bad-input/.
#include "tests/support/golden.h"
#include "tests/unit/kdumpctl/verb_host.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <functional>

namespace kdump::ctl {
namespace {

struct BadInput {
  const char* name;
  std::function<void(VerbHost&)> spoil;
  bool has_usable_image = false;  ///< so that a host that is not armed can be
};

void make_newer_than(const VerbHost& host, const char* other, const char* path) {
  namespace fs = std::filesystem;
  fs::last_write_time(host.tree.path(path),
                      fs::last_write_time(host.tree.path(other)) + std::chrono::hours(1));
}

const std::vector<BadInput>& bad_inputs() {
  static const std::vector<BadInput> table = {
      {"no-reservation",
       [](VerbHost& host) {
         host.tree.write("/sys/kernel/kexec_crash_size", "0\n");
         host.tree.write("/proc/cmdline", "ro quiet\n");
       }},
      {"failed-reservation",
       [](VerbHost& host) { host.tree.write("/sys/kernel/kexec_crash_size", "0\n"); }},
      {"no-configuration",
       [](VerbHost& host) { std::filesystem::remove(host.tree.path("/etc/kdump.conf")); },
       true},
      {"unreadable-configuration",
       [](VerbHost& host) {
         std::filesystem::remove(host.tree.path("/etc/kdump.conf"));
         host.tree.make_directory("/etc/kdump.conf");
       },
       true},
      {"malformed-configuration",
       [](VerbHost& host) {
         host.tree.write(
             "/etc/kdump.conf",
             "pth /var/crash\next4 sda1\nraw /dev/sdb\nnfs h:/x\nfailure_action pray\n");
         host.tree.write("/etc/sysconfig/kdump",
                         "KDUMP_COMMANDLINE_APPEND=irqpoll reset_devices\nKDUMP_IMG=$(uname)\n"
                         "KEXEC_ARGS=\"-e --frob\"\n");
       },
       true},
      {"missing-kernel",
       [](VerbHost& host) { host.tree.write("/etc/sysconfig/kdump", "KDUMP_KERNELVER=9.9\n"); }},
      {"damaged-unified-kernel",
       [](VerbHost& host) {
         host.tree.write("/etc/machine-id", "abc\n");
         host.tree.write("/etc/sysconfig/kdump", "KDUMP_KERNELVER=9.9\n");
         host.tree.write("/efi/EFI/Linux/abc-9.9.efi", "MZ");
       }},
      {"truncated-kernel",
       [](VerbHost& host) {
         const std::string kernel = host.tree.read(kVerbHostKernel);
         host.tree.write(kVerbHostKernel, kernel.substr(0, kernel.size() - 1000));
       }},
      {"empty-kernel", [](VerbHost& host) { host.tree.write(kVerbHostKernel, ""); }},
      {"not-a-kernel",
       [](VerbHost& host) { host.tree.write(kVerbHostKernel, std::string(100000, 'x')); }},
      {"broken-image",
       [](VerbHost& host) {
         host.tree.write(kVerbHostImage, "garbage");
         host.tree.write("/etc/kdump.conf", "force_no_rebuild 1\n");
       }},
      {"no-room", [](VerbHost& host) { host.write_kernel({.init_size = 200U << 20U}); }},
      // What mkdumprd says about the target stands before this, from mkdumprd itself.
      {"build-fails",
       [](VerbHost& host) {
         make_newer_than(host, kVerbHostImage, "/etc/kdump.conf");
         host.build_error = make_error(ErrorKind::kSystem, "mkdumprd ended with exit code 1");
       },
       true},
      {"no-image-and-none-allowed",
       [](VerbHost& host) {
         std::filesystem::remove(host.tree.path(kVerbHostImage));
         host.tree.write("/etc/kdump.conf", "force_no_rebuild 1\n");
       }},
      {"command-line-too-long",
       [](VerbHost& host) {
         host.tree.write(
             "/etc/sysconfig/kdump",
             "KDUMP_COMMANDLINE_APPEND=\"nr_cpus=1 foo=" + std::string(2000, 'x') + "\"\n");
       }},
  };
  return table;
}

TEST(BadInput, HasAMessageWithARemedyAndLeavesTheLoadedKernelAlone) {
  for (const BadInput& input : bad_inputs()) {
    SCOPED_TRACE(input.name);
    VerbHost host;
    host.run("start");
    ASSERT_TRUE(host.loaded());
    make_newer_than(host, kVerbHostImage, kVerbHostImage);  // than whatever is written from now on
    const std::size_t armed = host.transcript().size();
    input.spoil(host);
    host.run("restart");
    EXPECT_TRUE(host.loaded());
    EXPECT_EQ(host.loads.size(), 1U);
    const std::string transcript = host.transcript().substr(armed);
    EXPECT_THAT(transcript, testing::HasSubstr("Starting kdump: [FAILED]\n[exit 1, loaded]"));
    test::expect_golden(fmt::format("kdumpctl/bad-input/{}.txt", input.name), transcript);
  }
}

TEST(BadInput, NothingLoadedIsSaid) {
  for (const BadInput& input : bad_inputs()) {
    if (input.has_usable_image) continue;
    SCOPED_TRACE(input.name);
    VerbHost host;
    host.tree.write(kVerbHostImage, "070701 an image\n");
    input.spoil(host);
    host.run("start");
    EXPECT_FALSE(host.loaded());
    EXPECT_THAT(host.transcript(), testing::HasSubstr("No panic kernel is loaded: a crash would"));
    EXPECT_THAT(host.transcript(), testing::EndsWith("[FAILED]\n[exit 1, not loaded]\n"));
  }
}

// As at a boot after a typing error, or with the dump target gone.
TEST(BadInput, AHostThatIsNotArmedGetsTheImageThatIsThere) {
  std::string transcript;
  for (const BadInput& input : bad_inputs()) {
    if (!input.has_usable_image) continue;
    SCOPED_TRACE(input.name);
    VerbHost host;
    host.tree.write(kVerbHostImage, "070701 an image\n");
    make_newer_than(host, kVerbHostImage, kVerbHostImage);
    input.spoil(host);
    host.run("restart");
    EXPECT_TRUE(host.loaded());
    transcript += fmt::format("# {}\n{}", input.name, host.transcript());
  }
  test::expect_golden("kdumpctl/bad-input/armed-all-the-same.txt", transcript);
}

TEST(BadInput, AKernelWithoutKexec) {
  VerbHost host;
  std::filesystem::remove_all(host.tree.path("/sys/kernel"));
  host.run("start");
  host.run("status");
  host.run("showmem");
  test::expect_golden("kdumpctl/bad-input/no-kexec.txt", host.transcript());
}

TEST(BadInput, ARefusedLoadIsNotHidden) {
  VerbHost host;
  host.run("start");
  host.load_error = make_error(ErrorKind::kSystem,
                               "cannot load the panic kernel: no memory (the panic kernel that was "
                               "loaded before is gone)");
  host.load_error_unloads = true;
  host.run("restart");
  host.unload_error = make_error(ErrorKind::kSystem, "cannot unload the panic kernel: forbidden");
  host.run("stop");
  test::expect_golden("kdumpctl/bad-input/refused.txt", host.transcript());
}

}  // namespace
}  // namespace kdump::ctl
