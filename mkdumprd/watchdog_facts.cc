// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/watchdog_facts.h"

#include "mkdumprd/block_device.h"
#include "mkdumprd/module_wishes.h"

namespace kdump::mkdumprd {

WatchdogFacts read_watchdogs(const SysRoot& root) {
  WatchdogFacts facts;
  const auto names = root.list("/sys/class/watchdog");
  if (!names) return facts;  // a kernel without watchdogs
  for (const std::string& name : *names) {
    const std::string folder = "/sys/class/watchdog/" + name;
    if (root.read_value(folder + "/state").value_or("") != "active") continue;
    const auto device = root.resolve(folder + "/device");
    if (!device) continue;
    facts.active = true;
    for (const StackDevice& part : read_device_stack(root, *device)) {
      facts.wishes.push_back(wish_driver(part));
    }
  }
  return facts;
}

}  // namespace kdump::mkdumprd
