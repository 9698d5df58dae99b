// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/blkid_probe.h"

#include "base/fd.h"

#include <blkid/blkid.h>

#include <cerrno>
#include <memory>

namespace kdump::mkdumprd {
namespace {

struct ProbeDeleter {
  void operator()(blkid_probe probe) const { blkid_free_probe(probe); }
};
using Probe = std::unique_ptr<std::remove_pointer_t<blkid_probe>, ProbeDeleter>;

std::string value_of(const Probe& probe, const char* name) {
  const char* data = nullptr;
  std::size_t size = 0;
  if (blkid_probe_lookup_value(probe.get(), name, &data, &size) != 0 || size == 0) return {};
  return data;  // libblkid ends values with a NUL
}

}  // namespace

Result<ProbedFileSystem> probe_file_system(const std::string& path) {
  const Fd fd = TRY(Fd::open(path, O_RDONLY));
  const Probe probe(blkid_new_probe());
  if (!probe) return system_error(ENOMEM, "cannot probe {}", path);
  if (blkid_probe_set_device(probe.get(), fd.raw(), 0, 0) != 0) {
    return make_error(ErrorKind::kUnreadable, "cannot probe {}", path);
  }
  blkid_probe_enable_superblocks(probe.get(), 1);
  blkid_probe_set_superblocks_flags(probe.get(),
                                    BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL);
  blkid_probe_enable_partitions(probe.get(), 1);
  blkid_probe_set_partitions_flags(probe.get(), BLKID_PARTS_ENTRY_DETAILS);
  const int found = blkid_do_safeprobe(probe.get());
  if (found == -2) {
    return make_error(ErrorKind::kBadData,
                      "{} has signatures of more than one file system: remove the stale one with "
                      "wipefs(8)",
                      path);
  }
  if (found < 0) return make_error(ErrorKind::kUnreadable, "cannot probe {}", path);
  ProbedFileSystem out;
  out.type = value_of(probe, "TYPE");
  out.uuid = value_of(probe, "UUID");
  out.label = value_of(probe, "LABEL");
  out.part_uuid = value_of(probe, "PART_ENTRY_UUID");
  out.part_label = value_of(probe, "PART_ENTRY_NAME");
  out.external_journal = value_of(probe, "EXT_JOURNAL");
  return out;
}

}  // namespace kdump::mkdumprd
