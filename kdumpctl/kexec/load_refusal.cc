// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/load_refusal.h"

#include "base/text.h"

#include <cerrno>
#include <linux/capability.h>
#include <string_view>

namespace kdump::kexec {
namespace {

bool has_capability(const SysRoot& root, unsigned capability) {
  const auto status = root.read("/proc/self/status");
  if (!status) return true;
  for (const std::string_view line : split_lines(*status)) {
    const auto words = split_words(line);
    if (words.size() != 2 || words[0] != "CapEff:") continue;
    const auto set = parse_hex(words[1]);
    return !set || (*set >> capability & 1U) != 0;
  }
  return true;
}

// "none [integrity] confidentiality" -> "integrity".
std::string chosen_word(std::string_view text) {
  const std::size_t open = text.find('[');
  const std::size_t close = text.find(']', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  return std::string(text.substr(open + 1, close - open - 1));
}

std::string not_permitted(const RefusalFacts& facts) {
  if (!facts.may_boot) return "the right to do so (CAP_SYS_BOOT) is missing; run it as root";
  if (facts.load_disabled) {
    return "kernel.kexec_load_disabled is set, which only a reboot undoes; find what sets it "
           "(/etc/sysctl.d)";
  }
  if (facts.loads_left == 0) {
    return "kernel.kexec_load_limit_panic is used up (each load and unload counts), which only a "
           "reboot undoes; raise the limit where it is set (/etc/sysctl.d)";
  }
  if (!facts.lockdown.empty() && facts.lockdown != "none") {
    return fmt::format(
        "the kernel is locked down ({}), as it is under Secure Boot, and takes only "
        "signed kernels through kexec_file_load; turn Secure Boot or lockdown= off",
        facts.lockdown);
  }
  return "a security module forbids it; see the audit log";
}

std::string reason(int code, const RefusalFacts& facts) {
  switch (code) {
    case EPERM:
      return not_permitted(facts);
    case EACCES:
      return "a security policy (IMA or a security module) wants a signed file; allow kexec_load "
             "in it";
    case EBUSY:
      return "another load or a hotplug update is going on; try again";
    case ENOSYS:
      return "this kernel is built without kexec_load (CONFIG_KEXEC)";
    case EADDRNOTAVAIL:
      return "a segment is outside the reserved memory, which must have shrunk meanwhile; try "
             "again";
    case ENOMEM:
      return "no memory was left for the jump or for the kernel's copy; raise crashkernel= and "
             "reboot, or free memory";
    case EINVAL:
      return "the kernel calls the segments invalid; please report this with the plan";
    case EOPNOTSUPP:
      return "this machine's firmware has a memory erratum (TDX) with which the kernel refuses "
             "kexec";
    default:
      return {};
  }
}

}  // namespace

RefusalFacts read_refusal_facts(const SysRoot& root) {
  RefusalFacts facts;
  facts.may_boot = has_capability(root, CAP_SYS_BOOT);
  if (const auto text = root.read_value("/sys/kernel/security/lockdown")) {
    facts.lockdown = chosen_word(*text);
  }
  if (const auto text = root.read_value("/proc/sys/kernel/kexec_load_disabled")) {
    facts.load_disabled = *text == "1";
  }
  if (const auto text = root.read_value("/proc/sys/kernel/kexec_load_limit_panic")) {
    facts.loads_left = parse_signed(*text);
  }
  return facts;
}

Error explain_refusal(int code, const std::string& doing, const RefusalFacts& facts) {
  const std::string why = reason(code, facts);
  if (why.empty()) return system_error_text(code, doing);
  Error error = system_error_text(code, doing);
  error.message = fmt::format("{}: {}", doing, why);
  return error;
}

}  // namespace kdump::kexec
