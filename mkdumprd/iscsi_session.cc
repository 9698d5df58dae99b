// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/iscsi_session.h"

#include "base/ip_address.h"
#include "base/text.h"
#include "mkdumprd/extra_files.h"
#include "mkdumprd/fence_plan.h"
#include "mkdumprd/host_path.h"
#include "mkdumprd/stacked_device.h"

namespace kdump::mkdumprd {
namespace {

constexpr std::string_view kSession = "session";
constexpr unsigned kUsualPort = 3260;
constexpr std::uint64_t kHighestNumber = 65535;

/// "(null)" is what the kernel prints of a parameter that nobody has set.
std::string attribute(const SysRoot& root, const std::string& path) {
  std::string value = root.read_value(path).value_or(std::string());
  return value == "(null)" || value == "<NULL>" ? std::string() : value;
}

unsigned number_at(const SysRoot& root, const std::string& path, unsigned otherwise) {
  const auto value = parse_unsigned(attribute(root, path));
  return value && *value <= kHighestNumber ? static_cast<unsigned>(*value) : otherwise;
}

/// The session's folder among those above the disk: .../host3/session1.
std::string session_folder(const SysRoot& root, std::string path) {
  for (; path.size() > std::string_view("/sys/devices").size(); path = parent_of(path)) {
    if (root.exists(path + "/iscsi_session")) return path;
  }
  return {};
}

config::PlannedIscsi read_session(const SysRoot& root,
                                  const std::string& name,
                                  const std::string& scsi_host) {
  // drivers/scsi/scsi_transport_iscsi.c: session1 has connection1:0, the only one.
  const std::string number = name.substr(kSession.size());
  const std::string session = "/sys/class/iscsi_session/" + name;
  const std::string connection = "/sys/class/iscsi_connection/connection" + number + ":0";
  config::PlannedIscsi out;
  out.target = attribute(root, session + "/targetname");
  out.initiator = attribute(root, session + "/initiatorname");
  if (out.initiator.empty()) {
    out.initiator = attribute(root, "/sys/class/iscsi_host/" + scsi_host + "/initiatorname");
  }
  out.group = number_at(root, session + "/tpgt", 1);
  // The portal that was asked for; the other one is where the target has sent the host.
  out.address = attribute(root, connection + "/persistent_address");
  if (out.address.empty()) out.address = attribute(root, connection + "/address");
  out.port = number_at(root, connection + "/persistent_port", kUsualPort);
  out.user = attribute(root, session + "/username");
  out.password = attribute(root, session + "/password");
  out.target_user = attribute(root, session + "/username_in");
  out.target_password = attribute(root, session + "/password_in");
  return out;
}

}  // namespace

bool add_iscsi_session(const SysRoot& root, const std::string& path, BlockDevice& out) {
  const std::string folder = session_folder(root, path);
  if (folder.empty()) return false;
  const std::string scsi_host(name_of(parent_of(folder)));
  const std::string driver = attribute(root, "/sys/class/scsi_host/" + scsi_host + "/proc_name");
  if (driver != "iscsi_tcp") {
    block(out,
          fmt::format("an iSCSI disk of the initiator '{}', of which only the software one "
                      "(iscsi_tcp) works in the capture kernel",
                      escape_control(driver)));
    return true;
  }
  config::PlannedIscsi session = read_session(root, std::string(name_of(folder)), scsi_host);
  if (session.target.empty() || session.initiator.empty() || !IpAddress::parse(session.address)) {
    block(out,
          fmt::format("an iSCSI disk, whose {} does not tell its target and portal",
                      name_of(folder)));
    return true;
  }
  add_new(config::PlannedVolume(std::move(session)), out.volumes);
  for (const char* module : {"iscsi_tcp", "sd_mod", "crc32c_generic"}) {
    add_new(module, out.volume_modules);
  }
  return true;
}

Status add_iscsi_network(const SysRoot& root,
                         HostNetwork& network,
                         config::PlannedTarget& target,
                         std::vector<ModuleWish>& modules,
                         std::vector<std::string>& warnings) {
  for (const config::PlannedIscsi& session : config::iscsi_sessions(target)) {
    const auto address = IpAddress::parse(session.address);
    if (!address) {
      return make_error(
          ErrorKind::kBadData, "{} is no address of an iSCSI portal", session.address);
    }
    NetworkPlan plan = TRY(plan_network(root, network, session.address, {*address}));
    if (!target.network) {
      target.network = std::move(plan.network);
    } else {
      merge_network(*target.network, plan.network);
    }
    modules.insert(modules.begin(), plan.modules.begin(), plan.modules.end());
    warnings.insert(warnings.end(), plan.warnings.begin(), plan.warnings.end());
  }
  return {};
}

Result<std::string> find_iscsistart(const SysRoot& root) {
  const auto found = find_program(root, {"iscsistart", "logs in to iSCSI targets"});
  if (found) return found->file;
  return make_error(ErrorKind::kNotFound,
                    "The dump target is on an iSCSI disk, and there is no iscsistart, which the "
                    "capture kernel logs in with. Install open-iscsi (Debian) or "
                    "iscsi-initiator-utils (Fedora, RHEL)");
}

}  // namespace kdump::mkdumprd
