// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/atomic_file.h"
#include "base/exit_code.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/crypttab.h"
#include "kdumpctl/settings.h"

#include <cerrno>
#include <sys/stat.h>

namespace kdump::ctl::commands {
namespace {

constexpr const char* kCrypttab = "/etc/crypttab";

Status replace(const Context& context, const std::string& text) {
  const std::string file = context.root.path(TRY(context.root.resolve(kCrypttab)));
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return system_error(errno, "cannot look at {}", file);
  TRY(write_file_atomically(file, status.st_mode & 07777U, text));
  for (const char* restorecon : {"/usr/sbin/restorecon", "/sbin/restorecon"}) {
    if (!context.root.exists(restorecon)) continue;
    return context.actions.run({restorecon, file});
  }
  return {};
}

}  // namespace

/// Has systemd leave the keys of the target's encrypted volumes where the panic kernel can get
/// them.
Result<int> setup_crypttab(const Context& context) {
  const Settings settings = TRY(load_settings(context.root, context.log));
  const auto volumes = TRY(encrypted_volumes(context.root, settings.config));
  if (volumes.empty()) {
    context.log.info("The dump target is not encrypted; there is nothing to set up");
    return kExitOk;
  }
  const std::string before = TRY(context.root.read(kCrypttab));
  std::string after = before;
  for (const std::string& uuid : volumes) {
    auto linked = with_volume_key_link(after, uuid);
    if (!linked) {
      return make_error(ErrorKind::kNotFound,
                        "{} has no line for UUID={}; add one (crypttab(5)), then run this again",
                        context.root.path(kCrypttab),
                        uuid);
    }
    after = std::move(*linked);
  }
  if (after == before) {
    context.log.info("{} is set up already", context.root.path(kCrypttab));
    return kExitOk;
  }
  TRY(replace(context, after));
  context.log.info(
      "Success! {} has been updated. If the root file system is encrypted, make its "
      "initramfs anew (\"dracut -f --regenerate-all\"), then reboot",
      context.root.path(kCrypttab));
  return kExitOk;
}

}  // namespace kdump::ctl::commands
