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

// Four bytes of attributes, then the value.
bool efi_flag(const SysRoot& root, std::string_view name) {
  const auto bytes = root.read(
      fmt::format("/sys/firmware/efi/efivars/{}-8be4df61-93ca-11d2-aa0d-00e098032b8c", name));
  return bytes && bytes->size() == 5 && (*bytes)[4] == 1;
}

std::string limit_name(LoadKind kind) {
  return kind == LoadKind::kPanic ? "kernel.kexec_load_limit_panic"
                                  : "kernel.kexec_load_limit_reboot";
}

// How an administrator gets the other call: "remove -c from KEXEC_ARGS", "do not say -c".
std::string without(const RefusalFacts& facts) {
  const std::string_view option = facts.syscall == Syscall::kFileLoad ? "-s" : "-c";
  return facts.kind == LoadKind::kPanic ? fmt::format("remove {} from KEXEC_ARGS", option)
                                        : fmt::format("do not say {}", option);
}

std::string with(const RefusalFacts& facts, std::string_view option) {
  return facts.kind == LoadKind::kPanic ? fmt::format("use {} in KEXEC_ARGS", option)
                                        : fmt::format("say {}", option);
}

std::string not_permitted(const RefusalFacts& facts) {
  if (!facts.may_boot) return "the right to do so (CAP_SYS_BOOT) is missing; run it as root";
  if (facts.load_disabled) {
    return "kernel.kexec_load_disabled is set, which only a reboot undoes; find what sets it "
           "(/etc/sysctl.d)";
  }
  if (facts.loads_left == 0) {
    return fmt::format(
        "{} is used up (each load, unload and second attempt counts), which only a reboot undoes; "
        "raise the limit where it is set (/etc/sysctl.d)",
        limit_name(facts.kind));
  }
  if (!facts.lockdown.empty() && facts.lockdown != "none") {
    if (facts.syscall == Syscall::kLoad) {
      return fmt::format(
          "the kernel is locked down ({}), as it is under Secure Boot, and takes only signed "
          "kernels through kexec_file_load; {}, or turn lockdown off",
          facts.lockdown,
          without(facts));
    }
    return fmt::format(
        "the kernel is locked down ({}) and the image has no signature that it trusts; take the "
        "distribution's signed vmlinuz, enrol the key that signed it (mokutil --import), or turn "
        "lockdown off",
        facts.lockdown);
  }
  if (facts.security_modules.empty()) return "a security module forbids it; see the audit log";
  return fmt::format("a security module ({}) forbids it; see the audit log",
                     facts.security_modules);
}

// Results of checking the image's signature (crypto/asymmetric_keys); they reach the caller where
// signatures are enforced.
std::string bad_signature(int code) {
  switch (code) {
    case ENODATA:
      return "the image is not signed, and this kernel takes signed ones only; take the "
             "distribution's vmlinuz, or sign it";
    case ENOKEY:
      return "the image is signed with a key that this kernel does not trust; enrol it (mokutil "
             "--import) and reboot";
    case EKEYREJECTED:
      return "the image's signature does not match, its key is revoked, or this kernel cannot "
             "check signatures; reinstall the kernel package";
    case EBADMSG:
    case ELIBBAD:
      return "the image's signature is damaged; reinstall the kernel package";
    case ENOPKG:
    case EMSGSIZE:
      return "the image's signature has a form that this kernel cannot check; take the vmlinuz of "
             "the same distribution";
    default:
      return {};
  }
}

std::string bad_argument(const RefusalFacts& facts) {
  if (facts.syscall == Syscall::kLoad) {
    return "the kernel calls the segments invalid; please report this with the plan";
  }
  return "the kernel does not recognise the image, or finds the command line too long; " +
         with(facts, "-c");
}

std::string out_of_room(const RefusalFacts& facts) {
  if (facts.syscall == Syscall::kFileLoad) {
    return facts.kind == LoadKind::kPanic
               ? "kernel and initrd do not fit into the reserved memory; raise crashkernel= and "
                 "reboot, or make the image smaller"
               : "kernel and initrd do not fit into free memory; make the initrd smaller";
  }
  return facts.kind == LoadKind::kPanic
             ? "a segment is outside the reserved memory, which must have shrunk meanwhile; try "
               "again"
             : "a segment is at an address that this kernel cannot copy to; please report this "
               "with the plan";
}

std::string out_of_memory(const RefusalFacts& facts) {
  if (facts.kind == LoadKind::kReboot) {
    return "not enough memory is free for a copy of kernel and initrd; stop something, or make the "
           "initrd smaller";
  }
  return "no memory was left for the jump or for the kernel's copy; raise crashkernel= and reboot, "
         "or free memory";
}

std::string reason(int code, const RefusalFacts& facts) {
  const bool file = facts.syscall == Syscall::kFileLoad;
  switch (code) {
    case EPERM:
      return not_permitted(facts);
    case EACCES:
      return file ? "a security policy (IMA or a security module) does not accept the files; sign "
                    "them, or allow them in it"
                  : "a security policy (IMA or a security module) wants a signed file; " +
                        with(facts, "-s");
    case EBUSY:
      return "another load or a hotplug update is going on; try again";
    case ENOSYS:
      return fmt::format("this kernel is built without {} ({}); {}",
                         to_string(facts.syscall),
                         file ? "CONFIG_KEXEC_FILE" : "CONFIG_KEXEC",
                         without(facts));
    case ENOEXEC:
      return "the kernel cannot start an image of this kind (another machine, or 5-level paging "
             "missing); take the distribution's vmlinuz";
    case EADDRNOTAVAIL:
      return out_of_room(facts);
    case ENOMEM:
      return out_of_memory(facts);
    case EINVAL:
      return bad_argument(facts);
    case EFBIG:
      return "kernel or initrd is larger than the kernel reads; make the image smaller";
    case ETXTBSY:
      return "kernel or initrd is being written; try again";
    case EOPNOTSUPP:
      return "this machine's firmware has a memory erratum (TDX) with which the kernel refuses "
             "kexec; update the firmware or turn TDX off";
    default:
      return file ? bad_signature(code) : "";
  }
}

}  // namespace

RefusalFacts read_refusal_facts(const SysRoot& root, LoadKind kind, Syscall syscall) {
  RefusalFacts facts;
  facts.kind = kind;
  facts.syscall = syscall;
  facts.may_boot = has_capability(root, CAP_SYS_BOOT);
  facts.secure_boot = secure_boot_enforced(root);
  if (const auto text = root.read_value("/sys/kernel/security/lockdown")) {
    facts.lockdown = chosen_word(*text);
  }
  if (const auto text = root.read_value("/proc/sys/kernel/kexec_load_disabled")) {
    facts.load_disabled = *text == "1";
  }
  const std::string limit = kind == LoadKind::kPanic ? "/proc/sys/kernel/kexec_load_limit_panic"
                                                     : "/proc/sys/kernel/kexec_load_limit_reboot";
  if (const auto text = root.read_value(limit)) facts.loads_left = parse_signed(*text);
  facts.security_modules = root.read_value("/sys/kernel/security/lsm").value_or("");
  return facts;
}

std::optional<std::string> load_limit_note(const SysRoot& root, LoadKind kind) {
  const auto left = read_refusal_facts(root, kind, Syscall::kLoad).loads_left;
  if (!left || *left < 0) return std::nullopt;
  return fmt::format(
      "{} allows {} more loads or unloads until the next boot", limit_name(kind), *left);
}

bool secure_boot_enforced(const SysRoot& root) {
  return efi_flag(root, "SecureBoot") && !efi_flag(root, "SetupMode");
}

Error explain_refusal(int code, const std::string& doing, const RefusalFacts& facts) {
  const std::string why = reason(code, facts);
  if (why.empty()) return system_error_text(code, doing);
  Error error = system_error_text(code, doing);
  error.message = fmt::format("{}: {}", doing, why);
  return error;
}

}  // namespace kdump::kexec
