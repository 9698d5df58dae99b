// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <string>

namespace kdump::boot {

/// A choice for the next boot only. The boot loader erases it when it obeys; after a jump past the
/// boot loader nobody does, so the jump has to.
struct OneShot {
  enum class Kind {
    kGrubEnvironment,  ///< `variable` in the grubenv at `path`
    kEfiVariable,      ///< the variable's file in efivarfs at `path`
  };
  Kind kind = Kind::kGrubEnvironment;
  std::string path;      ///< without the SysRoot's prefix
  std::string variable;  ///< "next_entry"
  friend bool operator==(const OneShot&, const OneShot&) = default;
};

/// Erases the choice and makes that durable; success when it is gone already.
Status clear_one_shot(const OneShot& one_shot, const SysRoot& root);

}  // namespace kdump::boot
