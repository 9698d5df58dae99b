// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/link_walk.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>

namespace kdump {
namespace {

// Path -> text of a link, nothing for a folder or file.
using Tree = std::map<std::string, std::optional<std::string>>;

Result<std::string> follow(const Tree& tree, std::string_view path) {
  return follow_links(path, [&tree](const std::string& at) -> Result<std::optional<std::string>> {
    const auto entry = tree.find(at);
    if (entry == tree.end()) return system_error(ENOENT, "{}", at);
    return entry->second;
  });
}

TEST(LinkWalk, FollowsEveryLinkOnTheWay) {
  const Tree tree = {
      {"/usr", std::nullopt},
      {"/usr/bin", std::nullopt},
      {"/usr/bin/sh", "dash"},
      {"/usr/bin/dash", std::nullopt},
      {"/bin", "usr/bin"},
      {"/etc", std::nullopt},
      {"/etc/shell", "/bin/./sh"},
      {"/etc/up", "../../usr//bin/"},
  };
  struct Row {
    const char* path;
    const char* leads_to;
  };
  for (const Row& row : std::vector<Row>{{"/bin/sh", "/usr/bin/dash"},
                                         {"/etc/shell", "/usr/bin/dash"},
                                         {"/etc/up", "/usr/bin"},
                                         {"/etc/up/../bin/dash", "/usr/bin/dash"},
                                         {"/", "/"},
                                         {"/..", "/"},
                                         {"", "/"}}) {
    const auto resolved = follow(tree, row.path);
    ASSERT_TRUE(resolved) << row.path << ": " << resolved.error().message;
    EXPECT_EQ(*resolved, row.leads_to) << row.path;
  }
  EXPECT_EQ(follow(tree, "/etc/absent").error().kind, ErrorKind::kNotFound);
}

TEST(LinkWalk, AllowsFortyLinks) {
  Tree tree = {{"/end", std::nullopt}, {"/0", "/end"}, {"/loop", "loop"}};
  for (int link = 1; link <= 40; ++link) {
    tree["/" + std::to_string(link)] = std::to_string(link - 1);
  }
  EXPECT_TRUE(follow(tree, "/39"));
  EXPECT_EQ(follow(tree, "/40").error().code, ELOOP);
  EXPECT_EQ(follow(tree, "/loop").error().code, ELOOP);
}

}  // namespace
}  // namespace kdump
