// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace kdump {

Error system_error_text(int code, const std::string& doing) {
  ErrorKind kind = ErrorKind::kSystem;
  switch (code) {
    case ENOENT:
      kind = ErrorKind::kNotFound;
      break;
    case ETIMEDOUT:
      kind = ErrorKind::kTimeout;
      break;
    case EIO:
    case EFAULT:
    case EHWPOISON:
      kind = ErrorKind::kUnreadable;
      break;
    default:
      break;
  }
  return Error{kind, code, doing + ": " + std::generic_category().message(code)};
}

}  // namespace kdump
