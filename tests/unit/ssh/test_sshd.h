// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/subprocess.h"
#include "tests/support/temp_tree.h"

#include <optional>
#include <string>
#include <vector>

namespace kdump::ssh::test {

/// An SSH server of this machine's OpenSSH on a free port of the loopback interface, with keys and
/// a configuration of its own, that lets the user who runs the test in.
class TestSshd {
 public:
  /// `settings`: lines of sshd_config(5) beside the necessary ones.
  explicit TestSshd(const std::string& settings = "Subsystem sftp internal-sftp");
  TestSshd(const TestSshd&) = delete;
  TestSshd& operator=(const TestSshd&) = delete;
  ~TestSshd();

  /// A folder for the files of the test, "/files" of tree().
  [[nodiscard]] std::string path(const std::string& name) const {
    return tree_.path("/files/" + name);
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    return tree_.read("/files/" + name);
  }
  [[nodiscard]] bool has(const std::string& name) const { return tree_.exists("/files/" + name); }
  [[nodiscard]] unsigned mode(const std::string& name) const {
    return tree_.mode("/files/" + name);
  }
  [[nodiscard]] const kdump::test::TempTree& tree() const { return tree_; }

  /// Runs kdump-ssh with all that it needs to get in, and these words behind.
  [[nodiscard]] Result<int> run(const std::vector<std::string>& words) const;
  /// What known_hosts says of the server.
  void pin(const std::string& key_line) const;
  [[nodiscard]] std::string host_key() const;  ///< "ssh-ed25519 AAAA..."
  void make_key(const std::string& name, const std::string& passphrase = "") const;
  void set_key(const std::string& name) { key_ = name; }
  /// Ends every connection at once, as a crash of the server would.
  void drop_connections() const;

 private:
  kdump::test::TempTree tree_;
  unsigned port_ = 0;
  std::string key_ = "/key";
  std::optional<Child> server_;
};

}  // namespace kdump::ssh::test
