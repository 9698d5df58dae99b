// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/settings.h"

namespace kdump::ctl::commands {
namespace {

/// The key has no passphrase: nobody types one in the capture kernel.
Status provide_key(const Context& context, const std::string& key) {
  if (context.root.exists(key)) {
    context.log.info("Using existing keys...");
    return {};
  }
  context.log.info("Generating new ssh keys...");
  TRY(context.actions.run(
      {"ssh-keygen", "-q", "-t", "rsa", "-f", context.root.path(key), "-N", ""}));
  context.log.info("done.");
  return {};
}

}  // namespace

/// Lets this host's root log in as the user that kdump.conf names, who is asked for a password.
Result<int> propagate(const Context& context) {
  const Settings settings = TRY(load_settings(context.root, context.log));
  const auto* target = std::get_if<config::SshTarget>(&settings.config.target);
  if (target == nullptr) {
    return make_error(ErrorKind::kUsage,
                      "No ssh destination defined in /etc/kdump.conf.\n"
                      "Please verify that /etc/kdump.conf contains 'ssh <user>@<host>' and that it "
                      "is properly formatted.");
  }
  const std::string& key = settings.config.sshkey;
  TRY(provide_key(context, key));
  const std::string destination = target->user + "@" + target->host;
  const auto copied =
      context.actions.run({"ssh-copy-id", "-i", context.root.path(key), destination});
  if (!copied) {
    return make_error(ErrorKind::kSystem,
                      "{}\nFailed to propagate ssh key, could not transfer {} to {}",
                      copied.error().message,
                      key,
                      target->host);
  }
  context.log.info(
      "{} has been added to ~{}/.ssh/authorized_keys on {}", key, target->user, target->host);
  return kExitOk;
}

}  // namespace kdump::ctl::commands
