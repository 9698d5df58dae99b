// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/make_manifest.h"

#include "base/atomic_file.h"

#include <filesystem>
#include <set>

namespace kdump::mkdumprd {
namespace {

bool is_file(const SysRoot& root, const std::string& path) {
  const auto file = root.resolve(path);
  std::error_code error;
  return file && std::filesystem::is_regular_file(root.path(*file), error);
}

/// FOLDER/*.conf; an absent folder has none.
void add_configuration(const SysRoot& root,
                       const std::string& folder,
                       std::set<std::string>& paths) {
  const auto names = root.list(folder);
  if (!names) return;
  for (const std::string& name : *names) {
    if (name.ends_with(".conf")) paths.insert(folder + "/" + name);
  }
}

/// Another version of this program may make another image of the same files.
void add_own_program(const SysRoot& root, std::set<std::string>& paths) {
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
  if (root.is_host() && !error) paths.insert(own.string());
}

/// A link counts as what it leads to: what it led to before may still be there.
void add_content(const SysRoot& root, const ImagePlan& plan, std::set<std::string>& paths) {
  for (const auto& [path, entry] : plan.entries()) {
    if (const auto* file = std::get_if<HostFile>(&entry.content)) paths.insert(file->path);
    if (std::holds_alternative<Symlink>(entry.content) && is_file(root, path)) paths.insert(path);
  }
}

}  // namespace

Result<config::ImageManifest> make_manifest(const SysRoot& root,
                                            const config::KdumpConfig& config,
                                            const KernelFacts& kernel,
                                            const ImagePlan& plan,
                                            const ManifestOrigin& origin) {
  std::set<std::string> paths = {origin.config_file,
                                 "/etc/fstab",
                                 "/etc/localtime",
                                 kernel.modules_folder + "/modules.dep.bin",
                                 "/boot/config-" + kernel.release};
  add_configuration(root, origin.config_file + ".d", paths);
  add_configuration(root, "/etc/modprobe.d", paths);
  paths.insert(origin.sources.begin(), origin.sources.end());
  add_own_program(root, paths);
  add_content(root, plan, paths);

  config::ImageManifest manifest;
  manifest.kernel = kernel.release;
  manifest.arguments = origin.arguments;
  for (const std::string& path : paths) {
    manifest.files.push_back(TRY(config::record_manifest_file(root, path)));
  }
  manifest.facts = TRY(config::read_manifest_facts(root, config));
  return manifest;
}

Status add_manifest(ImagePlan& plan, const config::ImageManifest& manifest) {
  return plan.add(config::kImageManifestPath,
                  {0644,
                   TextFile{config::to_json(manifest, config::Stamps::kWithout)},
                   "what the image was made of"});
}

Status write_manifest(config::ImageManifest manifest, const std::string& image) {
  const std::string absolute = std::filesystem::absolute(image).string();
  manifest.image = TRY(config::stamp_of(SysRoot(), absolute));
  return write_file_atomically(
      absolute + config::kManifestSuffix, 0644, config::to_json(manifest, config::Stamps::kWith));
}

}  // namespace kdump::mkdumprd
