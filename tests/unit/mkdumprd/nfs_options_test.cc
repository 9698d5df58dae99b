// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/nfs_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/mount.h>

namespace kdump::mkdumprd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Row {
  const char* options;
  std::vector<std::string> versions;
  const char* text;
};

TEST(NfsOptions, OfAnAdministrator) {
  const std::vector<std::string> all = {"4.2", "4.1", "4.0", "3"};
  const std::vector<Row> table = {
      {"", all, "soft,timeo=300,retrans=3"},
      {"defaults", all, "soft,timeo=300,retrans=3"},
      {"vers=4.1", {"4.1"}, "soft,timeo=300,retrans=3"},
      {"nfsvers=3,nolock", {"3"}, "soft,timeo=300,retrans=3"},
      {"vers=4", {"4.2", "4.1", "4.0"}, "soft,timeo=300,retrans=3"},
      {"vers=4,minorversion=1", {"4.1"}, "soft,timeo=300,retrans=3"},
      {"hard", all, "hard"},
      {"timeo=50,retrans=1", all, "timeo=50,retrans=1"},
      {"port=3049,mountport=20048,proto=tcp",
       all,
       "soft,timeo=300,retrans=3,port=3049,mountport=20048"},
      {"bg,retry=5,_netdev,x-systemd.automount,nofail,tcp", all, "soft,timeo=300,retrans=3"},
  };
  for (const Row& row : table) {
    const auto options = compile_nfs_options(row.options, NfsOptionSource::kAdministrator);
    ASSERT_TRUE(options) << row.options << ": " << options.error().message;
    EXPECT_EQ(options->versions, row.versions) << row.options;
    EXPECT_EQ(options->text, row.text) << row.options;
  }
}

TEST(NfsOptions, OfARunningMount) {
  const auto options = compile_nfs_options(
      "rw,noatime,vers=4.2,rsize=262144,wsize=262144,namlen=255,hard,proto=tcp6,timeo=600,"
      "retrans=2,sec=sys,clientaddr=2001:db8::7,local_lock=none,addr=2001:db8::9",
      NfsOptionSource::kRunningSystem);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_THAT(options->versions, ElementsAre("4.2"));
  EXPECT_EQ(options->text, "soft,timeo=300,retrans=3,sec=sys");
  EXPECT_EQ(options->address, "2001:db8::9");
  EXPECT_EQ(options->mount_flags, std::uint64_t{MS_NOATIME});
}

TEST(NfsOptions, WhatTheCaptureKernelCannotDoIsRefused) {
  for (const auto& [options, text] :
       std::vector<std::pair<std::string, std::string>>{{"sec=krb5p", "sec=krb5p"},
                                                        {"rdma", "RDMA"},
                                                        {"proto=rdma6", "RDMA"},
                                                        {"vers=2", "version \"2\""}}) {
    const auto refused = compile_nfs_options(options, NfsOptionSource::kRunningSystem);
    ASSERT_FALSE(refused) << options;
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
    EXPECT_THAT(refused.error().message, HasSubstr(text));
  }
}

}  // namespace
}  // namespace kdump::mkdumprd
