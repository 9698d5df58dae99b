// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_config.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::config {

/// Where the manifest lies in an image; beside it, it is IMAGE.manifest.
inline constexpr const char* kImageManifestPath = "/etc/kdump/manifest.json";
inline constexpr const char* kManifestSuffix = ".manifest";

/// What stat(2) says about a file; equal ones have equal content.
struct FileStamp {
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  std::int64_t modified = 0;  ///< nanoseconds since 1970
  std::int64_t changed = 0;   ///< likewise, of the inode
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// A file of the host whose content went into an image, or decided what did.
struct ManifestFile {
  std::string path;    ///< without the SysRoot's prefix; links are followed
  std::string sha256;  ///< "" for one that was absent
  FileStamp stamp;
  friend bool operator==(const ManifestFile&, const ManifestFile&) = default;
};

/// What else decided: a question about the host and its answer at the time of the build.
using ManifestFacts = std::map<std::string, std::string>;

/// All that an image was made of. Whether the image is current is whether all of it is as it was.
struct ImageManifest {
  std::string kernel;     ///< the release whose modules are in it
  std::string arguments;  ///< MKDUMPRD_ARGS when kdumpctl ordered it, else ""
  FileStamp image;        ///< only beside the image: which one this is about
  std::vector<ManifestFile> files;
  ManifestFacts facts;
  friend bool operator==(const ImageManifest&, const ImageManifest&) = default;
};

/// Follows links; kNotFound when there is no file.
Result<FileStamp> stamp_of(const SysRoot& root, const std::string& path);

/// Reads and hashes; an absent file is a record too.
Result<ManifestFile> record_manifest_file(const SysRoot& root, const std::string& path);

/// Questions whose answers may be missing early in a boot: none now is no difference.
inline constexpr const char* kRunningWatchdogs = "running watchdogs";
inline constexpr const char* kDefaultInterface = "interface of the default route";
inline constexpr const char* kNameServers = "name servers";
/// And these, with a device behind them, when it is unplugged.
inline constexpr std::string_view kDriversBelow = "drivers below ";
inline constexpr std::string_view kMountPointOf = "mount point of ";
/// With the answer "TYPE DEVICE ROOT on MOUNTPOINT". Early in a boot what is mounted there later
/// (nofail, over the network) is not there yet, and the file system above shows in its stead.
inline constexpr std::string_view kFileSystemOf = "file system of ";

/// The answers on this host, the same questions for the same configuration: file system and drivers
/// of each dump target, what lies in the folders of hooks, which watchdogs run; for targets over
/// the network the interface that leads out and the name servers.
Result<ManifestFacts> read_manifest_facts(const SysRoot& root, const KdumpConfig& config);

enum class Stamps {
  kWith,
  kWithout,  ///< for the image: the same content gives the same bytes
};
[[nodiscard]] std::string to_json(const ImageManifest& manifest, Stamps stamps);
/// kBadData names `file`.
Result<ImageManifest> manifest_from_json(std::string_view text, const std::string& file);

struct ManifestComparison {
  std::vector<std::string> files;  ///< whose content differs, that are gone or have come
  std::vector<std::string> facts;  ///< "drivers of the dump target: was \"a\", is \"b\""
  /// Files that are newer but hold the same were read; the manifest has their new stamps.
  bool stamps_renewed = false;
  [[nodiscard]] bool same() const { return files.empty() && facts.empty(); }
};

/// Only files whose stamp differs are read. One that this user may not read counts as changed.
/// What cannot be told now, as of a disk that is unplugged, is no change: nothing better could be
/// built.
ManifestComparison compare_with_host(const SysRoot& root,
                                     const ManifestFacts& now,
                                     ImageManifest& manifest);

}  // namespace kdump::config
