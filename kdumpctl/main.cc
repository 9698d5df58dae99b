// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/tool_main.h"
#include "kdumpctl/command.h"

int main(int argc, char** argv) {
  return kdump::tool_main("kdump", argc, argv, kdump::ctl::run_kdumpctl);
}
