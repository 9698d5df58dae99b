// SPDX-License-Identifier: GPL-2.0-or-later
// What other programs expect of kdump, as their sources have it; docs/clients.md lists it with the
// tests here and elsewhere.
#include "base/io.h"
#include "base/text.h"
#include "config/kdump_conf.h"
#include "config/sysconfig.h"
#include "kdumpctl/settings.h"
#include "tests/support/source_tree.h"
#include "tests/unit/kdumpctl/verb_host.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <regex>

namespace kdump::ctl {
namespace {

using testing::HasSubstr;

std::string source_file(const std::string& name) {
  const auto text = read_file(test::source_path(name));
  EXPECT_TRUE(text) << name;
  return text.value_or("");
}

bool is_accepted(const std::string& conf) {
  const auto checked = config::check_kdump_conf(conf, "/etc/kdump.conf");
  for (const auto& finding : checked.diagnostics) {
    EXPECT_EQ(finding.severity, config::Severity::kWarning) << finding.to_string();
  }
  return !config::has_errors(checked.diagnostics);
}

// Cockpit's page keeps the lines of the file, edits those it knows and appends the others.
TEST(Cockpit, WhatItWritesIsAccepted) {
  std::string shipped = source_file("config/kdump.conf");
  const std::string own = "\npath /var/crash\n";
  ASSERT_NE(shipped.find(own), std::string::npos);
  shipped.replace(shipped.find(own), own.size(), "\n");
  for (const char* lines : {"path /var/crash\n",
                            "nfs server:/export\npath /dumps\n",
                            "nfs [2001:db8::1]:/export\n",
                            "ssh root@server\nsshkey /root/.ssh/id_rsa\npath /var/crash\n",
                            "raw /dev/vdb1\n",
                            "xfs UUID=03138356-5e61-4ab3-b58e-27507ac41937\npath crash\n",
                            "#path /var/crash # was mine\n"}) {
    EXPECT_TRUE(is_accepted(shipped + lines)) << lines;
  }
}

TEST(Cockpit, ItsCompressionSwitchAndItsFlattenedFormat) {
  for (const char* line : {"core_collector makedumpfile -c\n",
                           "core_collector makedumpfile -l --message-level 7 -d 31 -c\n",
                           "core_collector makedumpfile -z --message-level 7 -d 31 -c\n",
                           "ssh root@server\ncore_collector makedumpfile -l -d 31 -F\n",
                           "core_collector makedumpfile\n"}) {
    EXPECT_TRUE(is_accepted(line)) << line;
  }
}

/// As its parser reads a file: a word, a blank, the value up to a '#'.
TEST(Cockpit, ItSeesALocalTargetInTheShippedFile) {
  const std::string shipped = source_file("config/kdump.conf");
  for (const std::string_view line : split_lines(shipped)) {
    if (trim(line).empty() || trim(line).starts_with('#')) continue;
    EXPECT_THAT(line,
                testing::AnyOf(testing::StartsWith("path /var/crash"),
                               testing::StartsWith("core_collector makedumpfile "),
                               testing::StartsWith("auto_reset_crashkernel ")));
  }
}

// Roles and kickstarts edit the lines that kdump-utils' file has, by sed or lineinfile.
TEST(EditsOfTheShippedFile, FindTheLinesThatTheyReplace) {
  const std::string shipped = source_file("config/kdump.conf");
  for (const char* line : {"\npath /var/crash\n",
                           "\ncore_collector makedumpfile ",
                           "\nauto_reset_crashkernel yes\n"}) {
    EXPECT_THAT(shipped, HasSubstr(line));
  }
}

// It shows the messages of a failed restart by `journalctl --identifier=kdumpctl`: the name of the
// program, unless the unit sets another.
TEST(Cockpit, TheJournalCallsUsKdumpctl) {
  const std::string unit = source_file("packaging/systemd/kdump.service.in");
  EXPECT_THAT(unit, HasSubstr("/kdumpctl restart\n"));
  EXPECT_THAT(unit, testing::Not(HasSubstr("SyslogIdentifier")));
  EXPECT_THAT(unit, testing::Not(HasSubstr("StandardError=")));
}

// sos collects it by this name, and lists its content.
TEST(Sos, TheImageIsWhereItLooks) {
  VerbHost host;
  host.run("start");
  EXPECT_TRUE(host.tree.exists("/boot/initramfs-6.1.0-9-amd64kdump.img"));
}

TEST(Sos, TheRulesAreCalledAsItLooksForThem) {
  EXPECT_TRUE(std::regex_match("98-kexec.rules", std::regex(".*kexec\\.rules")));
  EXPECT_THAT(source_file("packaging/CMakeLists.txt"), HasSubstr("98-kexec.rules"));
}

// It runs `kdumpctl status` and `kdumpctl estimate`.
TEST(Sos, StatusAndEstimateNeedNothingLoaded) {
  VerbHost host;
  host.run("status");
  EXPECT_THAT(host.transcript(), HasSubstr("kdump: Kdump is not operational\n"));
  host.run("start");
  host.run("status");
  host.run("estimate");
  EXPECT_THAT(host.transcript(), HasSubstr("kdump: Kdump is operational\n"));
  for (const char* line : {"\nReserved crashkernel:    192M\n",
                           "\nRecommended crashkernel: ",
                           "\nKernel image size:   ",
                           "\nKernel modules size: ",
                           "\nInitramfs size:      ",
                           "\nRuntime reservation: ",
                           "\nLarge modules: <none>\n"}) {
    EXPECT_THAT(host.transcript(), HasSubstr(line));
  }
}

// sos and abrt take the first word behind "path", and "ext4 DEVICE" at the beginning of a line.
TEST(Sos, LeadingBlanksAreOursToUnderstandToo) {
  const auto checked = config::check_kdump_conf("  path   /srv  # here\n", "f");
  EXPECT_EQ(checked.config.path, "/srv");
}

// abrt refuses an absolute path below a file system target, so that its users write a relative one.
TEST(Abrt, ARelativePathBelowATarget) {
  const auto checked = config::check_kdump_conf("ext4 /dev/vdb\npath crash\n", "f");
  EXPECT_FALSE(config::has_errors(checked.diagnostics));
  EXPECT_EQ(checked.config.path, "/crash");
}

// Insights reads these variables, and takes a missing one as empty.
TEST(Insights, TheShippedFileHasItsVariables) {
  for (const char* machine : {"x86_64", "aarch64"}) {
    const std::string text = source_file(std::string("config/kdump.sysconfig.") + machine);
    for (const char* name : {"KDUMP_COMMANDLINE",
                             "KDUMP_COMMANDLINE_REMOVE",
                             "KDUMP_COMMANDLINE_APPEND",
                             "KDUMP_KERNELVER",
                             "KDUMP_IMG",
                             "KDUMP_IMG_EXT",
                             "KEXEC_ARGS"}) {
      EXPECT_TRUE(std::regex_search(text, std::regex("(^|\n)" + std::string(name) + "=")))
          << name << " in " << machine;
    }
  }
}

// The system role writes both files from templates.
TEST(AnsibleRole, ItsFilesAreAccepted) {
  EXPECT_TRUE(
      is_accepted("# Ansible managed\n# Last modified: 2026-11-23 12:00:00\n\n"
                  "ssh kdump@logs\npath /var/crash\n"
                  "core_collector makedumpfile -l --message-level 1 -d 31\n"
                  "default reboot\n"));
  EXPECT_TRUE(is_accepted("path /var/crash\nfailure_action poweroff\nsshkey /root/.ssh/k\n"));
  const auto sysconfig = check_sysconfig_text(
      "KDUMP_COMMANDLINE_REMOVE=\"hugepages hugepagesz slub_debug quiet\"\n"
      "KDUMP_COMMANDLINE_APPEND=\"irqpoll nr_cpus=1 reset_devices cgroup_disable=memory mce=off "
      "numa=off udev.children-max=2 panic=10 rootflags=nofail acpi_no_memhotplug "
      "transparent_hugepage=never\"\n"
      "KDUMP_KERNELVER=\"\"\nKDUMP_COMMANDLINE=\"\"\nKEXEC_ARGS=\"\"\nKDUMP_IMG=\"vmlinuz\"\n"
      "KDUMP_IMG_EXT=\"\"\nMKDUMPRD_ARGS=\"\"\nKDUMP_BOOTDIR=\"/boot\"\n",
      "/etc/sysconfig/kdump");
  EXPECT_TRUE(sysconfig.diagnostics.empty()) << sysconfig.diagnostics.front().to_string();
}

// It, and installers, paste the default into the boot loader's configuration.
TEST(AnsibleRole, TheDefaultHasNoNewline) {
  VerbHost host;
  host.run("get-default-crashkernel");
  EXPECT_THAT(host.transcript(), testing::MatchesRegex("(.|\n)*:[0-9]+M\\[exit 0(.|\n)*"));
}

// The kernel test suite of Red Hat and CKI removes the image, restarts, and takes each further line
// with one of these words as a finding.
TEST(RedHatKernelTests, ARestartWithoutAnImageSaysNothingSuspicious) {
  VerbHost host;
  host.run("start");
  std::filesystem::remove(host.tree.path(kVerbHostImage));
  host.tree.write("/etc/kdump.conf",
                  "\npath /var/crash\ncore_collector makedumpfile -l --message-level 7 -d 31\n");
  const std::size_t before = host.transcript().size();
  host.run("restart");
  const std::string said = host.transcript().substr(before);
  EXPECT_THAT(said, HasSubstr("kdump: Starting kdump: [OK]\n[exit 0, loaded]"));
  EXPECT_THAT(said, HasSubstr("kdump: No kdump initial ramdisk found.\n"));
  const std::regex suspicious("can't|error|warn", std::regex::icase);
  EXPECT_FALSE(std::regex_search(said, suspicious)) << said;
}

// It edits /etc/sysconfig/kdump with sed: NAME=" at the beginning of a line, the value whole on it.
TEST(RedHatKernelTests, ItsSedFindsTheVariables) {
  for (const char* machine : {"x86_64", "aarch64"}) {
    const std::string text = source_file(std::string("config/kdump.sysconfig.") + machine);
    for (const char* name : {"KDUMP_COMMANDLINE",
                             "KDUMP_COMMANDLINE_REMOVE",
                             "KDUMP_COMMANDLINE_APPEND",
                             "KDUMP_KERNELVER",
                             "KDUMP_IMG",
                             "KEXEC_ARGS"}) {
      const std::regex line("(^|\n)" + std::string(name) + "=\"[^\"\\n]*\"\n");
      EXPECT_TRUE(std::regex_search(text, line)) << name << " in " << machine;
    }
  }
}

// What it, Avocado-VT, op-test, Red Hat's os-tests and CoreOS' kola write into kdump.conf.
TEST(TestSuites, WhatTheyWriteIsAccepted) {
  for (const char* conf : {"nfs server.example.com:/var/tmp/nfsshare\n",
                           "ssh root@server\nsshkey /root/plan/id_ecdsa\n"
                           "core_collector makedumpfile -l --message-level 7 -d 31 -F\n",
                           "core_collector makedumpfile -F -c -d 31\npath /var/crash\n",
                           "raw /dev/vdb1\ncore_collector makedumpfile -F -d 31\nlink_delay 60\n",
                           "ssh core@10.0.2.2\nsshkey /root/.ssh/id_ssh_kdump\n"
                           "path /home/core/crash\n"
                           "core_collector makedumpfile -F -l --message-level 1 -d 31\n",
                           "#ssh user@my.server.com\nnfs 10.1.1.1:/export\n#path /var/crash\n"
                           "path /\n"}) {
    EXPECT_TRUE(is_accepted(conf)) << conf;
  }
}

// Avocado-VT gives up when the status of a unit that has started says this.
TEST(TestSuites, NothingSaysThatLoadingFailedWhenItDidNot) {
  VerbHost host;
  host.run("start");
  host.run("restart");
  EXPECT_THAT(host.transcript(), testing::Not(HasSubstr("failed to load kdump kernel")));
}

// Hypervisor hosts of oVirt look for a line that begins so.
TEST(Vdsm, TheFenceNodesOfAClusterAreAccepted) {
  EXPECT_TRUE(
      is_accepted("path /var/crash\nfence_kdump_nodes engine.example.com 192.0.2.7\n"
                  "fence_kdump_args -p 7410 -f auto -c 0 -i 5\n"));
}

// Every script since RHEL 5: exit codes of status, and of anything that is no command.
TEST(Scripts, ExitCodes) {
  VerbHost host;
  host.run("status");
  EXPECT_THAT(host.transcript(), HasSubstr("[exit 3"));
  host.run("start");
  host.run("status");
  EXPECT_THAT(host.transcript(), testing::EndsWith("[exit 0, loaded]\n"));
}

}  // namespace
}  // namespace kdump::ctl
