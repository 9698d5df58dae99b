// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "mkdumprd/legacy_args.h"
#include "mkdumprd/rehearsal_image.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct Options {
  enum class Action { kBuild, kList, kCat, kCheck, kDiff, kRehearse, kPrintText };
  Action action = Action::kBuild;
  std::string text;  ///< for kPrintText: help or version

  std::string image;
  std::string other_image;     ///< for kDiff
  std::string file;            ///< of the image, for kCat
  bool why = false;            ///< for kList
  std::string kernel_release;  ///< "": the running kernel
  std::string config_file = "/etc/kdump.conf";
  std::string root;
  std::string agent;         ///< "": found beside mkdumprd
  std::string collector;     ///< likewise
  std::string ordered_with;  ///< MKDUMPRD_ARGS, when kdumpctl ordered the image
  bool force = false;
  bool debug = false;
  ExtraContent extra;
  RehearsalRequest rehearsal;        ///< for kRehearse
  std::vector<std::string> ignored;  ///< options that have no meaning here
};

/// `arguments` with the program's name in front. kUsage for what cannot be understood.
Result<Options> parse_options(const std::vector<std::string>& arguments);

}  // namespace kdump::mkdumprd
