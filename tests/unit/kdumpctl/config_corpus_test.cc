// SPDX-License-Identifier: GPL-2.0-or-later
// Configurations in the shapes in which people have them: what is said of each, and what each comes
// to. The words of tests/data/configs are ours.
#include "base/io.h"
#include "base/text.h"
#include "tests/support/golden.h"
#include "tests/support/source_tree.h"
#include "tests/unit/kdumpctl/verb_host.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

namespace kdump::ctl {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> files_of(const std::string& kind) {
  std::vector<std::string> names;
  for (const auto& entry :
       fs::directory_iterator(test::source_path("tests/data/configs/" + kind))) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  EXPECT_GE(names.size(), 10U) << kind;
  return names;
}

std::string content_of(const std::string& kind, const std::string& name) {
  const auto text = read_file(test::source_path("tests/data/configs/" + kind + "/" + name));
  EXPECT_TRUE(text);
  return text.value_or("");
}

/// Without the settings that the file does not make.
std::string said_of(VerbHost& host, const std::string& verb) {
  const std::size_t before = host.transcript().size();
  host.run(verb);
  const std::string said = host.transcript().substr(before);
  std::string out;
  for (const std::string_view line : split_lines(said)) {
    if (line.ends_with("# default") || line.empty() || line.starts_with("# kdump")) continue;
    out += std::string(line) + "\n";
  }
  return out;
}

TEST(ConfigCorpus, KdumpConf) {
  std::string out;
  for (const std::string& name : files_of("kdump.conf")) {
    VerbHost host;
    host.tree.write("/root/.ssh/kdump_id_rsa", "a key\n");
    host.tree.write("/etc/sysconfig/kdump", "");
    host.tree.write("/etc/kdump.conf", content_of("kdump.conf", name));
    out += "== " + name + "\n" + said_of(host, "config");
  }
  test::expect_golden("kdumpctl/corpus-kdump-conf.txt", out);
}

TEST(ConfigCorpus, Sysconfig) {
  std::string out;
  for (const std::string& name : files_of("sysconfig")) {
    VerbHost host;
    host.tree.write("/etc/sysconfig/kdump", content_of("sysconfig", name));
    host.tree.write("/etc/kdump.conf", "");
    out += "== " + name + "\n" + said_of(host, "config");
  }
  test::expect_golden("kdumpctl/corpus-sysconfig.txt", out);
}

TEST(ConfigCorpus, OfDebianAndSuse) {
  for (const char* kind : {"kdump-tools", "suse"}) {
    std::string out;
    for (const std::string& name : files_of(kind)) {
      VerbHost host;
      host.tree.write("/foreign", content_of(kind, name));
      const std::size_t before = host.transcript().size();
      host.run("import-config " + host.tree.path("/foreign"));
      out += "== " + name + "\n" + host.transcript().substr(before);
    }
    test::expect_golden(fmt::format("kdumpctl/corpus-{}.txt", kind), out);
  }
}

}  // namespace
}  // namespace kdump::ctl
