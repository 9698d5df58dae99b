// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "config/capture_plan.h"
#include "mkdumprd/elf_closure.h"
#include "mkdumprd/module_closure.h"

#include <map>
#include <string>
#include <sys/types.h>
#include <variant>
#include <vector>

namespace kdump::mkdumprd {

struct Directory {
  friend bool operator==(const Directory&, const Directory&) = default;
};
struct Symlink {
  std::string target;
  friend bool operator==(const Symlink&, const Symlink&) = default;
};
struct CharacterDevice {
  unsigned major = 0;
  unsigned minor = 0;
  friend bool operator==(const CharacterDevice&, const CharacterDevice&) = default;
};
/// A file made by mkdumprd.
struct TextFile {
  std::string text;
  friend bool operator==(const TextFile&, const TextFile&) = default;
};
/// A file of the host, read when the image is written.
struct HostFile {
  std::string path;     ///< without the root's prefix
  bool unpack = false;  ///< stored unpacked (a kernel module)
  friend bool operator==(const HostFile&, const HostFile&) = default;
};

struct ImageEntry {
  mode_t mode = 0;  ///< permission bits
  std::variant<Directory, Symlink, CharacterDevice, TextFile, HostFile> content;
  std::string reason;
};

/// The image as a value: path (absolute) -> entry. The map's order is the order in the archive:
/// folders come before what is in them.
class ImagePlan {
 public:
  /// Adds an entry and the folders above it. The same content twice is one entry, with the first
  /// reason; different contents under one path are kBadData.
  Status add(const std::string& path, ImageEntry entry);
  /// The links on the way and the file itself, at the same place as on the host.
  Status add_host_path(const HostPath& host, mode_t mode, const std::string& reason);

  [[nodiscard]] const std::map<std::string, ImageEntry>& entries() const { return entries_; }

 private:
  std::map<std::string, ImageEntry> entries_;
};

/// A program or another file of the host that goes into the image at a place of its own.
struct PlacedFile {
  std::string host_path;  ///< free of links
  std::string image_path;
  mode_t mode = 0755;
  std::string reason;
};

/// A file that mkdumprd writes by itself.
struct MadeFile {
  std::string image_path;
  std::string text;
  mode_t mode = 0644;
  std::string reason;
};

/// A program of the host at its own place.
struct ExtraProgram {
  HostPath host;
  std::string reason;
};

/// Everything that the stages before have found out.
struct ImageContents {
  std::vector<PlacedFile> files;  ///< agent, collector, /etc/localtime
  std::vector<MadeFile> made_files;
  ElfClosure libraries;
  ModuleClosure modules;                      ///< whatever the target
  std::vector<ModuleClosure> target_modules;  ///< for each of the capture plan's targets
  ModuleClosure spill_modules;                ///< for its spill device
  std::string kernel_release;
  config::CapturePlan capture;               ///< its modules are filled in
  std::vector<ExtraProgram> extra_programs;  ///< at the same place as on the host
};

/// A line "PATH<TAB>REASON" for each file of the image.
inline constexpr const char* kImageReasonsPath = "/etc/kdump/contents";

/// Where a module lies in the image: /usr/lib/modules/RELEASE/NAME.ko
[[nodiscard]] std::string image_module_path(const std::string& release, const std::string& name);

/// Mount points and the console of PID 1.
Status add_skeleton(ImagePlan& plan);
Status add_libraries(ImagePlan& plan, const ElfClosure& closure);
/// The modules' files and their firmware.
Status add_modules(ImagePlan& plan, const std::string& release, const ModuleClosure& closure);
/// The modules' places in the image, in the order of their insertion.
[[nodiscard]] std::vector<config::PlannedModule> planned_modules(const std::string& release,
                                                                 const ModuleClosure& closure);

/// Pure: no file is opened.
Result<ImagePlan> plan_image(const ImageContents& contents);

}  // namespace kdump::mkdumprd
