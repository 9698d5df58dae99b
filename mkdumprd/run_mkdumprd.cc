// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/run_mkdumprd.h"

#include "base/exit_code.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sys_root.h"
#include "base/text.h"
#include "config/kdump_conf.h"
#include "mkdumprd/build_image.h"
#include "mkdumprd/built_image_check.h"
#include "mkdumprd/compare_images.h"
#include "mkdumprd/image_files.h"
#include "mkdumprd/image_plan.h"
#include "mkdumprd/list_image.h"
#include "mkdumprd/options.h"

#include <chrono>
#include <filesystem>
#include <unistd.h>

namespace kdump::mkdumprd {
namespace {

using Clock = std::chrono::steady_clock;

/// Settings, with every diagnostic printed; kUsage when one of them is an error.
Result<config::KdumpConfig> read_config(const Log& log,
                                        const SysRoot& root,
                                        const Options& options) {
  const auto checked = TRY(config::load_kdump_conf(root, options.config_file));
  for (const config::Diagnostic& diagnostic : checked.diagnostics) {
    if (diagnostic.severity == config::Severity::kError) {
      log.error("{}", diagnostic.to_string());
    } else {
      log.warning("{}", diagnostic.to_string());
    }
  }
  if (config::has_errors(checked.diagnostics)) {
    return make_error(ErrorKind::kUsage, "{} has errors; no image was built", options.config_file);
  }
  return checked.config;
}

/// dracut_args of kdump.conf joins what the command line said.
Result<ExtraContent> add_dracut_args(const Log& log,
                                     const std::vector<std::string>& dracut_args,
                                     const Options& options) {
  const LegacyArgs legacy = TRY(parse_legacy_args(dracut_args));
  for (const std::string& word : options.ignored) {
    log.warning("\"{}\" has no meaning for this image and is ignored", word);
  }
  for (const auto* words : {&legacy.ignored, &legacy.others}) {
    for (const std::string& word : *words) {
      log.warning("\"{}\" in dracut_args has no meaning for this image and is ignored", word);
    }
  }
  ExtraContent extra = options.extra;
  const ExtraContent& more = legacy.extra;
  extra.drivers.insert(extra.drivers.end(), more.drivers.begin(), more.drivers.end());
  extra.programs.insert(extra.programs.end(), more.programs.begin(), more.programs.end());
  extra.includes.insert(extra.includes.end(), more.includes.begin(), more.includes.end());
  extra.mounts.insert(extra.mounts.end(), more.mounts.begin(), more.mounts.end());
  return extra;
}

/// A line that overwrites itself, on a terminal and only once the work takes longer than a second.
WriteProgress progress_line(Clock::time_point start) {
  if (::isatty(STDERR_FILENO) == 0) return [](std::size_t, std::size_t) {};
  return [start](std::size_t done, std::size_t all) {
    if (Clock::now() - start < std::chrono::seconds(1)) return;
    const char end = done == all ? '\n' : '\r';
    (void)write_all(STDERR_FILENO,
                    fmt::format("mkdumprd: packing, file {} of {}{}", done, all, end));
  };
}

Result<int> build(const Options& options) {
  const auto start = Clock::now();
  const Log log("mkdumprd", options.debug ? LogLevel::kDebug : LogLevel::kInfo);
  // Absolute: libkmod answers with absolute paths, from which the prefix is taken off again.
  const SysRoot root(options.root.empty() ? std::string()
                                          : std::filesystem::absolute(options.root).string());
  const config::KdumpConfig config = TRY(read_config(log, root, options));
  BuildRequest request;
  request.image = options.image;
  request.kernel_release = options.kernel_release;
  request.agent = options.agent;
  request.collector = options.collector;
  request.overwrite = options.force;
  request.extra = TRY(add_dracut_args(log, config.dracut_args, options));
  request.config_file = options.config_file;
  request.arguments = options.ordered_with;

  const BuildReport report = TRY(build_image(root, config, request, progress_line(start)));
  for (const std::string& detail : report.details) log.debug("{}", detail);
  for (const std::string& warning : report.warnings) log.warning("{}", warning);
  const std::chrono::duration<double> took = Clock::now() - start;
  log.info("{}: {} packed ({}), {} unpacked, {} modules, {:.1f} s",
           options.image,
           format_size(report.size.packed),
           to_string(report.packing),
           format_size(report.size.unpacked),
           report.module_count,
           took.count());
  return kExitOk;
}

Result<int> print(const std::string& text) {
  TRY(write_all(STDOUT_FILENO, text));
  return kExitOk;
}

Result<std::string> list(const Options& options) {
  const auto entries = TRY(list_image(options.image));
  if (!options.why) return format_listing(entries);
  const auto reasons = read_image_file(options.image, kImageReasonsPath);
  if (!reasons) {
    return make_error(reasons.error().kind,
                      "{}\n--why works with images that this mkdumprd has built",
                      reasons.error().message);
  }
  return format_reasons(entries, *reasons);
}

Result<int> check(const Options& options) {
  const BuiltImageReport report = TRY(check_built_image(options.image));
  std::string text;
  for (const std::string& fact : report.facts) text += fact + "\n";
  for (const std::string& problem : report.problems) text += "PROBLEM: " + problem + "\n";
  text += report.problems.empty() ? "the image has all that it needs\n" : "";
  TRY(print(text));
  return report.problems.empty() ? kExitOk : kExitFailed;
}

/// Exit codes as of diff(1).
Result<int> diff(const Options& options) {
  const auto lines = TRY(compare_images(options.image, options.other_image));
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  TRY(print(text));
  return lines.empty() ? kExitOk : kExitFailed;
}

}  // namespace

Result<int> run_mkdumprd(const std::vector<std::string>& arguments) {
  const Options options = TRY(parse_options(arguments));
  switch (options.action) {
    case Options::Action::kBuild:
      return build(options);
    case Options::Action::kCheck:
      return check(options);
    case Options::Action::kList:
      return print(TRY(list(options)));
    case Options::Action::kCat:
      return print(TRY(read_image_file(options.image, options.file)));
    case Options::Action::kDiff:
      return diff(options);
    case Options::Action::kRehearse:
      TRY(write_rehearsal_image(SysRoot(), options.rehearsal));
      return kExitOk;
    case Options::Action::kPrintText:
      return print(options.text);
  }
  return kExitUsage;
}

}  // namespace kdump::mkdumprd
