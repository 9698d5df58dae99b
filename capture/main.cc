// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/tool_main.h"
#include "capture/collector.h"

int main(int argc, char** argv) {
  return kdump::tool_main("kdump-collect", argc, argv, kdump::capture::run_collector);
}
