// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/capture_progress.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace kdump::capture {

/// Shows on standard error how far a capture has come, while it exists: on a terminal one line that
/// is rewritten every second, elsewhere (a serial console, a log file) a line every five seconds.
class ProgressDisplay {
 public:
  ProgressDisplay(const CaptureProgress& progress, std::string program);
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;
  ~ProgressDisplay();

 private:
  void run(const std::stop_token& stop);
  std::string describe_stage(std::chrono::steady_clock::time_point now);
  void show(std::chrono::steady_clock::time_point now);

  const CaptureProgress& progress_;
  std::string program_;
  bool terminal_;
  std::size_t shown_width_ = 0;
  CaptureProgress::Stage stage_ = CaptureProgress::Stage::kOpening;
  // The rate is that since this stage was first seen.
  std::chrono::steady_clock::time_point stage_start_;
  std::uint64_t stage_start_done_ = 0;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

/// "copying 45%, 123456 pages/s, 12 s left" for `done` of `total` pages; without the latter two
/// when `pages_per_second` is 0 (not known yet).
[[nodiscard]] std::string describe_progress(std::string_view what,
                                            std::uint64_t done,
                                            std::uint64_t total,
                                            double pages_per_second);

}  // namespace kdump::capture
