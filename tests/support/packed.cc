// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/packed.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

namespace kdump::test {

std::vector<std::byte> packed(int filter, std::span<const std::byte> bytes) {
  std::vector<std::byte> out(bytes.size() + (1 << 20));
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_set_format_raw(writer);
  archive_write_add_filter(writer, filter);
  archive_write_set_bytes_in_last_block(writer, 1);
  EXPECT_EQ(archive_write_open_memory(writer, out.data(), out.size(), &used), ARCHIVE_OK);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(writer, entry);
  EXPECT_EQ(archive_write_data(writer, bytes.data(), bytes.size()),
            static_cast<la_ssize_t>(bytes.size()));
  archive_entry_free(entry);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

}  // namespace kdump::test
