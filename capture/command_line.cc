// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/command_line.h"

namespace kdump::capture {
namespace {

/// What getopt stumbled over: a letter in `optopt`, or else a long option in the last argument.
std::string offender(const std::vector<char*>& argv, std::span<const option> long_options) {
  if (optopt > ' ' && optopt < 0x7f) return {'-', static_cast<char>(optopt)};
  for (const option& known : long_options) {
    if (optopt != 0 && known.name != nullptr && known.val == optopt) {
      return std::string("--") + known.name;
    }
  }
  return argv[static_cast<std::size_t>(optind - 1)];
}

}  // namespace

Result<std::vector<std::string>> parse_command_line(const std::vector<std::string>& arguments,
                                                    const std::string& letters,
                                                    std::span<const option> long_options,
                                                    const OptionHandler& handle) {
  std::vector<std::string> copies = {"program"};
  copies.insert(copies.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& copy : copies) argv.push_back(copy.data());
  argv.push_back(nullptr);
  const int argc = static_cast<int>(copies.size());

  optind = 0;  // glibc: start afresh
  opterr = 0;
  // A leading colon tells a missing value from an unknown option.
  const std::string short_options = ":" + letters;
  for (;;) {
    const int letter =
        ::getopt_long(argc, argv.data(), short_options.c_str(), long_options.data(), nullptr);
    if (letter == -1) break;
    if (letter == '?') {
      return make_error(ErrorKind::kUsage, "unknown option {}", offender(argv, long_options));
    }
    if (letter == ':') {
      return make_error(ErrorKind::kUsage, "option {} needs a value", offender(argv, long_options));
    }
    TRY(handle(letter, optarg != nullptr ? optarg : ""));
  }
  return std::vector<std::string>(argv.begin() + optind, argv.begin() + argc);
}

}  // namespace kdump::capture
