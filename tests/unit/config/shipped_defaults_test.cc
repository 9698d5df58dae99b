// SPDX-License-Identifier: GPL-2.0-or-later
// The files that are installed say what the programs do without them.
#include "base/io.h"
#include "config/kdump_conf.h"
#include "config/sysconfig.h"
#include "tests/support/source_tree.h"

#include <gmock/gmock.h>

namespace kdump::config {
namespace {

std::string shipped(const std::string& name) {
  const auto text = read_file(test::source_path("config/" + name));
  EXPECT_TRUE(text) << name;
  return text.value_or("");
}

TEST(ShippedDefaults, KdumpConf) {
  const std::string text = shipped("kdump.conf");
  const auto checked = check_kdump_conf(text, "kdump.conf");
  EXPECT_THAT(checked.diagnostics, testing::IsEmpty());
  EXPECT_TRUE(std::holds_alternative<PathTarget>(checked.config.target));
  EXPECT_EQ(checked.config.path, KdumpConfig{}.path);
  EXPECT_EQ(checked.config.auto_reset_crashkernel, KdumpConfig{}.auto_reset_crashkernel);
  EXPECT_THAT(checked.config.core_collector,
              testing::ElementsAre("makedumpfile", "-z", "--message-level", "7", "-d", "31"));
  ASSERT_EQ(parse_kdump_conf(text).size(), 3U);
}

TEST(ShippedDefaults, EveryExampleInKdumpConfIsAnOption) {
  int examples = 0;
  const std::string text = shipped("kdump.conf");
  for (std::size_t at = text.find("\n#"); at != std::string::npos; at = text.find("\n#", at + 1)) {
    const std::string line = text.substr(at + 2, text.find('\n', at + 2) - at - 2);
    if (line.empty() || line[0] == ' ') continue;  // prose
    ++examples;
    EXPECT_THAT(check_kdump_conf(line, "kdump.conf").diagnostics, testing::IsEmpty()) << line;
  }
  EXPECT_GE(examples, 15);
}

TEST(ShippedDefaults, Sysconfig) {
  for (const std::string machine : {"x86_64", "aarch64"}) {
    const auto checked =
        check_sysconfig(shipped("kdump.sysconfig." + machine), "kdump.sysconfig", "none");
    EXPECT_THAT(checked.diagnostics, testing::IsEmpty());
    const Sysconfig& shipped_settings = checked.settings;
    const Sysconfig defaults = sysconfig_defaults(machine);
    EXPECT_EQ(shipped_settings.kernel_version, defaults.kernel_version);
    EXPECT_EQ(shipped_settings.commandline, defaults.commandline);
    EXPECT_EQ(shipped_settings.commandline_remove, defaults.commandline_remove);
    EXPECT_EQ(shipped_settings.commandline_append, defaults.commandline_append);
    EXPECT_EQ(shipped_settings.kexec_args, defaults.kexec_args);
    EXPECT_EQ(shipped_settings.boot_directory, defaults.boot_directory);
    EXPECT_EQ(shipped_settings.image_name, defaults.image_name);
    EXPECT_EQ(shipped_settings.image_extension, defaults.image_extension);
    EXPECT_EQ(shipped_settings.stderr_log_level, defaults.stderr_log_level);
    EXPECT_EQ(shipped_settings.syslog_level, defaults.syslog_level);
    EXPECT_EQ(shipped_settings.kmsg_log_level, defaults.kmsg_log_level);
  }
}

}  // namespace
}  // namespace kdump::config
