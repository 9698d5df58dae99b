// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/ssh/byte_channel.h"

#include <chrono>
#include <memory>
#include <string>

struct ssh_session_struct;

namespace kdump::ssh {

struct Destination {
  std::string address;  ///< numeric, or a name that this machine can resolve
  unsigned port = 22;
  std::string user;
  std::string key_file;     ///< a private key without a passphrase
  std::string known_hosts;  ///< file with the server's keys; no other is believed
  /// How long the server may be silent, or take nothing, before it counts as gone.
  std::chrono::seconds patience{120};
};

/// A channel that runs a command of the server's. Its end is finish().
class CommandChannel : public ByteChannel {
 public:
  /// The command gets end of file, and has to end itself with exit code 0; the error carries what
  /// it wrote to its standard error.
  virtual Status finish() = 0;
};

/// A connection with a server whose key is the one that was pinned, by our key and nothing else:
/// nobody is there to type a password or to accept a key.
class Session {
 public:
  /// kMismatch: the server's key is not the pinned one, or it refuses our key. Both need a person.
  static Result<Session> connect(const Destination& destination);

  /// kUnsupported: the server has no SFTP subsystem.
  Result<std::unique_ptr<ByteChannel>> open_sftp();
  Result<std::unique_ptr<CommandChannel>> run(const std::string& command);

 private:
  struct Closer {
    void operator()(ssh_session_struct* session) const;
  };
  using Handle = std::shared_ptr<ssh_session_struct>;
  explicit Session(Handle handle, std::chrono::seconds patience)
      : handle_(std::move(handle)), patience_(patience) {}

  Handle handle_;
  std::chrono::seconds patience_;
};

}  // namespace kdump::ssh
