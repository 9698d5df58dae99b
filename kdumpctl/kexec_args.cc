// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec_args.h"

#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace kdump::ctl {
namespace {

enum class Argument { kNone, kRequired };
enum class Effect {
  kAuto,
  kLoad,
  kFileLoad,
  kDebug,
  kNoEfi,
  kMemMin,
  kMemMax,
  kType,
  kNote,
  kWarn,
  kRefuse
};

struct OptionRow {
  std::string_view long_name;
  char short_name;  ///< '\0': none
  Argument argument;
  Effect effect;
  std::string_view reason;  ///< why it has no effect, or is refused
};

constexpr std::string_view kChosen = "kdumpctl chooses what is done";
constexpr std::string_view kNoPurgatory = "nothing runs between the two kernels that could use it";
constexpr std::string_view kSerial = "use kexec.serial=ttyS0 in KDUMP_COMMANDLINE_APPEND";
constexpr std::string_view kOwnFiles =
    "kdumpctl passes its own; see KDUMP_KERNELVER, KDUMP_IMG and KDUMP_BOOTDIR";
constexpr std::string_view kOwnCommandLine =
    "kdumpctl passes its own; use KDUMP_COMMANDLINE and KDUMP_COMMANDLINE_APPEND";
constexpr std::string_view kOneEntry = "a panic kernel is entered in 64-bit mode only";
constexpr std::string_view kNoDeviceTree = "the firmware's own device tree is handed on";
constexpr std::string_view kNoJumpBack = "a panic kernel does not return";
constexpr std::string_view kXenOnly = "it is for Xen hypervisors";
constexpr std::string_view kOfOtherSyscall = "it is an option of kexec_file_load";
constexpr std::string_view kOnlyForReboot = "it is for rebooting, not for panic kernels";

using enum Argument;
using enum Effect;

constexpr std::array<OptionRow, 52> kOptions = {{
    {"kexec-file-syscall", 's', kNone, kFileLoad, ""},
    {"kexec-syscall", 'c', kNone, kLoad, ""},
    {"kexec-syscall-auto", 'a', kNone, kAuto, ""},
    {"load-panic", 'p', kNone, kNote, "that is what kdumpctl does"},
    {"debug", 'd', kNone, kDebug, ""},
    {"noefi", '\0', kNone, kNoEfi, ""},
    {"mem-min", '\0', kRequired, kMemMin, ""},
    {"mem-max", '\0', kRequired, kMemMax, ""},
    {"type", 't', kRequired, kType, ""},
    {"hotplug", '\0', kNone, kNote, "it is on wherever the kernel supports it"},
    {"no-checks", 'i', kNone, kNote, kNoPurgatory},
    {"elf64-core-headers", '\0', kNone, kNote, "they always are"},
    {"args-linux", '\0', kNone, kNote, "it is the only way"},
    {"dt-no-old-root", '\0', kNone, kNote, "no old root= is taken over"},
    {"reuse-video-type", '\0', kNone, kNote, "the screen's description is handed on as it is"},
    {"no-cma", '\0', kNone, kNote, kOfOtherSyscall},
    {"force-dtb", '\0', kNone, kNote, kOfOtherSyscall},
    {"no-ifdown", 'x', kNone, kNote, kOnlyForReboot},
    {"no-sync", 'y', kNone, kNote, kOnlyForReboot},
    {"reset-vga", '\0', kNone, kWarn, kNoPurgatory},
    {"console-vga", '\0', kNone, kWarn, kNoPurgatory},
    {"console-serial", '\0', kNone, kWarn, kSerial},
    {"serial", '\0', kRequired, kWarn, kSerial},
    {"serial-baud", '\0', kRequired, kWarn, kNoPurgatory},
    {"append", '\0', kRequired, kWarn, kOwnCommandLine},
    {"command-line", '\0', kRequired, kWarn, kOwnCommandLine},
    {"reuse-cmdline", '\0', kNone, kWarn, kOwnCommandLine},
    {"initrd", '\0', kRequired, kWarn, kOwnFiles},
    {"ramdisk", '\0', kRequired, kWarn, kOwnFiles},
    {"load", 'l', kNone, kRefuse, kChosen},
    {"unload", 'u', kNone, kRefuse, kChosen},
    {"exec", 'e', kNone, kRefuse, kChosen},
    {"force", 'f', kNone, kRefuse, kChosen},
    {"status", 'S', kNone, kRefuse, "use kdumpctl status"},
    {"help", 'h', kNone, kRefuse, kChosen},
    {"version", 'v', kNone, kRefuse, kChosen},
    {"print-ckr-size", '\0', kNone, kRefuse, "use kdumpctl showmem"},
    {"reuseinitrd", '\0', kNone, kRefuse, "the running kernel's initrd cannot save a dump"},
    {"dtb", '\0', kRequired, kRefuse, kNoDeviceTree},
    {"devicetreeblob", '\0', kRequired, kRefuse, kNoDeviceTree},
    {"elf32-core-headers",
     '\0',
     kNone,
     kWarn,
     "64-bit headers are used, which describe any machine"},
    {"pass-memmap-cmdline", '\0', kNone, kRefuse, "the memory map is passed in boot_params"},
    {"entry-32bit", '\0', kNone, kRefuse, kOneEntry},
    {"real-mode", '\0', kNone, kRefuse, kOneEntry},
    {"args-elf", '\0', kNone, kRefuse, "only Linux kernels are loaded"},
    {"args-none", '\0', kNone, kRefuse, "only Linux kernels are loaded"},
    {"module", '\0', kRequired, kRefuse, "only Linux kernels are loaded"},
    {"load-preserve-context", '\0', kNone, kRefuse, kNoJumpBack},
    {"load-jump-back-helper", '\0', kNone, kRefuse, kNoJumpBack},
    {"entry", '\0', kRequired, kRefuse, kNoJumpBack},
    {"load-live-update", '\0', kNone, kRefuse, kXenOnly},
    {"exec-live-update", '\0', kNone, kRefuse, kXenOnly},
}};

constexpr std::array<std::string_view, 5> kKernelTypes = {
    "Image", "bzImage", "bzImage64", "uki", "vmlinuz-arm64"};

class KexecArgsChecker {
 public:
  explicit KexecArgsChecker(const std::vector<std::string>& words) : words_(words) {}

  CheckedKexecArgs check() {
    while (next_ < words_.size()) {
      const std::string& word = words_[next_++];
      if (word.starts_with("--")) {
        long_option(word);
      } else if (word.size() > 1 && word.starts_with('-')) {
        short_options(word);
      } else {
        refuse(word, "it is not an option; kdumpctl names the kernel itself");
      }
    }
    return std::move(checked_);
  }

 private:
  void long_option(const std::string& word) {
    const auto equals = word.find('=');
    const std::string_view name = std::string_view(word).substr(2, equals - 2);
    std::vector<const OptionRow*> matches;
    for (const OptionRow& row : kOptions) {
      if (row.long_name == name) {
        matches = {&row};
        break;
      }
      if (!name.empty() && row.long_name.starts_with(name)) matches.push_back(&row);
    }
    if (matches.empty()) return refuse(word, "kexec(8) has no such option");
    if (matches.size() > 1) {
      return refuse(word,
                    fmt::format("it can mean --{} and --{}; write it out",
                                matches[0]->long_name,
                                matches[1]->long_name));
    }
    const OptionRow& row = *matches.front();
    std::optional<std::string> value;
    if (equals != std::string::npos) value = word.substr(equals + 1);
    if (value && row.argument == kNone) return refuse(word, "the option takes no value");
    apply(row, "--" + std::string(row.long_name), std::move(value));
  }

  /// -sd, -tbzImage
  void short_options(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const std::string shown = {'-', word[i]};
      const auto row = std::find_if(kOptions.begin(), kOptions.end(), [&](const OptionRow& known) {
        return known.short_name == word[i] && word[i] != '\0';
      });
      if (row == kOptions.end()) {
        refuse(shown, "kexec(8) has no such option");
        continue;
      }
      if (row->argument == kNone) {
        apply(*row, shown, std::nullopt);
        continue;
      }
      std::optional<std::string> value;
      if (i + 1 < word.size()) value = word.substr(i + 1);
      return apply(*row, shown, std::move(value));
    }
  }

  void apply(const OptionRow& row, const std::string& shown, std::optional<std::string> value) {
    if (row.argument == kRequired && !value) {
      if (next_ == words_.size()) return refuse(shown, "the option needs a value");
      value = words_[next_++];
    }
    switch (row.effect) {
      case kDebug:
        checked_.options.debug = true;
        break;
      case kAuto:
        checked_.options.syscall = kexec::SyscallWish::kAuto;
        break;
      case kLoad:
        checked_.options.syscall = kexec::SyscallWish::kLoad;
        break;
      case kFileLoad:
        checked_.options.syscall = kexec::SyscallWish::kFileLoad;
        break;
      case kNoEfi:
        checked_.options.efi_runtime = false;
        checked_.options.only_kexec_load = shown;
        break;
      case kMemMin:
      case kMemMax:
        set_address(row.effect, shown, *value);
        break;
      case kType:
        if (std::find(kKernelTypes.begin(), kKernelTypes.end(), *value) != kKernelTypes.end()) {
          checked_.notes.push_back(shown + " " + *value + ": the kernel's type is recognised");
        } else {
          refuse(shown + " " + *value, "a panic kernel is a bzImage, an Image or a unified image");
        }
        break;
      case kNote:
        checked_.notes.push_back(fmt::format("{} has no effect: {}", shown, row.reason));
        break;
      case kWarn:
        checked_.warnings.push_back(fmt::format("{} has no effect: {}", shown, row.reason));
        break;
      case kRefuse:
        refuse(shown, row.reason);
        break;
    }
  }

  void set_address(Effect effect, const std::string& shown, const std::string& value) {
    const auto address = parse_unsigned(value);
    if (!address) return refuse(shown + "=" + value, "the value is not an address (0x...)");
    checked_.options.only_kexec_load = shown;
    if (effect == kMemMin) checked_.options.lowest_address = *address;
    if (effect == kMemMax && *address < UINT64_MAX) checked_.options.end_address = *address + 1;
  }

  void refuse(const std::string& word, std::string_view reason) {
    checked_.refusals.push_back(fmt::format("{}: {}", escape_control(word), reason));
  }

  const std::vector<std::string>& words_;
  std::size_t next_ = 0;
  CheckedKexecArgs checked_;
};

}  // namespace

CheckedKexecArgs check_kexec_args(const std::vector<std::string>& words) {
  return KexecArgsChecker(words).check();
}

}  // namespace kdump::ctl
