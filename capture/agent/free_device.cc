// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/free_device.h"

#include <algorithm>

namespace kdump::agent {
namespace {

// How long the content of the device may take to be looked at.
constexpr std::chrono::seconds kLookPatience{30};

bool has_partitions(const SysRoot& root, const std::string& device) {
  std::string name = device.substr(std::string_view("/dev/").size());
  std::replace(name.begin(), name.end(), '/', '!');  // as sysfs writes it
  const std::string folder = "/sys/class/block/" + name;
  const auto entries = root.list(folder);
  return entries && std::any_of(entries->begin(), entries->end(), [&](const std::string& entry) {
           return root.exists(folder + "/" + entry + "/partition");
         });
}

}  // namespace

Status check_free(const CaptureContext& context,
                  const std::string& what,
                  const std::string& device) {
  const DeviceIdentity found =
      TRY(context.system.identify(device, context.system.now() + kLookPatience));
  std::string content = found.fs_type.empty() ? found.member_type : found.fs_type;
  if (content.empty() && has_partitions(context.root, device)) content = "partitions";
  if (content.empty()) return {};
  return make_error(ErrorKind::kUsage,
                    "the {} {} carries {}: it is not overwritten. Empty it with 'wipefs -a' on the "
                    "host if it is meant for dumps",
                    what,
                    device,
                    content);
}

}  // namespace kdump::agent
