// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/tool_main.h"
#include "mkdumprd/run_mkdumprd.h"

int main(int argc, char** argv) {
  return kdump::tool_main("mkdumprd", argc, argv, kdump::mkdumprd::run_mkdumprd);
}
