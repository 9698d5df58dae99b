// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "capture/debug_info_files.h"
#include "capture/kernel/kernel_log.h"
#include "capture/run_capture.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::capture {

/// What a command line asks for.
struct Invocation {
  enum class Action {
    kCapture,
    kDumpDmesg,
    kRearrange,       ///< a stream on standard input -> capture.output.path
    kReassemble,      ///< `dump_parts` -> capture.output.path
    kMemoryUsage,     ///< pages by class, of capture.input
    kEstimate,        ///< the same, and what dumps of each level would take
    kMakeVmcoreinfo,  ///< of debug_info.vmlinux -> capture.output.path
    kHelp,
    kVersion
  };
  Action action = Action::kCapture;
  CaptureOptions capture;
  bool split = false;  ///< among capture.parts
  DebugInfoFiles debug_info;
  std::vector<std::string> dump_parts;  ///< files of a split dump
  std::optional<VirtAddr> translate;    ///< say where this kernel address lies
  LogPart log_part = LogPart::kAll;     ///< of the kernel's messages
  bool threads_given = false;           ///< else capture.threads is left to default_threads()
  bool progress = true;                 ///< show how far the capture has come
  bool summary = true;                  ///< say at the end what was done
  bool stats = false;                   ///< with all figures
  bool verify = false;                  ///< read the dump back when it is written
  bool json = false;                    ///< of an estimate
  bool check_parameters = false;        ///< nothing is done; the command line was understood
  bool as_makedumpfile = false;         ///< speak as makedumpfile does
};

/// `arguments` without the program's name. kUsage errors say what is wrong and what would be right.
Result<Invocation> parse_options(const std::vector<std::string>& arguments);

/// The same for makedumpfile's options, in makedumpfile's meaning. Options of makedumpfile that
/// this program does not have are kUnsupported, with the reason.
Result<Invocation> parse_makedumpfile_options(const std::vector<std::string>& arguments);

[[nodiscard]] std::string help_text();
[[nodiscard]] std::string makedumpfile_help_text();

/// Bytes, with K, M or G: more than 0.
Result<std::uint64_t> parse_bytes(std::string_view text);
/// "1" to "256".
Result<unsigned> parse_threads(std::string_view text);
/// "N" or "N,N...": dump levels to be tried in turn.
Status parse_levels(std::string_view text, CaptureOptions& options);
/// A kernel address: 0x and hexadecimal digits, or decimal; hexadecimal digits alone where they are
/// no decimal number.
Result<VirtAddr> parse_address(std::string_view text);
/// Takes INPUT and OUTPUT, or whatever else the action and its options need, from what is left of a
/// command line. A dry run needs no OUTPUT.
Status take_files(const std::vector<std::string>& files, Invocation& call);
/// What contradicts each other in either command line.
Status check_combination(const Invocation& call);

}  // namespace kdump::capture
