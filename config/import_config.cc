// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/import_config.h"

#include "base/text.h"
#include "config/shell_assignments.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace kdump::config {
namespace {

/// In all the ways in which SUSE's file has had it.
bool is_no(const std::string& value) { return value == "no" || value == "false" || value == "0"; }

using Fate = ImportedSetting::Fate;

/// "sftp://user@host/path" in parts.
struct Url {
  std::string scheme;
  std::string user;
  std::string host;
  std::string path;
};

std::optional<Url> parse_url(std::string_view text) {
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) {
    if (!text.starts_with('/')) return std::nullopt;
    return Url{"file", "", "", std::string(text)};
  }
  Url url;
  url.scheme = text.substr(0, scheme_end);
  std::string_view rest = text.substr(scheme_end + 3);
  const auto slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  url.path = rest.substr(slash);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = authority.substr(0, at);
    url.user = user.substr(0, user.find(':'));
    authority.remove_prefix(at + 1);
  }
  url.host = authority;
  return url;
}

/// Collects the lines of kdump.conf and the fate of each setting.
class Importer {
 public:
  explicit Importer(ForeignKind kind) { out_.kind = kind; }

  void add(const ShellAssignment& row) {
    current_ = ImportedSetting{.name = row.name, .value = row.value, .line = row.line, .text = {}};
    if (row.value.empty()) {
      drop("empty");
    } else if (out_.kind == ForeignKind::kDebian) {
      debian();
    } else {
      suse();
    }
    out_.settings.push_back(std::move(current_));
  }

  ImportedConfig finish(Diagnostics diagnostics) && {
    if (!options_.empty() || !level_.empty()) add_collector();
    out_.diagnostics = std::move(diagnostics);
    return std::move(out_);
  }

 private:
  [[nodiscard]] const std::string& name() const { return current_.name; }
  [[nodiscard]] const std::string& value() const { return current_.value; }

  void take(const std::string& line) {
    out_.conf += line + "\n";
    fate(Fate::kTaken, line);
  }
  void by_hand(std::string text) { fate(Fate::kByHand, std::move(text)); }
  void drop(std::string text) { fate(Fate::kDropped, std::move(text)); }
  void fate(Fate fate, std::string text) {
    current_.fate = fate;
    current_.text = std::move(text);
  }
  /// A variable of the same meaning in /etc/sysconfig/kdump, which has no drop-ins.
  void sysconfig(std::string_view variable) {
    by_hand(fmt::format("write {}=\"{}\" into /etc/sysconfig/kdump", variable, value()));
  }

  bool common();
  void debian();
  void suse();
  void suse_url();
  void suse_free_disk_size();
  void add_collector();

  ImportedConfig out_;
  ImportedSetting current_;
  std::string options_;  ///< of makedumpfile
  std::string level_;
  bool has_target_ = false;
};

void Importer::add_collector() {
  std::string line = "core_collector makedumpfile";
  line += options_.empty() ? " -l" : " " + options_;
  if (!level_.empty())
    line += " -d " + level_;
  else if (options_.find("-d") == std::string::npos)
    line += " -d 31";
  out_.conf += line + "\n";
}

bool Importer::common() {
  if (name() == "KDUMP_KERNELVER") return sysconfig("KDUMP_KERNELVER"), true;
  if (name() == "KDUMP_COMMANDLINE" || name() == "KDUMP_CMDLINE") {
    return sysconfig("KDUMP_COMMANDLINE"), true;
  }
  if (name() == "KDUMP_COMMANDLINE_APPEND" || name() == "KDUMP_CMDLINE_APPEND") {
    return sysconfig("KDUMP_COMMANDLINE_APPEND"), true;
  }
  if (name() == "KDUMP_KEXEC_ARGS" || name() == "KEXEC_OPTIONS") {
    return sysconfig("KEXEC_ARGS"), true;
  }
  return false;
}

void Importer::debian() {
  if (common()) return;
  if (name() == "USE_KDUMP") {
    return by_hand(value() == "1" ? "run \"systemctl enable --now kdump\""
                                  : "kdump was off: leave kdump.service disabled");
  }
  if (name() == "KDUMP_COREDIR") return take("path " + value());
  if (name() == "KDUMP_NUM_DUMPS") {
    return value() == "0" ? drop("0 keeps all, which is the default")
                          : take("keep_dumps " + value());
  }
  if (name() == "MAKEDUMP_ARGS") {
    options_ = value();
    return fate(Fate::kTaken, "core_collector makedumpfile " + value());
  }
  if (name() == "KDUMP_FAIL_CMD") {
    if (value().find("reboot") != std::string::npos) return take("failure_action reboot");
    if (value().find("halt") != std::string::npos) return take("failure_action halt");
    return by_hand("make it an executable file and name it with kdump_emergency");
  }
  if (name() == "SSH") {
    if (has_target_) return take("fallback_target ssh " + value());
    has_target_ = true;
    return take("ssh " + value());
  }
  if (name() == "SSH_KEY") return take("sshkey " + value());
  if (name() == "NFS") {
    if (has_target_) return take("fallback_target nfs " + value());
    has_target_ = true;
    return take("nfs " + value());
  }
  if (name() == "KDUMP_SYSCTL") {
    return by_hand(
        "write it into a file in /etc/sysctl.d; the package sets kernel.panic_on_oops=1");
  }
  if (name() == "KDUMP_KERNEL" || name() == "KDUMP_INITRD") {
    return drop("kernel and image are found by themselves; KDUMP_KERNELVER names another version");
  }
  if (name() == "KDUMP_DUMP_DMESG") return drop("the kernel's messages are always saved first");
  if (name() == "KDUMP_COMPRESSION")
    return drop("a vmcore is compressed by the collector (-c -l -p -z)");
  if (name() == "HOSTTAG") return drop("dumps on a server are named by the host's address");
  if (name().starts_with("FTP")) return drop("FTP is not a dump target here; use ssh or nfs");
  if (name().starts_with("NFS_") || name().starts_with("SSH_KDUMP_")) {
    return drop("targets are tried until their deadline, then the fallback targets");
  }
  drop("it has no counterpart here");
}

void Importer::suse_url() {
  const auto url = parse_url(value());
  if (!url) return by_hand("it is no URL: write the target as kdump.conf(5) has it");
  if (url->scheme == "file") return take("path " + url->path);
  const bool ssh = url->scheme == "ssh" || url->scheme == "sftp" || url->scheme == "scp";
  const std::string prefix = has_target_ ? "fallback_target " : "";
  if (ssh) {
    const std::string user = url->user.empty() ? "root" : url->user;
    has_target_ = true;
    take(fmt::format("{}ssh {}@{}", prefix, user, url->host));
    if (!url->path.empty()) out_.conf += "path " + url->path + "\n";
    return;
  }
  if (url->scheme == "nfs") {
    has_target_ = true;
    take(fmt::format("{}nfs {}:{}", prefix, url->host, url->path));
    out_.conf += "path /\n";
    return;
  }
  drop(fmt::format("{} is not a dump target here; use ssh or nfs", url->scheme));
}

/// In MB, with or without saying so.
void Importer::suse_free_disk_size() {
  std::string_view number = value();
  if (number.ends_with('M')) number.remove_suffix(1);
  const auto size = parse_unsigned(number);
  if (!size) return by_hand("write keep_free with how much stays free on the target");
  return *size == 0 ? drop("nothing has to stay free by default")
                    : take(fmt::format("keep_free {}M", *size));
}

void Importer::suse() {
  if (common()) return;
  if (name() == "KDUMP_SAVEDIR") return suse_url();
  if (name() == "KDUMP_KEEP_OLD_DUMPS") {
    const auto count = parse_signed(value());
    return count && *count > 0 ? take("keep_dumps " + value()) : drop("all are kept by default");
  }
  if (name() == "KDUMP_DUMPLEVEL") {
    level_ = value();
    return fate(Fate::kTaken, "core_collector makedumpfile -d " + value());
  }
  if (name() == "KDUMP_DUMPFORMAT") {
    struct Format {
      std::string_view name;
      std::string_view option;
    };
    constexpr std::array<Format, 5> kFormats = {
        {{"compressed", "-c"}, {"lzo", "-l"}, {"snappy", "-p"}, {"zstd", "-z"}, {"ELF", "-E"}}};
    for (const Format& format : kFormats) {
      if (format.name != value()) continue;
      options_ += fmt::format("{}{}", options_.empty() ? "" : " ", format.option);
      return fate(Fate::kTaken, fmt::format("core_collector makedumpfile {}", format.option));
    }
    return by_hand("choose the collector's format with core_collector");
  }
  if (name() == "MAKEDUMPFILE_OPTIONS") {
    options_ += (options_.empty() ? "" : " ") + value();
    return fate(Fate::kTaken, "core_collector makedumpfile " + value());
  }
  if (name() == "KDUMP_IMMEDIATE_REBOOT") {
    return take(is_no(value()) ? "final_action halt" : "final_action reboot");
  }
  if (name() == "KDUMP_CONTINUE_ON_ERROR") {
    return take(is_no(value()) ? "failure_action shell" : "failure_action reboot");
  }
  if (name() == "KDUMP_REQUIRED_PROGRAMS") return take("extra_bins " + value());
  if (name() == "KDUMP_PRESCRIPT") return take("kdump_pre " + value());
  if (name() == "KDUMP_POSTSCRIPT") return take("kdump_post " + value());
  if (name() == "KDUMP_SSH_IDENTITY") {
    const auto words = split_words(value());
    take("sshkey " + std::string(words.front()));
    if (words.size() > 1) current_.text += " (one key; the others are left out)";
    return;
  }
  if (name() == "KDUMP_CPUS") {
    return by_hand(
        fmt::format("write nr_cpus={} into KDUMP_COMMANDLINE_APPEND in "
                    "/etc/sysconfig/kdump",
                    value()));
  }
  if (name() == "KDUMP_HOST_KEY") {
    return by_hand("have the server's key in /root/.ssh/known_hosts");
  }
  if (name() == "KDUMP_VERBOSE") return by_hand("choose KDUMP_STDLOGLVL in /etc/sysconfig/kdump");
  if (name() == "KDUMP_FREE_DISK_SIZE") return suse_free_disk_size();
  if (name() == "KDUMP_NET_TIMEOUT" || name() == "KDUMP_NETCONFIG") {
    return drop("the network is taken from the running host");
  }
  if (name().starts_with("KDUMP_SMTP_") || name().starts_with("KDUMP_NOTIFICATION_")) {
    return drop("no mail is sent; kdump.service says in the journal what became of a panic");
  }
  if (name() == "KDUMP_AUTO_RESIZE") return drop("use \"kdumpctl estimate\" and reset-crashkernel");
  if (name().starts_with("KDUMP_FADUMP")) return drop("fadump is for POWER machines only");
  drop("it has no counterpart here");
}

bool sets(const ShellAssignments& parsed, std::string_view name) {
  return std::any_of(parsed.assignments.begin(),
                     parsed.assignments.end(),
                     [name](const ShellAssignment& row) { return row.name == name; });
}

}  // namespace

Result<ForeignKind> recognise_foreign(std::string_view text, const std::string& file) {
  const ShellAssignments parsed = parse_shell_assignments(text, file);
  for (const char* name : {"USE_KDUMP",
                           "KDUMP_COREDIR",
                           "MAKEDUMP_ARGS",
                           "KDUMP_CMDLINE_APPEND",
                           "KDUMP_NUM_DUMPS",
                           "SSH",
                           "NFS",
                           "FTP"}) {
    if (sets(parsed, name)) return ForeignKind::kDebian;
  }
  for (const char* name :
       {"KDUMP_SAVEDIR", "KDUMP_DUMPLEVEL", "KDUMP_DUMPFORMAT", "KDUMP_IMMEDIATE_REBOOT"}) {
    if (sets(parsed, name)) return ForeignKind::kSuse;
  }
  // Perhaps it sets nothing because it is written wrongly.
  if (!parsed.diagnostics.empty()) {
    return make_error(ErrorKind::kBadData, "{}", parsed.diagnostics.front().to_string());
  }
  return make_error(ErrorKind::kUsage,
                    "{} is neither Debian's /etc/default/kdump-tools nor SUSE's "
                    "/etc/sysconfig/kdump; kdump-utils' files need no import",
                    file);
}

ImportedConfig import_foreign(std::string_view text, const std::string& file, ForeignKind kind) {
  ShellAssignments parsed = parse_shell_assignments(text, file);
  Importer importer(kind);
  for (const ShellAssignment& row : parsed.assignments) importer.add(row);
  return std::move(importer).finish(std::move(parsed.diagnostics));
}

}  // namespace kdump::config
