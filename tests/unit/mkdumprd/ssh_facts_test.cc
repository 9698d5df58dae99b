// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/ssh_facts.h"

#include "base/subprocess.h"
#include "base/text.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace kdump::mkdumprd {
namespace {

using kdump::test::TempTree;
using testing::ElementsAre;
using testing::HasSubstr;

const config::SshTarget kTarget{"dump", "log.example"};
constexpr const char* kUsersFile = "/root/.ssh/known_hosts";

SshSettings settings_of(std::string_view output) {
  const auto settings = parse_ssh_settings(kTarget, output);
  EXPECT_TRUE(settings) << settings.error().message;
  return settings.value_or(SshSettings());
}

TEST(SshFacts, WhatSshSaysIsUnderstood) {
  const SshSettings settings = settings_of(
      "user backup\nhostname 192.0.2.1\nport 2222\nproxyjump none\nhostkeyalias logs\n"
      "globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2\n"
      "userknownhostsfile ~/.ssh/known_hosts none\ncompression no\nword\n");
  EXPECT_EQ(settings.user, "backup");
  EXPECT_EQ(settings.host, "192.0.2.1");
  EXPECT_EQ(settings.port, 2222U);
  EXPECT_EQ(settings.host_key_alias, "logs");
  EXPECT_THAT(
      settings.known_hosts,
      ElementsAre(
          "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2", "/root/.ssh/known_hosts"));
}

TEST(SshFacts, WithoutSshTheDefaultsCount) {
  const SshSettings settings = settings_of("");
  EXPECT_EQ(settings.user, "dump");
  EXPECT_EQ(settings.host, "log.example");
  EXPECT_EQ(settings.port, 22U);
  EXPECT_THAT(settings.known_hosts, ElementsAre(kUsersFile, "/etc/ssh/ssh_known_hosts"));
}

TEST(SshFacts, AProxyIsRefused) {
  for (const char* output : {"proxyjump bastion\n", "proxycommand nc %h %p\n"}) {
    const auto settings = parse_ssh_settings(kTarget, output);
    ASSERT_FALSE(settings);
    EXPECT_EQ(settings.error().kind, ErrorKind::kUnsupported);
    EXPECT_THAT(settings.error().message, HasSubstr("reaches directly"));
  }
  EXPECT_FALSE(parse_ssh_settings(kTarget, "port 0\n"));
}

TEST(SshFacts, TheProxyOfIpaClientsConnectsDirectly) {
  const auto settings =
      parse_ssh_settings(kTarget,
                         "proxycommand /usr/bin/sss_ssh_knownhostsproxy -p %p %h\n"
                         "globalknownhostsfile /var/lib/sss/pubconf/known_hosts\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_THAT(settings->known_hosts, ElementsAre("/var/lib/sss/pubconf/known_hosts"));
  EXPECT_FALSE(parse_ssh_settings(kTarget, "proxycommand nc sss_ssh_knownhostsproxy %p\n"));
}

/// A tree with known_hosts and keys that this machine's ssh-keygen makes.
class SshKeys : public testing::Test {
 protected:
  void make_key(const std::string& name, const std::string& type, const std::string& phrase) const {
    const auto made = run_command(
        {"ssh-keygen", "-q", "-t", type, "-N", phrase, "-C", "", "-f", tree_.path(name)},
        std::chrono::seconds(60));
    ASSERT_TRUE(made && made->status.success()) << "ssh-keygen of openssh-client is needed";
  }
  [[nodiscard]] std::string public_key(const std::string& name) const {
    return std::string(trim(tree_.read(name + ".pub")));
  }
  [[nodiscard]] Result<std::string> pin(unsigned port = 22, const std::string& alias = "") const {
    SshSettings settings = settings_of("");
    settings.port = port;
    settings.host_key_alias = alias;
    return pin_host_keys(tree_.root(), settings, {"192.0.2.1", "2001:db8::1"});
  }

  TempTree tree_;
};

TEST_F(SshKeys, EveryTypeIsPinnedByAddress) {
  std::string known = "# a comment\nother ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFoo\n";
  std::vector<std::string> expected;
  for (const char* type : {"ed25519", "ecdsa", "rsa"}) {
    const std::string name = std::string("/") + type;
    make_key(name, type, "");
    known += "log.example,10.0.0.1 " + public_key(name) + "\n";
    expected.push_back("192.0.2.1,2001:db8::1 " + public_key(name) + "\n");
  }
  tree_.write(kUsersFile, known);
  const auto pinned = pin();
  ASSERT_TRUE(pinned) << pinned.error().message;
  for (const std::string& line : expected) EXPECT_THAT(*pinned, HasSubstr(line));
  EXPECT_EQ(split_lines(*pinned).size(), 3U);
}

TEST_F(SshKeys, HashedNamesAndPortsAreFound) {
  make_key("/k", "ed25519", "");
  tree_.write("/etc/ssh/ssh_known_hosts", "[log.example]:2222 " + public_key("/k") + "\n");
  const auto hashed =
      run_command({"ssh-keygen", "-q", "-H", "-f", tree_.path("/etc/ssh/ssh_known_hosts")},
                  std::chrono::seconds(60));
  ASSERT_TRUE(hashed && hashed->status.success());
  ASSERT_TRUE(tree_.read("/etc/ssh/ssh_known_hosts").starts_with("|1|"));
  const auto pinned = pin(2222);
  ASSERT_TRUE(pinned) << pinned.error().message;
  EXPECT_EQ(*pinned, "[192.0.2.1]:2222,[2001:db8::1]:2222 " + public_key("/k") + "\n");
  EXPECT_FALSE(pin(22)) << "the key of another port";
}

TEST_F(SshKeys, AnAliasIsWhatIsLookedUp) {
  make_key("/k", "ed25519", "");
  tree_.write(kUsersFile, "logs " + public_key("/k") + "\n");
  EXPECT_TRUE(pin(2222, "logs"));
}

TEST_F(SshKeys, RevokedKeysAndAuthoritiesAreNotBelieved) {
  make_key("/k", "ed25519", "");
  make_key("/ca", "ed25519", "");
  tree_.write(kUsersFile,
              "log.example " + public_key("/k") + "\n@revoked * " + public_key("/k") +
                  "\n@cert-authority *.example " + public_key("/ca") + "\n");
  const auto pinned = pin();
  ASSERT_FALSE(pinned) << *pinned;
  EXPECT_EQ(pinned.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(pinned.error().message, HasSubstr("known by a certificate authority only"));
}

TEST_F(SshKeys, ACommandMayKnowTheHost) {
  make_key("/k", "ed25519", "");
  make_key("/other", "ed25519", "");
  tree_.write("/keys",
              "# from IPA\nelsewhere " + public_key("/other") + "\nlog.example,10.0.0.1 " +
                  public_key("/k") + "\n");
  const auto pin_with = [&](const std::string& command) {
    SshSettings settings = settings_of("knownhostscommand " + command + "\n");
    return pin_host_keys(tree_.root(), settings, {"192.0.2.1"});
  };
  const auto pinned = pin_with("/bin/cat \"" + tree_.path("/keys") + "\"");
  ASSERT_TRUE(pinned) << pinned.error().message;
  EXPECT_EQ(*pinned, "192.0.2.1 " + public_key("/k") + "\n");
  tree_.write("/log.example-22-dump-%", tree_.read("/keys"));
  EXPECT_TRUE(pin_with("/bin/cat " + tree_.path("/%H-%p-%r-%%")));
  EXPECT_FALSE(pin_with("/bin/cat " + tree_.path("/keys") + " %Z"));
  EXPECT_FALSE(pin_with("/bin/false"));
}

TEST_F(SshKeys, AnUnknownHostIsAnErrorWithWhatToDo) {
  const auto pinned = pin();
  ASSERT_FALSE(pinned);
  EXPECT_THAT(pinned.error().message, HasSubstr("ssh dump@log.example"));
}

TEST_F(SshKeys, TheKeyHasToBeUsableByNobodyAtAll) {
  make_key("/good", "ed25519", "");
  make_key("/locked", "ed25519", "secret");
  tree_.write("/junk", "no key\n");
  EXPECT_TRUE(check_ssh_key(tree_.root(), "/good"));
  const auto locked = check_ssh_key(tree_.root(), "/locked");
  ASSERT_FALSE(locked);
  EXPECT_THAT(locked.error().message, HasSubstr("without a passphrase"));
  EXPECT_FALSE(check_ssh_key(tree_.root(), "/junk"));
  const auto absent = check_ssh_key(tree_.root(), "/absent");
  ASSERT_FALSE(absent);
  EXPECT_THAT(absent.error().message, HasSubstr("kdumpctl propagate"));
}

}  // namespace
}  // namespace kdump::mkdumprd
