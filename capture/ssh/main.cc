// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/tool_main.h"
#include "capture/ssh/kdump_ssh.h"

int main(int argc, char** argv) {
  return kdump::tool_main("kdump-ssh", argc, argv, kdump::ssh::run_kdump_ssh);
}
