// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "config/diagnostic.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::config {

/// Whose file it is.
enum class ForeignKind {
  kDebian,  ///< /etc/default/kdump-tools
  kSuse,    ///< SUSE's /etc/sysconfig/kdump
};

/// What became of one setting.
struct ImportedSetting {
  std::string name;
  std::string value;
  int line = 0;
  enum class Fate { kTaken, kByHand, kDropped };
  Fate fate = Fate::kDropped;
  std::string text;  ///< what it is called here; what to do; why it has no meaning
};

struct ImportedConfig {
  ForeignKind kind = ForeignKind::kDebian;
  std::string conf;                       ///< lines of kdump.conf(5)
  std::vector<ImportedSetting> settings;  ///< every one of the file, in its order
  Diagnostics diagnostics;                ///< about the file's own grammar
};

/// Which of the two a file is, by the variables it sets; kUsage for neither. Pure, as the rest.
Result<ForeignKind> recognise_foreign(std::string_view text, const std::string& file);

/// Settings of Debian's kdump-tools or SUSE's kdump in the words of kdump.conf(5) and
/// kdump.sysconfig(5).
ImportedConfig import_foreign(std::string_view text, const std::string& file, ForeignKind kind);

}  // namespace kdump::config
