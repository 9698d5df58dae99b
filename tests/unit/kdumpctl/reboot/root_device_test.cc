// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/root_device.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

namespace kdump::ctl::reboot {
namespace {

using testing::HasSubstr;

TEST(RootDevice, IsLookedForWhereUdevPutsIt) {
  const test::TempTree tree;
  tree.write("/dev/vda1", "");
  tree.link("/dev/disk/by-uuid/aaaa-BBBB", "../../vda1");
  tree.link("/dev/disk/by-label/my\\x20root", "../../vda1");
  tree.link("/dev/disk/by-partuuid/cccc", "../../vda1");
  tree.link("/dev/disk/by-uuid/gone", "../../vdz");
  tree.link("/dev/mapper/rhel-root", "../vda1");
  tree.write("/sys/dev/block/254:1/dev", "");
  struct Row {
    const char* line;
    bool exists;
  };
  for (const auto& [line, exists] : std::vector<Row>{{"ro quiet", true},
                                                     {"root=UUID=aaaa-BBBB ro", true},
                                                     {"root=UUID=AAAA-bbbb", true},
                                                     {"root=UUID=dddd", false},
                                                     {"root=UUID=gone", false},
                                                     {"\"root=LABEL=my root\"", true},
                                                     {"root=LABEL=MY", false},
                                                     {"root=PARTUUID=CCCC", true},
                                                     {"root=PARTUUID=dddd", false},
                                                     {"root=PARTUUID=dddd/PARTNROFF=1", true},
                                                     {"root=PARTLABEL=x", false},
                                                     {"root=/dev/vda1", true},
                                                     {"root=/dev/vdb1", false},
                                                     {"root=/dev/mapper/rhel-root", true},
                                                     {"root=/dev/mapper/rhel-gone", false},
                                                     {"root=/dev/nfs", true},
                                                     {"root=zfs:AUTO", true},
                                                     {"root=254:1", true},
                                                     {"root=254:2", false},
                                                     {"root=/dev/vdb1 root=/dev/vda1", true}}) {
    const auto checked = check_root_device(line, tree.root());
    EXPECT_EQ(checked.has_value(), exists) << line;
    if (!checked) {
      EXPECT_EQ(checked.error().kind, ErrorKind::kNotFound);
      EXPECT_THAT(checked.error().message, HasSubstr("does not exist on this host"));
    }
  }
}

}  // namespace
}  // namespace kdump::ctl::reboot
