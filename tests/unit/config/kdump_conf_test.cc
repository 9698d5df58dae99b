// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/kdump_conf.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace kdump::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct LineCase {
  const char* line;
  const char* name;
  const char* value;
};

TEST(KdumpConfParser, ReadsTrickyLinesAsKdumpUtilsDoes) {
  const std::vector<LineCase> table = {
      {"path /var/crash", "path", "/var/crash"},
      {"  path \t /var/crash  \r", "path", "/var/crash"},
      {"path /var/crash#1", "path", "/var/crash"},
      {"path /var/crash # where", "path", "/var/crash"},
      {"path", "path", ""},
      {"path #x", "path", ""},
      {"path \"/var/my crash\"", "path", "/var/my crash"},
      {"path \"\"", "path", ""},
      {"path \"", "path", "\""},
      {"path '/var/crash'", "path", "'/var/crash'"},
      {"core_collector \"makedumpfile -l\"", "core_collector", "makedumpfile -l"},
      {"core_collector \"a\" \"b\"", "core_collector", "\"a\" \"b\""},
      {"core_collector makedumpfile -x \"a b\"", "core_collector", "makedumpfile -x \"a b\""},
      {"a\\", "a\\", ""},
  };
  for (const LineCase& row : table) {
    const auto entries = parse_kdump_conf(row.line);
    ASSERT_EQ(entries.size(), 1U) << row.line;
    EXPECT_EQ(entries[0].name, row.name) << row.line;
    EXPECT_EQ(entries[0].value, row.value) << row.line;
    EXPECT_EQ(entries[0].line, 1);
  }
}

TEST(KdumpConfParser, SkipsCommentsAndCountsLines) {
  const auto entries = parse_kdump_conf("# a\n\n   \n #path x\npath /a\n\nraw /dev/b");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].line, 5);
  EXPECT_EQ(entries[1].line, 7);
}

KdumpConfig good(const std::string& text) {
  const auto checked = check_kdump_conf(text, "f");
  for (const Diagnostic& finding : checked.diagnostics) {
    ADD_FAILURE() << text << ": " << finding.to_string();
  }
  return checked.config;
}

TEST(KdumpConf, KeepDumpsIsANumber) {
  EXPECT_EQ(good("path /var/crash\n").keep_dumps, 0U);
  EXPECT_EQ(good("keep_dumps 3\n").keep_dumps, 3U);
  EXPECT_EQ(good("path /var/crash\n").keep_free, 0U);
  EXPECT_EQ(good("keep_free 2G\n").keep_free, std::uint64_t{2} << 30U);
  for (const char* text : {"keep_dumps 0\n", "keep_dumps all\n", "keep_dumps -1\n"}) {
    EXPECT_TRUE(has_errors(check_kdump_conf(text, "f").diagnostics)) << text;
  }
}

TEST(KdumpConf, FallbackTargetsAreReadAsTargets) {
  const KdumpConfig config =
      good("ext4 /dev/vdb\nfallback_target xfs UUID=12\nfallback_target virtiofs tag\n");
  EXPECT_TRUE(std::holds_alternative<FileSystemTarget>(config.target));
  ASSERT_EQ(config.fallback_targets.size(), 2U);
  EXPECT_EQ(std::get<FileSystemTarget>(config.fallback_targets[0]).device, "UUID=12");
  EXPECT_EQ(std::get<VirtiofsTarget>(config.fallback_targets[1]).tag, "tag");
  for (const char* text : {"fallback_target ext4\n", "fallback_target path /x\n"}) {
    EXPECT_TRUE(has_errors(check_kdump_conf(text, "f").diagnostics)) << text;
  }
}

TEST(KdumpConfCheck, AnEmptyFileMeansTheDefaults) {
  const KdumpConfig config = good("");
  EXPECT_TRUE(std::holds_alternative<PathTarget>(config.target));
  EXPECT_EQ(config.path, "/var/crash");
  EXPECT_THAT(config.core_collector, IsEmpty());
  EXPECT_EQ(config.failure_action, FailureAction::kReboot);
  EXPECT_TRUE(config.auto_reset_crashkernel);
}

TEST(KdumpConfCheck, EverySetting) {
  const KdumpConfig config = good(R"(path //var/./crash//x/
core_collector makedumpfile -l --message-level 7 -d 31
sshkey /root/key
kdump_pre /bin/pre
kdump_post "/bin/my post"
kdump_emergency /bin/emergency
extra_bins /bin/a /bin/b
extra_modules gfs2 nls
failure_action dump_to_rootfs
final_action halt
force_rebuild 0
force_no_rebuild 1
auto_reset_crashkernel no
fence_kdump_nodes node1 node2
fence_kdump_args -p 7410 -f auto
dracut_args --omit-drivers "cfg80211 snd" --add-drivers "ext2"
)");
  EXPECT_EQ(config.path, "/var/crash/x");
  EXPECT_THAT(config.core_collector,
              ElementsAre("makedumpfile", "-l", "--message-level", "7", "-d", "31"));
  EXPECT_EQ(config.sshkey, "/root/key");
  EXPECT_EQ(config.kdump_pre, "/bin/pre");
  EXPECT_EQ(config.kdump_post, "/bin/my post");
  EXPECT_EQ(config.kdump_emergency, "/bin/emergency");
  EXPECT_THAT(config.extra_bins, ElementsAre("/bin/a", "/bin/b"));
  EXPECT_THAT(config.extra_modules, ElementsAre("gfs2", "nls"));
  EXPECT_EQ(config.failure_action, FailureAction::kDumpToRootfs);
  EXPECT_EQ(config.final_action, FinalAction::kHalt);
  EXPECT_FALSE(config.force_rebuild);
  EXPECT_TRUE(config.force_no_rebuild);
  EXPECT_FALSE(config.auto_reset_crashkernel);
  EXPECT_THAT(config.fence_kdump_nodes, ElementsAre("node1", "node2"));
  EXPECT_THAT(config.fence_kdump_args, ElementsAre("-p", "7410", "-f", "auto"));
  EXPECT_THAT(config.dracut_args,
              ElementsAre("--omit-drivers", "cfg80211 snd", "--add-drivers", "ext2"));
}

TEST(KdumpConfCheck, FileSystemTargets) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"ext4 UUID=03138356-5e61", "UUID=03138356-5e61"},
      {"xfs /dev/vg/lv", "/dev/vg/lv"},
      {"btrfs LABEL=\"my disk\"", "LABEL=my disk"},
      {"btrfs LABEL=my disk", "LABEL=my disk"},
      {"ext2 PARTLABEL=x", "PARTLABEL=x"},
      {"minix PARTUUID=x-1", "PARTUUID=x-1"},
      {"ext3 \"/dev/disk/by-id/a b\"", "/dev/disk/by-id/a b"},
  };
  for (const auto& [line, device] : table) {
    const KdumpConfig config = good(line);
    const auto* target = std::get_if<FileSystemTarget>(&config.target);
    ASSERT_NE(target, nullptr) << line;
    EXPECT_EQ(target->fs_type, line.substr(0, line.find(' ')));
    EXPECT_EQ(target->device, device);
    EXPECT_EQ(target->mount_point, "");
  }
}

TEST(KdumpConfCheck, OtherTargets) {
  EXPECT_EQ(std::get<RawTarget>(good("raw /dev/sdb1").target).device, "/dev/sdb1");
  EXPECT_EQ(std::get<VirtiofsTarget>(good("virtiofs myfs").target).tag, "myfs");
  const auto nfs = std::get<NfsTarget>(good("nfs my.server.com:/export/a b").target);
  EXPECT_EQ(nfs.server, "my.server.com");
  EXPECT_EQ(nfs.export_path, "/export/a b");
  EXPECT_EQ(std::get<NfsTarget>(good("nfs [2001:db8::1]:/x").target).server, "2001:db8::1");
  EXPECT_EQ(std::get<NfsTarget>(good("nfs 2001:db8::1:/x").target).server, "2001:db8::1");
  const auto ssh = std::get<SshTarget>(good("ssh kdump@host.example").target);
  EXPECT_EQ(ssh.user, "kdump");
  EXPECT_EQ(ssh.host, "host.example");
  EXPECT_EQ(std::get<SshTarget>(good("ssh me@corp@host").target).user, "me@corp");
}

TEST(KdumpConfCheck, TheMountOfDracutArgsIsTheTarget) {
  const KdumpConfig config =
      good("dracut_args --hostonly --mount \"/dev/sda1 /mnt/x xfs noatime\" -v");
  const auto target = std::get<FileSystemTarget>(config.target);
  EXPECT_EQ(target.fs_type, "xfs");
  EXPECT_EQ(target.device, "/dev/sda1");
  EXPECT_EQ(target.mount_point, "/mnt/x");
  EXPECT_EQ(target.options, "noatime");
  EXPECT_THAT(config.dracut_args, ElementsAre("--hostonly", "-v"));
  EXPECT_EQ(std::get<FileSystemTarget>(good("dracut_args --mount='LABEL=a /m ext4'").target).device,
            "LABEL=a");
  const auto nfs = std::get<NfsTarget>(good("dracut_args --mount \"h:/e /m nfs4 vers=4\"").target);
  EXPECT_EQ(nfs.server, "h");
  EXPECT_EQ(nfs.options, "vers=4");
}

struct FindingCase {
  const char* text;
  Severity severity;
  int line;
  const char* shown;
};

constexpr Severity kError = Severity::kError;
constexpr Severity kWarning = Severity::kWarning;

const std::vector<FindingCase>& findings() {
  static const std::vector<FindingCase> table = {
      {"# x\npth /var/crash", kError, 2, "Invalid kdump config option pth. Did you mean 'path'?"},
      {"\x1b[2J x", kError, 1, "Invalid kdump config option \\x1b[2J. kdump.conf(5) lists"},
      {"path=/var/crash", kError, 1, "Invalid kdump config option path=/var/crash"},
      {"Path=/var/crash", kError, 1, "option Path=/var/crash. Write 'path' without '='"},
      {"core_collecter=x", kError, 1, "core_collecter=x. Write 'core_collector' without '='"},
      {"path", kError, 1, "Invalid kdump config value for option 'path'. Give 'path' a value"},
      {"path \"\"", kError, 1, "Invalid kdump config value for option 'path'"},
      {"path /a\npath /b",
       kError,
       2,
       "Duplicated kdump config value of option path. Keep one of the lines 1 and 2"},
      {"path /a/../b", kError, 1, "Write the path without '..'"},
      {"path var/crash", kWarning, 1, "It is read as '/var/crash'"},
      {"path /var/crash#1", kWarning, 1, "the value of 'path' ends at '#'"},
      {"path /var/\x07", kError, 1, "The value contains a control character"},
      {"path /var/\xe4", kError, 1, "The value is not valid UTF-8"},
      {"ext4 /dev/a\nnfs h:/x",
       kError,
       2,
       "More than one dump targets specified. Keep one of the lines 1 and 2"},
      {"ext4 /dev/a\next4 /dev/a", kError, 2, "More than one dump targets specified"},
      {"ext4 /dev/a\ndracut_args --mount \"/dev/b /m xfs\"",
       kError,
       2,
       "More than one dump targets specified"},
      {"ext4 sda1", kError, 1, "Invalid kdump config value for option 'ext4'. Name a block device"},
      {"ext4 UUID=", kError, 1, "Invalid kdump config value for option 'ext4'"},
      {"raw sda1", kError, 1, "Invalid kdump config value for option 'raw'"},
      {"nfs host", kError, 1, "Invalid kdump config value for option 'nfs'"},
      {"nfs :/x", kError, 1, "Invalid kdump config value for option 'nfs'"},
      {"nfs4 h:/x", kWarning, 1, "Option 'nfs4' is an old name of 'nfs'"},
      {"ssh host",
       kError,
       1,
       "Invalid ssh destination host provided. Please verify that /etc/kdump.conf contains 'ssh "
       "<user>@<host>' and that it is properly formatted."},
      {"ssh @host", kError, 1, "Invalid ssh destination @host provided"},
      {"ssh a@-oProxyCommand=x", kError, 1, "Invalid ssh destination"},
      {"ssh -l@h", kError, 1, "Invalid ssh destination"},
      {"ssh a@h b", kError, 1, "Invalid ssh destination"},
      {"core_collector \"makedumpfile", kError, 1, "The value has a \" without its partner"},
      {"core_collector '' -d 31", kError, 1, "Name a program"},
      {"sshkey key", kError, 1, "Give the absolute path of a private key"},
      {"kdump_pre pre.sh", kError, 1, "Invalid kdump config value for option 'kdump_pre'"},
      {"failure_action pray",
       kError,
       1,
       "Usage kdump.conf: failure_action {reboot|halt|poweroff|shell|dump_to_rootfs}"},
      {"final_action shell", kError, 1, "Usage kdump.conf: final_action {reboot|halt|poweroff}"},
      {"force_rebuild yes", kError, 1, "Error: force_rebuild value is invalid"},
      {"force_no_rebuild 2", kError, 1, "Error: force_no_rebuild value is invalid"},
      {"force_rebuild 1\n\nforce_no_rebuild 1",
       kError,
       3,
       "Error: force_rebuild and force_no_rebuild are enabled simultaneously in kdump.conf. Keep "
       "one of the lines 1 and 3"},
      {"auto_reset_crashkernel maybe", kWarning, 1, "counts as yes"},
      {"dracut_args --mount \"/dev/a /m xfs\" --mount \"/dev/b /n xfs\"",
       kError,
       1,
       "Multiple mount targets specified in one \"dracut_args\"."},
      {"dracut_args --mount", kError, 1, "Write --mount \"<device>"},
      {"dracut_args --mount \"/dev/a /m\"", kError, 1, "Write --mount \"<device>"},
      {"dracut_args --mount \"sda1 /m xfs\"", kError, 1, "Name a block device"},
      {"default shell",
       kWarning,
       1,
       "Option 'default' was renamed 'failure_action' and will be removed in the future. Please "
       "update /etc/kdump.conf to use option 'failure_action' instead."},
      {"net h:/x", kWarning, 1, "Deprecated kdump config option: net."},
      {"net u@h", kWarning, 1, "It is read as 'ssh u@h'"},
      {"net h", kError, 1, "Deprecated kdump config option: net."},
      {"link_delay 60", kWarning, 1, "Deprecated kdump config option: link_delay."},
      {"disk_timeout 60", kWarning, 1, "Deprecated kdump config option: disk_timeout."},
      {"debug_mem_level 3", kWarning, 1, "Deprecated kdump config option: debug_mem_level."},
      {"override_resettable 1",
       kWarning,
       1,
       "Deprecated kdump config option: override_resettable."},
      {"blacklist gfs2",
       kError,
       1,
       "Deprecated kdump config option: blacklist. Refer to kdump.conf "
       "manpage for alternatives. Add module_blacklist="},
      {"options bonding mode=1", kError, 1, "Add MODULE.PARAMETER=VALUE"},
  };
  return table;
}

TEST(KdumpConfCheck, EachFindingNamesLineMessageAndRemedy) {
  for (const FindingCase& row : findings()) {
    const auto checked = check_kdump_conf(row.text, "/etc/kdump.conf");
    ASSERT_EQ(checked.diagnostics.size(), 1U) << row.text;
    const Diagnostic& finding = checked.diagnostics[0];
    EXPECT_EQ(finding.severity, row.severity) << row.text;
    EXPECT_EQ(finding.line, row.line) << row.text;
    EXPECT_THAT(finding.to_string(), HasSubstr(row.shown));
    EXPECT_FALSE(finding.remedy.empty()) << row.text;
  }
}

TEST(KdumpConfCheck, OldNamesKeepTheirMeaning) {
  EXPECT_EQ(check_kdump_conf("default mount_root_run_init", "f").config.failure_action,
            FailureAction::kDumpToRootfs);
  EXPECT_EQ(check_kdump_conf("default halt", "f").config.failure_action, FailureAction::kHalt);
  EXPECT_EQ(std::get<NfsTarget>(check_kdump_conf("net h:/x", "f").config.target).export_path, "/x");
  EXPECT_EQ(std::get<SshTarget>(check_kdump_conf("net u@h", "f").config.target).host, "h");
  EXPECT_EQ(std::get<NfsTarget>(check_kdump_conf("nfs4 h:/x", "f").config.target).server, "h");
}

TEST(KdumpConfCheck, AnOldNameAndItsNewOneAreDuplicates) {
  const auto checked = check_kdump_conf("failure_action halt\ndefault reboot", "f");
  ASSERT_EQ(checked.diagnostics.size(), 2U);
  EXPECT_THAT(checked.diagnostics[1].message, HasSubstr("Duplicated kdump config value"));
}

TEST(KdumpConfCheck, FindsEverythingAtOnceInTheOrderOfTheLines) {
  const auto checked =
      check_kdump_conf("force_no_rebuild 1\npth x\nforce_rebuild 1\nfailure_action x\nraw\n", "f");
  std::vector<int> lines;
  for (const Diagnostic& finding : checked.diagnostics) lines.push_back(finding.line);
  EXPECT_THAT(lines, ElementsAre(2, 3, 4, 5));
}

TEST(KdumpConfLoad, AnAbsentFileHasTheKnownMessage) {
  const test::TempTree tree;
  const auto checked = load_kdump_conf(tree.root());
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(checked.error().message, HasSubstr("Error: No kdump config file found!"));
}

TEST(KdumpConfLoad, AFileThatCannotBeReadIsAnError) {
  const test::TempTree tree;
  tree.make_directory("/etc/kdump.conf");
  const auto checked = load_kdump_conf(tree.root());
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().kind, ErrorKind::kNotFound);
}

TEST(KdumpConfLoad, AMissingSshKeyGivesWayToTheDefault) {
  const test::TempTree tree;
  tree.write("/etc/kdump.conf", "ssh u@h\nsshkey /root/other\n");
  const auto missing = load_kdump_conf(tree.root());
  ASSERT_TRUE(missing);
  ASSERT_EQ(missing->diagnostics.size(), 1U);
  EXPECT_EQ(missing->diagnostics[0].line, 2);
  EXPECT_EQ(missing->diagnostics[0].severity, Severity::kWarning);
  EXPECT_THAT(missing->diagnostics[0].message,
              HasSubstr("'/root/other' doesn't exist, using default value"));
  EXPECT_EQ(missing->config.sshkey, "/root/.ssh/kdump_id_rsa");
  tree.write("/root/other", "key");
  const auto there = load_kdump_conf(tree.root());
  ASSERT_TRUE(there);
  EXPECT_THAT(there->diagnostics, IsEmpty());
  EXPECT_EQ(there->config.sshkey, "/root/other");
}

TEST(KdumpConfLoad, AHostDoesNotFenceItself) {
  const test::TempTree tree;
  tree.write("/proc/sys/kernel/hostname", "node1\n");
  tree.write("/etc/kdump.conf", "fence_kdump_nodes node10 node1 localhost\n");
  const auto checked = load_kdump_conf(tree.root());
  ASSERT_TRUE(checked);
  ASSERT_EQ(checked->diagnostics.size(), 2U);
  EXPECT_EQ(checked->diagnostics[0].message, "Option fence_kdump_nodes cannot contain node1");
  EXPECT_EQ(checked->diagnostics[1].message, "Option fence_kdump_nodes cannot contain localhost");
}

TEST(DropIns, ALaterFileTakesThePlaceOfWhatItSets) {
  const test::TempTree tree;
  tree.write("/etc/kdump.conf", "ext4 /dev/vdb\npath /a\nfinal_action halt\nextra_bins /bin/a\n");
  tree.write("/etc/kdump.conf.d/10-net.conf", "nfs server:/export\nextra_bins /bin/b\n");
  tree.write("/etc/kdump.conf.d/20-local.conf", "default halt\npath /c\n");
  tree.write("/etc/kdump.conf.d/.30-hidden.conf", "path /d\n");
  tree.write("/etc/kdump.conf.d/40-backup.conf.rpmnew", "path /e\n");
  const auto checked = load_kdump_conf(tree.root());
  ASSERT_TRUE(checked);
  EXPECT_FALSE(has_errors(checked->diagnostics));
  EXPECT_EQ(std::get<NfsTarget>(checked->config.target).server, "server");
  EXPECT_EQ(checked->config.path, "/c");
  EXPECT_EQ(checked->config.failure_action, FailureAction::kHalt);
  EXPECT_EQ(checked->config.final_action, FinalAction::kHalt);
  EXPECT_THAT(checked->config.extra_bins, testing::ElementsAre("/bin/b"));
}

TEST(DropIns, FindingsNameTheirFile) {
  const test::TempTree tree;
  tree.write("/etc/kdump.conf", "pth /a\nforce_rebuild 1\n");
  tree.write("/etc/kdump.conf.d/10.conf", "\nforce_no_rebuild 1\npath /a\npath /b\n");
  const auto checked = load_kdump_conf(tree.root());
  ASSERT_TRUE(checked);
  const std::string main = tree.path("/etc/kdump.conf");
  const std::string drop_in = tree.path("/etc/kdump.conf.d/10.conf");
  ASSERT_EQ(checked->diagnostics.size(), 3U);
  EXPECT_EQ(checked->diagnostics[0].file, main);
  EXPECT_EQ(checked->diagnostics[1].remedy, "Keep one of " + main + ":2 and " + drop_in + ":2");
  EXPECT_EQ(checked->diagnostics[2].remedy, "Keep one of the lines 3 and 4");
}

TEST(DropIns, AFolderThatCannotBeReadIsAnError) {
  const test::TempTree tree;
  tree.write("/etc/kdump.conf", "");
  tree.make_directory("/etc/kdump.conf.d/10.conf");
  EXPECT_FALSE(load_kdump_conf(tree.root()));
}

}  // namespace
}  // namespace kdump::config
