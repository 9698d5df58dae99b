// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/ssh/test_sshd.h"

#include "base/io.h"
#include "base/text.h"
#include "capture/ssh/kdump_ssh.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <pwd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace kdump::ssh::test {
namespace {

using namespace std::chrono_literals;

std::string user_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? "root" : entry->pw_name;
}

sockaddr_in loopback(unsigned port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

unsigned free_port() {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  EXPECT_EQ(::bind(socket.raw(), reinterpret_cast<sockaddr*>(&address), size), 0);  // NOLINT
  EXPECT_EQ(::getsockname(socket.raw(), reinterpret_cast<sockaddr*>(&address), &size),
            0);  // NOLINT
  return ntohs(address.sin_port);
}

bool listens(unsigned port) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(port);
  return ::connect(
             socket.raw(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) ==  // NOLINT
         0;
}

void kill_children(pid_t parent) {
  const auto text = read_file(fmt::format("/proc/{0}/task/{0}/children", parent));
  if (!text) return;
  for (const std::string_view word : split_words(*text)) {
    const auto pid = static_cast<pid_t>(parse_unsigned(word).value_or(0));
    if (pid <= 0) continue;
    kill_children(pid);
    ::kill(pid, SIGKILL);
  }
}

}  // namespace

TestSshd::TestSshd(const std::string& settings) : port_(free_port()) {
  tree_.make_directory("/files");
  make_key("/host_key");
  make_key("/key");
  tree_.write("/authorized_keys", tree_.read("/key.pub"));
  tree_.write("/sshd_config",
              fmt::format("ListenAddress 127.0.0.1\nPort {}\nHostKey {}\nPidFile none\n"
                          "AuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n"
                          "PasswordAuthentication no\nKbdInteractiveAuthentication no\n{}\n",
                          port_,
                          tree_.path("/host_key"),
                          tree_.path("/authorized_keys"),
                          settings));
  pin(host_key());
  // sshd itself insists on it when root runs it; its package makes it at boot.
  if (::geteuid() == 0) std::filesystem::create_directories("/run/sshd");
  static int log = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  auto child = Child::spawn({"/usr/sbin/sshd", "-D", "-e", "-f", tree_.path("/sshd_config")},
                            {.in = -1, .out = log, .err = log});
  if (!child) {
    ADD_FAILURE() << child.error().message << "; openssh-server is needed";
    return;
  }
  server_.emplace(*std::move(child));
  for (int tries = 0; tries < 500 && !listens(port_); ++tries) std::this_thread::sleep_for(20ms);
}

TestSshd::~TestSshd() { drop_connections(); }

Result<int> TestSshd::run(const std::vector<std::string>& words) const {
  std::vector<std::string> arguments = {"kdump-ssh",
                                        "--address",
                                        "127.0.0.1",
                                        "--port",
                                        std::to_string(port_),
                                        "--user",
                                        user_name(),
                                        "--key",
                                        tree_.path(key_),
                                        "--known-hosts",
                                        tree_.path("/known_hosts"),
                                        "--patience",
                                        "20"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return run_kdump_ssh(arguments);
}

void TestSshd::pin(const std::string& key_line) const {
  tree_.write("/known_hosts", fmt::format("[127.0.0.1]:{} {}\n", port_, key_line));
}

std::string TestSshd::host_key() const { return tree_.read("/host_key.pub"); }

void TestSshd::make_key(const std::string& name, const std::string& passphrase) const {
  const auto made = run_command(
      {"ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", tree_.path(name)}, 30s);
  EXPECT_TRUE(made && made->status.success()) << "ssh-keygen of openssh-client is needed";
}

void TestSshd::drop_connections() const {
  if (server_) kill_children(server_->pid());
}

}  // namespace kdump::ssh::test
