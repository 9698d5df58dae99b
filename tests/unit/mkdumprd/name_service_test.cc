// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/name_service.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using testing::SizeIs;

TEST(NameService, KnowsTheServersBeforeTheHostsOwnNames) {
  const kdump::test::TempTree tree;
  tree.write("/etc/hosts", "127.0.0.1 localhost\n");
  tree.write("/etc/resolv.conf", "nameserver 192.0.2.53\n");
  const auto files = make_name_service(
      tree.root(), {{"filer", {"192.0.2.9", "2001:db8::9"}}, {"192.0.2.10", {"192.0.2.10"}}});
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_EQ(files[0].image_path, "/etc/hosts");
  EXPECT_EQ(files[0].text, "192.0.2.9\tfiler\n2001:db8::9\tfiler\n127.0.0.1 localhost\n");
  EXPECT_EQ(files[1].image_path, "/etc/resolv.conf");
  EXPECT_EQ(files[1].text, "nameserver 192.0.2.53\n");
}

TEST(NameService, AResolverOnTheHostIsReplacedByThoseThatItAsks) {
  const kdump::test::TempTree tree;
  tree.write("/run/systemd/resolve/stub-resolv.conf", "nameserver 127.0.0.53\n");
  tree.write("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.53\n");
  tree.make_directory("/etc");
  tree.link("/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
  const auto files = make_name_service(tree.root(), {});
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_EQ(files[1].text, "nameserver 192.0.2.53\n");
}

TEST(NameService, AHostWithoutAResolverHasNone) {
  const kdump::test::TempTree tree;
  EXPECT_THAT(make_name_service(tree.root(), {}), SizeIs(1));
}

}  // namespace
}  // namespace kdump::mkdumprd
