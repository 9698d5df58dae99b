// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/module_file.h"

#include "mkdumprd/archive_handle.h"
#include "tests/support/temp_tree.h"

#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using AddFilter = int (*)(archive*);

/// `text` packed by libarchive as one raw stream.
std::string pack(const std::string& text, AddFilter filter) {
  std::string out(text.size() + 65536, '\0');
  std::size_t used = 0;
  const ArchiveWriter writer(archive_write_new());
  EXPECT_EQ(filter(writer.get()), ARCHIVE_OK);
  archive_write_set_format_raw(writer.get());
  archive_write_set_bytes_in_last_block(writer.get(), 1);
  archive_write_open_memory(writer.get(), out.data(), out.size(), &used);
  const ArchiveEntry entry(archive_entry_new());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_write_header(writer.get(), entry.get());
  archive_write_data(writer.get(), text.data(), text.size());
  archive_write_close(writer.get());
  out.resize(used);
  return out;
}

const std::string& signed_module() {
  static const std::string text = [] {
    std::string bytes =
        "\x7f"
        "ELF";
    for (int i = 0; i < 50000; ++i) bytes += static_cast<char>(i * 7 % 251);
    return bytes + "PKCS#7~Module signature appended~\n";
  }();
  return text;
}

TEST(ModuleFile, EachPackingGivesTheSameBytes) {
  const kdump::test::TempTree tree;
  const AddFilter filters[] = {archive_write_add_filter_none,
                               archive_write_add_filter_gzip,
                               archive_write_add_filter_xz,
                               archive_write_add_filter_zstd};
  for (const AddFilter filter : filters) {
    tree.write("/module", pack(signed_module(), filter));
    const auto unpacked = read_unpacked(tree.path("/module"));
    ASSERT_TRUE(unpacked) << unpacked.error().message;
    EXPECT_EQ(*unpacked, signed_module());
  }
}

TEST(ModuleFile, DamagedAndTruncatedFilesAreErrors) {
  const kdump::test::TempTree tree;
  for (const AddFilter filter : {archive_write_add_filter_xz, archive_write_add_filter_zstd}) {
    const std::string packed = pack(signed_module(), filter);
    tree.write("/short", packed.substr(0, packed.size() / 2));
    EXPECT_FALSE(read_unpacked(tree.path("/short")));
  }
}

TEST(ModuleFile, EmptyFile) {
  const kdump::test::TempTree tree;
  tree.write("/empty", "");
  const auto unpacked = read_unpacked(tree.path("/empty"));
  ASSERT_TRUE(unpacked);
  EXPECT_EQ(*unpacked, "");
}

}  // namespace
}  // namespace kdump::mkdumprd
