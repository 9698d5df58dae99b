// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/capture_kernel.h"

#include "base/text.h"
#include "config/kernel_cmdline.h"

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <unistd.h>

namespace kdump::ctl {
namespace {

constexpr const char* kImagesElsewhere = "/var/lib/kdump";

bool is_file(const SysRoot& root, const std::string& path) {
  const auto resolved = root.resolve(path);
  std::error_code error;
  return resolved && std::filesystem::is_regular_file(root.path(*resolved), error);
}

/// Without doubled slashes, and with one at the front.
std::string joined(std::string_view folder, std::string_view name) {
  std::string path;
  for (const std::string_view part : {folder, name}) {
    for (const std::string_view component : split(part, '/')) {
      if (!component.empty()) path += "/" + std::string(component);
    }
  }
  return path.empty() ? "/" : path;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

/// 5.14.0-70.el9.x86_64+debug -> 5.14.0-70.el9.x86_64
std::optional<std::string> twin_of_debug_kernel(const std::string& version) {
  for (const std::string_view suffix : {"+debug", "-debug"}) {
    if (version.size() > suffix.size() && version.ends_with(suffix)) {
      return version.substr(0, version.size() - suffix.size());
    }
  }
  return std::nullopt;
}

Result<std::string> choose_version(const SysRoot& root,
                                   const config::Sysconfig& sysconfig,
                                   std::string running,
                                   std::vector<std::string>& notes) {
  if (!sysconfig.kernel_version.empty()) return sysconfig.kernel_version;
  if (running.empty()) running = TRY(root.read_value("/proc/sys/kernel/osrelease"));
  const auto twin = twin_of_debug_kernel(running);
  if (!twin) return running;
  if (root.exists("/lib/modules/" + *twin + "/modules.dep")) {
    notes.push_back(fmt::format(
        "{} is running; {} is used instead, as a debug kernel needs more memory", running, *twin));
    return *twin;
  }
  notes.push_back(fmt::format(
      "Using the debug kernel {}, as {} is not installed: crashkernel= may have to be larger",
      running,
      *twin));
  return running;
}

/// What the boot loader says it booted, without GRUB's device in front: (hd0,gpt2)/vmlinuz-6.1 ->
/// /vmlinuz-6.1.
std::optional<std::string> booted_image(const SysRoot& root, const std::string& version) {
  const auto text = root.read("/proc/cmdline");
  if (!text) return std::nullopt;
  const auto line = config::KernelCommandLine::parse(*text);
  const config::CmdlineParameter* parameter = line.find("BOOT_IMAGE");
  if (parameter == nullptr || !parameter->value) return std::nullopt;
  std::string_view image = *parameter->value;
  const auto closing = image.find(')');
  if (image.starts_with('(') && closing != std::string_view::npos) image.remove_prefix(closing + 1);
  if (!image.ends_with(version)) return std::nullopt;
  return std::string(image);
}

std::vector<std::string> folders_to_search(const SysRoot& root,
                                           const config::Sysconfig& sysconfig) {
  std::vector<std::string> folders;
  if (root.exists("/run/ostree-booted")) {
    // An ostree host without deployments in /boot/ostree has nothing to add here.
    for (const std::string& name : root.list("/boot/ostree").value_or(std::vector<std::string>())) {
      folders.push_back("/boot/ostree/" + name);
    }
  }
  if (!sysconfig.boot_directory.empty()) {
    folders.push_back(sysconfig.boot_directory);
  } else {
    folders.insert(folders.end(), {"/boot", "/boot/efi", "/efi", "/"});
  }
  return folders;
}

std::vector<std::string> names_to_try(const SysRoot& root,
                                      const config::Sysconfig& sysconfig,
                                      const std::string& version,
                                      const std::string& machine_id) {
  std::vector<std::string> names;
  if (auto booted = booted_image(root, version)) names.push_back(std::move(*booted));
  names.push_back(sysconfig.image_name + "-" + version + sysconfig.image_extension);
  if (!machine_id.empty()) {
    names.push_back(machine_id + "/" + version + "/" + sysconfig.image_name);
  }
  return names;
}

/// \EFI\Linux\x.efi in UTF-16 behind four bytes of attributes, as systemd-stub leaves it.
std::string running_unified_image(const SysRoot& root) {
  constexpr const char* kVariable =
      "/sys/firmware/efi/efivars/StubImageIdentifier-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
  const std::string bytes = root.read(kVariable).value_or("");
  std::string path;
  for (std::size_t at = 4; at + 1 < bytes.size(); at += 2) {
    if (bytes[at + 1] != '\0' || bytes[at] == '\0') break;
    path += bytes[at] == '\\' ? '/' : bytes[at];
  }
  return path;
}

std::optional<std::string> find_unified_image(const SysRoot& root,
                                              const std::vector<std::string>& folders,
                                              const std::string& version,
                                              const std::string& machine_id) {
  std::vector<std::string> names = {"EFI/Linux/" + machine_id + "-" + version + ".efi"};
  if (root.read_value("/proc/sys/kernel/osrelease").value_or("") == version) {
    const std::string running = running_unified_image(root);
    if (!running.empty()) names.insert(names.begin(), running);
  }
  for (const std::string& folder : folders) {
    for (const std::string& name : names) {
      std::string path = joined(folder, name);
      if (is_file(root, path)) return path;
    }
  }
  return std::nullopt;
}

Error no_kernel(const std::string& version,
                const std::vector<std::string>& folders,
                const std::vector<std::string>& names) {
  return make_error(ErrorKind::kNotFound,
                    "Failed to detect kdump kernel location\n"
                    "There is no {} in {}. Install the package of kernel {}, or set "
                    "KDUMP_KERNELVER, KDUMP_BOOTDIR or KDUMP_IMG in /etc/sysconfig/kdump",
                    escape_control(fmt::format("{}", fmt::join(names, " or "))),
                    escape_control(fmt::format("{}", fmt::join(folders, ", "))),
                    escape_control(version));
}

Result<std::string> find_kernel(const SysRoot& root,
                                const config::Sysconfig& sysconfig,
                                const std::string& version) {
  // A host without a machine id has no files named after it.
  const std::string machine_id = root.read_value("/etc/machine-id").value_or("");
  const auto folders = folders_to_search(root, sysconfig);
  const auto names = names_to_try(root, sysconfig, version, machine_id);
  for (const std::string& folder : folders) {
    for (const std::string& name : names) {
      std::string path = joined(folder, name);
      if (is_file(root, path)) return path;
    }
  }
  if (const auto unified = find_unified_image(root, folders, version, machine_id)) return *unified;
  return no_kernel(version, folders, names);
}

/// initramfs-6.1.img -> initramfs-6.1kdump.img, initrd -> initrdkdump
std::string image_name(const SysRoot& root, const std::string& folder, const std::string& version) {
  const std::string with_version = "initramfs-" + version;
  if (is_file(root, joined(folder, with_version + ".img"))) return with_version + "kdump.img";
  if (is_file(root, joined(folder, "initrd"))) return "initrdkdump";
  return with_version + "kdump.img";
}

bool may_write(const SysRoot& root, const std::string& folder) {
  return ::access(root.path(folder).c_str(), W_OK) == 0;
}

/// A root that errors have made read-only: no image can be built anywhere, but there is one.
bool holds_all_there_is(const SysRoot& root, const std::string& folder, const std::string& name) {
  const std::string elsewhere = root.exists(kImagesElsewhere) ? kImagesElsewhere : "/var/lib";
  return !may_write(root, elsewhere) && is_file(root, joined(folder, name)) &&
         !is_file(root, joined(kImagesElsewhere, name));
}

}  // namespace

Result<CaptureKernel> find_capture_kernel(const SysRoot& root,
                                          const config::Sysconfig& sysconfig,
                                          const std::string& running) {
  CaptureKernel found;
  found.version = TRY(choose_version(root, sysconfig, running, found.notes));
  found.kernel = TRY(find_kernel(root, sysconfig, found.version));
  const std::string folder = folder_of(found.kernel);
  // The EFI system partition is small and readable by all.
  const bool on_esp = found.kernel.find("/EFI/Linux/") != std::string::npos;
  const std::string name = image_name(root, folder, found.version);
  const bool in_folder =
      !on_esp && (may_write(root, folder) || holds_all_there_is(root, folder, name));
  found.image = joined(in_folder ? folder : kImagesElsewhere, name);
  return found;
}

}  // namespace kdump::ctl
