// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/elf_closure.h"

#include "tests/unit/mkdumprd/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace kdump::mkdumprd {
namespace {

using test::test_part;
using test::TestHost;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* kAgent = "/usr/libexec/kdump/kdump-agent";

std::vector<std::string> files(const ElfClosure& closure) {
  std::vector<std::string> out;
  for (const ClosureLibrary& library : closure.libraries) out.push_back(library.host.file);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

TEST(ElfClosure, LibrariesOfLibrariesAndTheLoader) {
  const TestHost host;
  host.add_programs();
  const auto closure = close_libraries(host.root(), {kAgent});
  ASSERT_TRUE(closure) << closure.error().message;
  EXPECT_THAT(files(*closure),
              ElementsAre("/usr/lib64/ld-test.so.2",
                          "/usr/lib64/libc.so.6",
                          "/usr/lib64/libdeep.so.1",
                          "/usr/lib64/libmiddle.so.1"));
  EXPECT_EQ(closure->objects.front().file, kAgent);
  EXPECT_EQ(closure->objects.front().interpreter, "/lib64/ld-test.so.2");
  EXPECT_THAT(closure->objects.front().needed, UnorderedElementsAre("libc.so.6", "libmiddle.so.1"));
  EXPECT_THAT(closure->extra_links, IsEmpty());
}

TEST(ElfClosure, LinksToALibraryAreKept) {
  const TestHost host;
  host.add_programs();
  host.tree().write("/usr/lib64/libdeep.so.1.7", test_part("programs/libdeep.so.1"));
  std::filesystem::remove(host.tree().path("/usr/lib64/libdeep.so.1"));
  host.tree().link("/usr/lib64/libdeep.so.1", "libdeep.so.1.7");
  const auto closure = close_libraries(host.root(), {kAgent});
  ASSERT_TRUE(closure) << closure.error().message;
  const auto deep = std::find_if(
      closure->libraries.begin(), closure->libraries.end(), [](const ClosureLibrary& library) {
        return library.host.file == "/usr/lib64/libdeep.so.1.7";
      });
  ASSERT_NE(deep, closure->libraries.end());
  EXPECT_THAT(deep->host.links,
              ElementsAre(HostLink{"/lib64", "usr/lib64"},
                          HostLink{"/usr/lib64/libdeep.so.1", "libdeep.so.1.7"}));
  EXPECT_EQ(deep->reason, "needed by libmiddle.so.1");
}

TEST(ElfClosure, AbsentLibraryNamesWhoNeedsIt) {
  const TestHost host;
  host.add_programs();
  std::filesystem::remove(host.tree().path("/usr/lib64/libdeep.so.1"));
  const auto closure = close_libraries(host.root(), {kAgent});
  ASSERT_FALSE(closure);
  EXPECT_EQ(closure.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(closure.error().message, HasSubstr("/usr/lib64/libmiddle.so.1 needs libdeep.so.1"));
}

TEST(ElfClosure, WhatIsNoLibraryOfThisMachineIsPassedOver) {
  const TestHost host;
  host.add_programs();
  host.tree().write("/etc/ld.so.conf", "/opt/text\n/opt/foreign\n");
  host.tree().write("/opt/text/libdeep.so.1", "GROUP ( libdeep.a )\n");
  std::string foreign = test_part("programs/libdeep.so.1");
  foreign[18] = static_cast<char>(0xf7);  // e_machine
  host.tree().write("/opt/foreign/libdeep.so.1", foreign);
  const auto closure = close_libraries(host.root(), {kAgent});
  ASSERT_TRUE(closure) << closure.error().message;
  EXPECT_THAT(files(*closure), testing::Contains("/usr/lib64/libdeep.so.1"));
}

TEST(ElfClosure, ConfiguredFolderNeedsALinkBesideTheCLibrary) {
  const TestHost host;
  host.add_programs();
  std::filesystem::remove(host.tree().path("/usr/lib64/libmiddle.so.1"));
  host.tree().write("/etc/ld.so.conf", "/opt/lib\n");
  host.tree().write("/opt/lib/libmiddle.so.1", test_part("programs/libmiddle.so.1"));
  const auto closure = close_libraries(host.root(), {kAgent});
  ASSERT_TRUE(closure) << closure.error().message;
  EXPECT_THAT(closure->extra_links,
              ElementsAre(HostLink{"/usr/lib64/libmiddle.so.1", "/opt/lib/libmiddle.so.1"}));
}

TEST(ElfClosure, RunPathIsNotInheritedButRPathIs) {
  for (const bool inherited : {false, true}) {
    const TestHost host;
    host.add_programs();
    host.tree().write(
        "/usr/bin/kdump-collect",
        test_part(inherited ? "programs/mkdumprd_test_rpath" : "programs/mkdumprd_test_runpath"));
    for (const char* library : {"libmiddle.so.1", "libdeep.so.1"}) {
      std::filesystem::remove(host.tree().path("/usr/lib64/" + std::string(library)));
      host.tree().write("/usr/private/" + std::string(library),
                        test_part("programs/" + std::string(library)));
    }
    const auto closure = close_libraries(host.root(), {"/usr/bin/kdump-collect"});
    EXPECT_EQ(closure.has_value(), inherited);
    if (closure) {
      EXPECT_THAT(files(*closure), testing::Contains("/usr/private/libdeep.so.1"));
    } else {
      EXPECT_THAT(closure.error().message, HasSubstr("libmiddle.so.1 needs libdeep.so.1"));
    }
  }
}

TEST(ElfClosure, ProgramMustBeElf) {
  const TestHost host;
  host.tree().write("/usr/bin/script", "#!/bin/sh\n");
  const auto closure = close_libraries(host.root(), {"/usr/bin/script"});
  ASSERT_FALSE(closure);
  EXPECT_EQ(closure.error().kind, ErrorKind::kBadData);
}

}  // namespace
}  // namespace kdump::mkdumprd
