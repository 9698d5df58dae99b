// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/sysconfig.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

namespace kdump::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Sysconfig, AnUnsetVariableHasTheDefaultOfTheMachine) {
  const auto checked = check_sysconfig("", "f", "x86_64");
  EXPECT_THAT(checked.diagnostics, IsEmpty());
  EXPECT_THAT(checked.settings.commandline_append, HasSubstr("nr_cpus=1"));
  EXPECT_THAT(checked.settings.commandline_append, HasSubstr("acpi_no_memhotplug"));
  EXPECT_EQ(checked.settings.image_name, "vmlinuz");
  EXPECT_THAT(sysconfig_defaults("aarch64").commandline_append, HasSubstr("swiotlb=noforce"));
  EXPECT_THAT(sysconfig_defaults("riscv64").commandline_append, HasSubstr("reset_devices"));
}

TEST(Sysconfig, SetsEveryVariable) {
  const auto checked = check_sysconfig(R"(KDUMP_KERNELVER=6.1.0-9-amd64
KDUMP_COMMANDLINE="ro root=/dev/sda1"
KDUMP_COMMANDLINE_REMOVE="quiet hugepages=4 dyndbg=\"a b\""
KDUMP_COMMANDLINE_APPEND="irqpoll dyndbg=\"file a.c +p\""
FADUMP_COMMANDLINE_APPEND=nr_cpus=16
MKDUMPRD_ARGS="--add-drivers 'a b'"
KEXEC_ARGS="-s --append='x y'"
KDUMP_BOOTDIR=/boot/efi
KDUMP_IMG=bzImage
KDUMP_IMG_EXT=.efi
VMCORE_CREATION_NOTIFICATION=no
KDUMP_STDLOGLVL=4
KDUMP_SYSLOGLVL=1
KDUMP_KMSGLOGLVL=2
)",
                                       "f",
                                       "x86_64");
  EXPECT_THAT(checked.diagnostics, IsEmpty());
  const Sysconfig& settings = checked.settings;
  EXPECT_EQ(settings.kernel_version, "6.1.0-9-amd64");
  EXPECT_EQ(settings.commandline, "ro root=/dev/sda1");
  EXPECT_THAT(settings.commandline_remove, ElementsAre("quiet", "hugepages", "dyndbg"));
  EXPECT_EQ(settings.commandline_append, "irqpoll dyndbg=\"file a.c +p\"");
  EXPECT_EQ(settings.fadump_commandline_append, "nr_cpus=16");
  EXPECT_THAT(settings.mkdumprd_args, ElementsAre("--add-drivers", "a b"));
  EXPECT_THAT(settings.kexec_args, ElementsAre("-s", "--append=x y"));
  EXPECT_EQ(settings.boot_directory, "/boot/efi");
  EXPECT_EQ(settings.image_name, "bzImage");
  EXPECT_EQ(settings.image_extension, ".efi");
  EXPECT_FALSE(settings.vmcore_creation_notification);
  EXPECT_EQ(settings.stderr_log_level, 4);
  EXPECT_EQ(settings.syslog_level, 1);
  EXPECT_EQ(settings.kmsg_log_level, 2);
}

TEST(Sysconfig, AnEmptyValueIsAValue) {
  const auto checked = check_sysconfig(
      "KDUMP_COMMANDLINE_REMOVE=\nKDUMP_COMMANDLINE_APPEND=''\nKEXEC_ARGS=\"\"\nKDUMP_IMG=\"\"\n"
      "KDUMP_STDLOGLVL=\"\"\n",
      "f",
      "x86_64");
  EXPECT_THAT(checked.diagnostics, IsEmpty());
  EXPECT_THAT(checked.settings.commandline_remove, IsEmpty());
  EXPECT_EQ(checked.settings.commandline_append, "");
  EXPECT_THAT(checked.settings.kexec_args, IsEmpty());
  EXPECT_EQ(checked.settings.image_name, "vmlinuz");
  EXPECT_EQ(checked.settings.stderr_log_level, 3);
}

TEST(Sysconfig, AValueOverSeveralLinesBecomesOneLine) {
  const auto checked =
      check_sysconfig("KDUMP_COMMANDLINE_APPEND=\"irqpoll\n  nr_cpus=1\"", "f", "x86_64");
  EXPECT_THAT(checked.diagnostics, IsEmpty());
  EXPECT_EQ(checked.settings.commandline_append, "irqpoll   nr_cpus=1");
}

struct FindingCase {
  const char* text;
  Severity severity;
  int line;
  const char* shown;
};

TEST(Sysconfig, Findings) {
  const std::vector<FindingCase> table = {
      {"\nKDUMP_COMMANDLINE_APEND=x",
       Severity::kWarning,
       2,
       "KDUMP_COMMANDLINE_APEND is not a variable that kdump knows. Did you mean "
       "KDUMP_COMMANDLINE_APPEND?"},
      {"COLOUR=red", Severity::kWarning, 1, "COLOUR is not a variable that kdump knows. Remove"},
      {"KDUMP_COMMANDLINE_APPEND=irqpoll nr_cpus=1",
       Severity::kError,
       1,
       "'nr_cpus=1' stands outside the value of KDUMP_COMMANDLINE_APPEND. Put the value of "
       "KDUMP_COMMANDLINE_APPEND in double quotes"},
      {"KDUMP_IMG=a\nKDUMP_IMG=b", Severity::kWarning, 2, "KDUMP_IMG is assigned again"},
      {"KDUMP_STDLOGLVL=5", Severity::kWarning, 1, "KDUMP_STDLOGLVL is not a log level: '5'"},
      {"KDUMP_STDLOGLVL=debug", Severity::kWarning, 1, "not a log level: 'debug'. Write a number"},
      {"KDUMP_BOOTDIR=boot", Severity::kError, 1, "KDUMP_BOOTDIR is not an absolute path: 'boot'"},
      {"KEXEC_ARGS=\"--append='x\"", Severity::kError, 1, "KEXEC_ARGS has a ' without its partner"},
      {"VMCORE_CREATION_NOTIFICATION=maybe", Severity::kWarning, 1, "counts as yes"},
      {"KDUMP_IMG='a\x01'", Severity::kError, 1, "KDUMP_IMG contains a control character"},
      {"KDUMP_IMG='\xe4'", Severity::kError, 1, "KDUMP_IMG is not valid UTF-8"},
      {"KEXEC_ARGS=$(cat x)", Severity::kError, 1, "a shell substitution is not run here"},
  };
  for (const FindingCase& row : table) {
    const auto checked = check_sysconfig(row.text, "/etc/sysconfig/kdump", "x86_64");
    ASSERT_EQ(checked.diagnostics.size(), 1U) << row.text;
    EXPECT_EQ(checked.diagnostics[0].severity, row.severity) << row.text;
    EXPECT_EQ(checked.diagnostics[0].line, row.line) << row.text;
    EXPECT_THAT(checked.diagnostics[0].to_string(), HasSubstr(row.shown));
  }
}

TEST(Sysconfig, AHelperVariableIsFine) {
  const auto checked = check_sysconfig(
      "EXTRA=\"a b\"\nKDUMP_COMMANDLINE_APPEND=\"irqpoll $EXTRA\"\n", "f", "x86_64");
  EXPECT_THAT(checked.diagnostics, IsEmpty());
  EXPECT_EQ(checked.settings.commandline_append, "irqpoll a b");
}

TEST(Sysconfig, Loads) {
  const test::TempTree tree;
  const auto absent = load_sysconfig(tree.root());
  ASSERT_TRUE(absent);
  EXPECT_EQ(absent->settings.commandline_append,
            sysconfig_defaults(build_machine()).commandline_append);
  tree.write("/etc/sysconfig/kdump", "KDUMP_IMG=x\nBAD LINE\n");
  const auto present = load_sysconfig(tree.root());
  ASSERT_TRUE(present);
  EXPECT_EQ(present->settings.image_name, "x");
  ASSERT_EQ(present->diagnostics.size(), 1U);
  EXPECT_EQ(present->diagnostics[0].file, tree.path("/etc/sysconfig/kdump"));
  tree.make_directory("/etc/sysconfig/folder");
  EXPECT_FALSE(load_sysconfig(tree.root(), "/etc/sysconfig/folder"));
}

}  // namespace
}  // namespace kdump::config
