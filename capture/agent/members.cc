// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/members.h"

#include "base/text.h"
#include "capture/agent/claims.h"
#include "capture/agent/settled.h"

#include <algorithm>

namespace kdump::agent {
namespace {

constexpr std::chrono::milliseconds kPollInterval{200};
constexpr std::chrono::seconds kPatience{5};  // with one device

}  // namespace

std::vector<Member> Members::of_type(const std::string& type) {
  look();
  std::vector<Member> out;
  for (const auto& [name, member] : seen_) {
    if (member.identity.member_type == type) out.push_back(member);
  }
  return out;
}

void Members::wait() {
  const Deadline until = std::min(context_.system.now() + kPollInterval, deadline_);
  if (context_.system.wait_for_devices(until)) seen_.clear();
}

bool Members::are_given_up() const {
  if (context_.system.now() >= deadline_) return true;
  return !one_is_silent_ && is_given_up(context_, start_, deadline_);
}

void Members::look() {
  const auto names = context_.root.list("/sys/class/block");
  if (!names) return;  // as long as sysfs has no block devices at all
  one_is_silent_ = false;
  for (const std::string& name : *names) {
    if (seen_.contains(name) || context_.system.now() >= deadline_) continue;
    std::string node = "/dev/" + name;
    std::replace(node.begin(), node.end(), '!', '/');
    const auto size = context_.root.read_value(fmt::format("/sys/class/block/{}/size", name));
    const auto number = context_.root.read_value(fmt::format("/sys/class/block/{}/dev", name));
    if (!size || *size == "0" || !number || !context_.root.exists(node)) continue;
    if (is_path(context_.root, name)) continue;
    const auto identity =
        context_.system.identify(node, std::min(context_.system.now() + kPatience, deadline_));
    if (!identity) {
      context_.log.warning("{}", identity.error().message);
      one_is_silent_ = one_is_silent_ || identity.error().kind == ErrorKind::kTimeout;
    } else {
      seen_[name] = {node, *number, parse_unsigned(*size).value_or(0), *identity};
    }
  }
}

}  // namespace kdump::agent
