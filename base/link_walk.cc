// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/link_walk.h"

#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <deque>

namespace kdump {

Result<std::string> follow_links(std::string_view absolute, const LinkAt& link_at) {
  constexpr int kMaxLinks = 40;
  std::deque<std::string> todo;
  for (const std::string_view part : split(absolute, '/')) todo.emplace_back(part);
  std::string resolved;
  int links = 0;
  while (!todo.empty()) {
    const std::string part = std::move(todo.front());
    todo.pop_front();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      resolved.erase(std::min(resolved.rfind('/'), resolved.size()));
      continue;
    }
    std::string next = fmt::format("{}/{}", resolved, part);
    const auto target = TRY(link_at(next));
    if (!target) {
      resolved = std::move(next);
      continue;
    }
    if (++links > kMaxLinks) return system_error(ELOOP, "cannot resolve {}", absolute);
    if (target->starts_with('/')) resolved.clear();
    const auto parts = split(*target, '/');
    todo.insert(todo.begin(), parts.begin(), parts.end());
  }
  return resolved.empty() ? std::string("/") : resolved;
}

}  // namespace kdump
