// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <memory>
#include <string>

namespace kdump::mkdumprd {

/// libarchive's handles with an owner; only for the sources that read or write archives.
struct ArchiveReadDeleter {
  void operator()(archive* a) const { archive_read_free(a); }
};
struct ArchiveWriteDeleter {
  void operator()(archive* a) const { archive_write_free(a); }
};
struct ArchiveEntryDeleter {
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};
using ArchiveReader = std::unique_ptr<archive, ArchiveReadDeleter>;
using ArchiveWriter = std::unique_ptr<archive, ArchiveWriteDeleter>;
using ArchiveEntry = std::unique_ptr<archive_entry, ArchiveEntryDeleter>;

/// What libarchive says about its last failure; for a failure of the system (a full disk) what the
/// system says.
inline Error archive_error(archive* a, const std::string& doing) {
  const int code = archive_errno(a);
  if (code == ENOSPC || code == EDQUOT || code == EIO || code == EFBIG) {
    return system_error_text(code, doing);
  }
  const char* text = archive_error_string(a);
  return Error{ErrorKind::kBadData, code, doing + ": " + (text == nullptr ? "failed" : text)};
}

}  // namespace kdump::mkdumprd
