// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <utility>

namespace kdump::ctl::rehearsal {

/// A new folder for root alone, which is removed with all that is in it.
class WorkFolder {
 public:
  /// PREFIX-XXXXXX
  static Result<WorkFolder> create(const std::string& prefix);

  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  WorkFolder(WorkFolder&& other) noexcept
      : folder_(std::exchange(other.folder_, {})), kept_(other.kept_) {}
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder();

  /// It stays.
  void keep() { kept_ = true; }
  /// Of a file in it; "": the folder itself.
  [[nodiscard]] std::string path(std::string_view name) const;

 private:
  explicit WorkFolder(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
  bool kept_ = false;
};

}  // namespace kdump::ctl::rehearsal
