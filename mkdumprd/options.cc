// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/options.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace kdump::mkdumprd {
namespace {

constexpr const char* kAbout =
    "Builds the capture initramfs for the dump target in kdump.conf(5).\n"
    "`mkdumprd list|cat|check|diff IMAGE` shows what is in an image, whether it is whole, and "
    "what\n"
    "another has that it has not.";
constexpr const char* kFooter =
    "Of dracut's options --add-drivers, --install, --include and --mount are understood; the "
    "others "
    "are ignored with a warning.";

/// CLI11 reports by exception, --help too; nothing of that leaves this function.
Result<Options> parse_with(CLI::App& app, std::vector<std::string> words, Options& options) {
  std::reverse(words.begin(), words.end());  // CLI11 takes a vector from its end
  try {
    app.parse(words);
  } catch (const CLI::CallForHelp&) {
    options.action = Options::Action::kPrintText;
    options.text = app.help();
  } catch (const CLI::CallForVersion& version) {
    options.action = Options::Action::kPrintText;
    options.text = std::string(version.what()) + "\n";
  } catch (const CLI::ParseError& error) {
    return make_error(ErrorKind::kUsage, "{} (see mkdumprd --help)", error.what());
  }
  return options;
}

Result<Options> parse_list(const std::vector<std::string>& words) {
  Options options;
  options.action = Options::Action::kList;
  CLI::App app("Lists what is in a capture image.", "mkdumprd list");
  app.add_flag("--why", options.why, "Say why each file is there, the largest first");
  app.add_option("IMAGE", options.image, "The image")->required();
  return parse_with(app, words, options);
}

Result<Options> parse_cat(const std::vector<std::string>& words) {
  Options options;
  options.action = Options::Action::kCat;
  CLI::App app("Prints a file of a capture image.", "mkdumprd cat");
  app.add_option("IMAGE", options.image, "The image")->required();
  app.add_option("FILE", options.file, "The file in it, as /etc/kdump/plan.json")->required();
  return parse_with(app, words, options);
}

Result<Options> parse_check(const std::vector<std::string>& words) {
  Options options;
  options.action = Options::Action::kCheck;
  CLI::App app("Says whether a capture image has all that it needs.", "mkdumprd check");
  app.add_option("IMAGE", options.image, "The image")->required();
  return parse_with(app, words, options);
}

Result<Options> parse_diff(const std::vector<std::string>& words) {
  Options options;
  options.action = Options::Action::kDiff;
  CLI::App app("Says what differs between two capture images.", "mkdumprd diff");
  app.add_option("BEFORE", options.image, "An image")->required();
  app.add_option("AFTER", options.other_image, "Another one")->required();
  return parse_with(app, words, options);
}

/// For kdumpctl test --qemu.
Result<Options> parse_rehearsal(const std::vector<std::string>& words) {
  Options options;
  options.action = Options::Action::kRehearse;
  RehearsalRequest& request = options.rehearsal;
  CLI::App app("Writes the initramfs with which a virtual machine tries a capture image.",
               "mkdumprd rehearsal");
  app.add_option("--init", request.init, "The program that is PID 1: kdumpctl")->required();
  app.add_option("--orders", request.orders, "Its orders")->required();
  app.add_option("--kernel", request.kernel, "The panic kernel")->required();
  app.add_option("--kver", request.kernel_release, "Its version")->required();
  app.add_option("IMAGE", request.image, "Its capture image")->required();
  app.add_option("OUT", request.out, "The file to write")->required();
  return parse_with(app, words, options);
}

Result<Options> parse_build(const std::vector<std::string>& words) {
  const LegacyArgs legacy = TRY(parse_legacy_args(words));
  Options options;
  options.extra = legacy.extra;
  options.ignored = legacy.ignored;
  std::string version_word;
  CLI::App app(kAbout, "mkdumprd");
  app.footer(kFooter);
  app.add_option("IMAGE", options.image, "The file to write")->required();
  app.add_option("VER", version_word, "Kernel version; the running kernel's when left out");
  app.add_flag("-f,--force", options.force, "Overwrite an image that exists");
  app.add_option("--kver", options.kernel_release, "Kernel version, as VER");
  app.add_option("--config", options.config_file, "Configuration file")->capture_default_str();
  app.add_flag("-d,--debug", options.debug, "Say what is taken and why");
  app.add_option("--root", options.root, "Take the host's files from below this folder");
  app.add_option("--agent", options.agent, "The agent's program file");
  app.add_option("--collector", options.collector, "The collector's program file");
  app.add_option("--ordered-with", options.ordered_with, "For the image's manifest")
      ->group("");  // for kdumpctl
  app.set_version_flag(
      "-V,--version", "mkdumprd " KDUMP_TOOLKIT_VERSION, "Print the version and exit");
  Options parsed = TRY(parse_with(app, legacy.others, options));
  if (parsed.action == Options::Action::kPrintText) return parsed;
  if (!version_word.empty()) {
    if (!parsed.kernel_release.empty() && parsed.kernel_release != version_word) {
      return make_error(ErrorKind::kUsage,
                        "two kernel versions: --kver {} and {}",
                        parsed.kernel_release,
                        version_word);
    }
    parsed.kernel_release = version_word;
  }
  return parsed;
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) {
  const std::vector<std::string> words(arguments.begin() + 1, arguments.end());
  const std::string verb = words.empty() ? std::string() : words.front();
  struct Verb {
    std::string_view name;
    Result<Options> (*parse)(const std::vector<std::string>&);
  };
  constexpr std::array<Verb, 5> kVerbs = {{{"list", parse_list},
                                           {"cat", parse_cat},
                                           {"check", parse_check},
                                           {"diff", parse_diff},
                                           {"rehearsal", parse_rehearsal}}};
  for (const Verb& row : kVerbs) {
    if (verb == row.name) return row.parse({words.begin() + 1, words.end()});
  }
  return parse_build(words);
}

}  // namespace kdump::mkdumprd
