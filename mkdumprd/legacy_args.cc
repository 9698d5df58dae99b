// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/legacy_args.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace kdump::mkdumprd {
namespace {

enum class Meaning { kDrivers, kPrograms, kInclude, kMount, kIgnoredFlag, kIgnoredValue };

struct Word {
  std::string_view name;
  Meaning meaning;
};

constexpr Word kWords[] = {
    {"--add-drivers", Meaning::kDrivers},
    {"--force-drivers", Meaning::kDrivers},
    {"--preload", Meaning::kDrivers},  // RHEL 6
    {"--with", Meaning::kDrivers},     // RHEL 6
    {"--install", Meaning::kPrograms},
    {"-I", Meaning::kPrograms},
    {"--include", Meaning::kInclude},
    {"-i", Meaning::kInclude},
    {"--mount", Meaning::kMount},
    // What dracut decides by these, the capture image does not have.
    {"--add", Meaning::kIgnoredValue},
    {"-a", Meaning::kIgnoredValue},
    {"--force-add", Meaning::kIgnoredValue},
    {"--omit", Meaning::kIgnoredValue},
    {"-o", Meaning::kIgnoredValue},
    {"--modules", Meaning::kIgnoredValue},
    {"-m", Meaning::kIgnoredValue},
    {"--drivers", Meaning::kIgnoredValue},
    {"--omit-drivers", Meaning::kIgnoredValue},
    {"--filesystems", Meaning::kIgnoredValue},
    {"--add-device", Meaning::kIgnoredValue},
    {"--device", Meaning::kIgnoredValue},
    {"--add-fstab", Meaning::kIgnoredValue},
    {"--compress", Meaning::kIgnoredValue},
    {"--squash-compressor", Meaning::kIgnoredValue},
    {"--conf", Meaning::kIgnoredValue},
    {"-c", Meaning::kIgnoredValue},
    {"--confdir", Meaning::kIgnoredValue},
    {"--tmpdir", Meaning::kIgnoredValue},
    {"--kmoddir", Meaning::kIgnoredValue},
    {"-k", Meaning::kIgnoredValue},
    {"--fwdir", Meaning::kIgnoredValue},
    {"--libdirs", Meaning::kIgnoredValue},
    {"--kernel-cmdline", Meaning::kIgnoredValue},
    {"--kernel-image", Meaning::kIgnoredValue},
    {"--hostonly-mode", Meaning::kIgnoredValue},
    {"--hostonly-nics", Meaning::kIgnoredValue},
    {"--install-optional", Meaning::kIgnoredValue},
    {"--persistent-policy", Meaning::kIgnoredValue},
    {"--stdlog", Meaning::kIgnoredValue},
    {"-L", Meaning::kIgnoredValue},
    {"--logfile", Meaning::kIgnoredValue},
    {"--sysroot", Meaning::kIgnoredValue},
    {"--builtin", Meaning::kIgnoredValue},  // RHEL 6
    {"--fstab", Meaning::kIgnoredValue},    // RHEL 6
    {"--hostonly", Meaning::kIgnoredFlag},
    {"-H", Meaning::kIgnoredFlag},
    {"--no-hostonly", Meaning::kIgnoredFlag},
    {"-N", Meaning::kIgnoredFlag},
    {"--hostonly-cmdline", Meaning::kIgnoredFlag},
    {"--no-hostonly-cmdline", Meaning::kIgnoredFlag},
    {"--hostonly-i18n", Meaning::kIgnoredFlag},
    {"--no-hostonly-i18n", Meaning::kIgnoredFlag},
    {"--no-hostonly-default-device", Meaning::kIgnoredFlag},
    {"--strip", Meaning::kIgnoredFlag},
    {"--nostrip", Meaning::kIgnoredFlag},
    {"--aggressive-strip", Meaning::kIgnoredFlag},
    {"--hardlink", Meaning::kIgnoredFlag},
    {"--nohardlink", Meaning::kIgnoredFlag},
    {"--early-microcode", Meaning::kIgnoredFlag},
    {"--no-early-microcode", Meaning::kIgnoredFlag},
    {"--fscks", Meaning::kIgnoredFlag},
    {"--nofscks", Meaning::kIgnoredFlag},
    {"--lvmconf", Meaning::kIgnoredFlag},
    {"--nolvmconf", Meaning::kIgnoredFlag},
    {"--mdadmconf", Meaning::kIgnoredFlag},
    {"--nomdadmconf", Meaning::kIgnoredFlag},
    {"--ro-mnt", Meaning::kIgnoredFlag},
    {"--prefix", Meaning::kIgnoredValue},
    {"--noprefix", Meaning::kIgnoredFlag},
    {"--reproducible", Meaning::kIgnoredFlag},
    {"--no-reproducible", Meaning::kIgnoredFlag},
    {"--gzip", Meaning::kIgnoredFlag},
    {"--bzip2", Meaning::kIgnoredFlag},
    {"--lzma", Meaning::kIgnoredFlag},
    {"--xz", Meaning::kIgnoredFlag},
    {"--lzo", Meaning::kIgnoredFlag},
    {"--lz4", Meaning::kIgnoredFlag},
    {"--zstd", Meaning::kIgnoredFlag},
    {"--no-compress", Meaning::kIgnoredFlag},
    {"--quiet", Meaning::kIgnoredFlag},
    {"-q", Meaning::kIgnoredFlag},
    {"--verbose", Meaning::kIgnoredFlag},
    {"-v", Meaning::kIgnoredFlag},
    {"--printsize", Meaning::kIgnoredFlag},
    {"--keep", Meaning::kIgnoredFlag},
    {"--local", Meaning::kIgnoredFlag},
    {"-l", Meaning::kIgnoredFlag},
    {"--allow-missing", Meaning::kIgnoredFlag},     // RHEL 6
    {"--omit-lvm-modules", Meaning::kIgnoredFlag},  // RHEL 6
    {"--omit-raid-modules", Meaning::kIgnoredFlag},
    {"--omit-scsi-modules", Meaning::kIgnoredFlag},
    {"--omit-dmraid", Meaning::kIgnoredFlag},
    {"--image-version", Meaning::kIgnoredFlag},
    {"--nocompress", Meaning::kIgnoredFlag},
};

const Word* find_word(std::string_view name) {
  const auto* found = std::find_if(
      std::begin(kWords), std::end(kWords), [&](const Word& w) { return w.name == name; });
  return found == std::end(kWords) ? nullptr : found;
}

std::size_t value_count(Meaning meaning) {
  if (meaning == Meaning::kIgnoredFlag) return 0;
  return meaning == Meaning::kInclude ? 2 : 1;
}

/// Lists are written with blanks or commas between.
void append_list(std::string value, std::vector<std::string>& out) {
  std::replace(value.begin(), value.end(), ',', ' ');
  for (const std::string_view word : split_words(value)) out.emplace_back(word);
}

void apply(Meaning meaning, const std::vector<std::string>& values, ExtraContent& extra) {
  if (meaning == Meaning::kDrivers) append_list(values[0], extra.drivers);
  if (meaning == Meaning::kPrograms) append_list(values[0], extra.programs);
  if (meaning == Meaning::kInclude) extra.includes.push_back({values[0], values[1]});
  if (meaning == Meaning::kMount) extra.mounts.push_back(values[0]);
}

}  // namespace

Result<LegacyArgs> parse_legacy_args(const std::vector<std::string>& words) {
  LegacyArgs out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto equals = words[i].starts_with("--") ? words[i].find('=') : std::string::npos;
    const Word* word = find_word(words[i].substr(0, equals));
    if (word == nullptr) {
      out.others.push_back(words[i]);
      continue;
    }
    std::string as_written = words[i];
    std::vector<std::string> values;
    if (equals != std::string::npos) values.push_back(words[i].substr(equals + 1));
    while (values.size() < value_count(word->meaning)) {
      if (++i == words.size()) {
        return make_error(ErrorKind::kUsage,
                          "option {} needs {}",
                          word->name,
                          value_count(word->meaning) == 2 ? "two values" : "a value");
      }
      values.push_back(words[i]);
      as_written += " " + words[i];
    }
    const bool ignored =
        word->meaning == Meaning::kIgnoredFlag || word->meaning == Meaning::kIgnoredValue;
    if (ignored) out.ignored.push_back(as_written);
    apply(word->meaning, values, out.extra);
  }
  return out;
}

}  // namespace kdump::mkdumprd
