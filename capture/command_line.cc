// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/command_line.h"

namespace kdump::capture {
namespace {

/// What getopt stumbled over, as it was written: the last argument it took, or a letter of it.
std::string offender(const std::vector<char*>& argv) {
  std::string last = argv[static_cast<std::size_t>(optind - 1)];
  if (last.starts_with("--")) return last;
  return {'-', static_cast<char>(optopt)};
}

}  // namespace

Result<std::vector<std::string>> parse_command_line(const std::vector<std::string>& arguments,
                                                    const std::string& letters,
                                                    std::span<const option> long_options,
                                                    const OptionHandler& handle) {
  std::vector<std::string> copies = {"program"};
  copies.insert(copies.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(copies.size() + 1);
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
      const std::string name = offender(argv);
      // A known long option is reported this way when it was given a value it does not take.
      if (name.starts_with("--") && optopt != 0) {
        return make_error(ErrorKind::kUsage, "option {}: it takes no value", name);
      }
      return make_error(ErrorKind::kUsage, "unknown option {}", name);
    }
    if (letter == ':') {
      return make_error(ErrorKind::kUsage, "option {} needs a value", offender(argv));
    }
    TRY(handle(letter, optarg != nullptr ? optarg : ""));
  }
  return std::vector<std::string>(argv.begin() + optind, argv.begin() + argc);
}

}  // namespace kdump::capture
