// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "base/io.h"

#include <fmt/format.h>

#include <cstdlib>
#include <span>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace kdump::capture::fuzz {

/// A file in memory for readers that take a path, filled anew with each input.
class FuzzFile {
 public:
  FuzzFile() : fd_(::memfd_create("fuzzed", MFD_CLOEXEC)) {}

  /// Its path, with these contents.
  std::string fill(std::span<const std::byte> contents) const {
    if (::ftruncate(fd_.raw(), 0) != 0 || !write_all_at(fd_.raw(), contents, 0)) std::abort();
    return fmt::format("/proc/self/fd/{}", fd_.raw());
  }

 private:
  Fd fd_;
};

}  // namespace kdump::capture::fuzz
