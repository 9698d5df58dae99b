// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/elf_file.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <elf.h>

namespace kdump {
namespace {

using testing::Contains;
using testing::HasSubstr;

TEST(ElfFile, ReadsThisVeryProgram) {
  const auto self = ElfFile::open("/proc/self/exe");
  ASSERT_TRUE(self.has_value()) << self.error().message;
  const auto dynamic = self->dynamic();
  ASSERT_TRUE(dynamic.has_value()) << dynamic.error().message;
  EXPECT_THAT(dynamic->needed, Contains(HasSubstr("libc.so")));
  EXPECT_THAT(dynamic->interpreter, HasSubstr("ld-linux"));
  EXPECT_TRUE(std::any_of(self->segments().begin(),
                          self->segments().end(),
                          [](const ElfSegment& s) { return s.type == PT_LOAD; }));
  const auto notes = self->notes();
  ASSERT_TRUE(notes.has_value());
  EXPECT_TRUE(
      std::any_of(notes->begin(), notes->end(), [](const ElfNote& n) { return n.name == "GNU"; }));
}

TEST(ElfFile, RefusesWhatIsNotElf) {
  const test::TempTree tree;
  tree.write("/text", "#!/bin/sh\n");
  tree.write("/cut", std::string("\177ELF\2\1\1", 7));
  for (const char* name : {"/text", "/cut"}) {
    const auto file = ElfFile::open(tree.path(name));
    ASSERT_FALSE(file.has_value()) << name;
    EXPECT_EQ(file.error().kind, ErrorKind::kBadData);
    EXPECT_THAT(file.error().message, HasSubstr(tree.path(name)));
  }
}

}  // namespace
}  // namespace kdump
