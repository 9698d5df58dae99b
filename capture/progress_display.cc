// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/progress_display.h"

#include "base/io.h"

#include <fmt/format.h>

#include <algorithm>
#include <unistd.h>

namespace kdump::capture {
namespace {

using Clock = std::chrono::steady_clock;
using Stage = CaptureProgress::Stage;

constexpr std::chrono::seconds kTerminalStep{1};
constexpr std::chrono::seconds kPlainStep{5};

}  // namespace

std::string describe_progress(std::string_view what,
                              std::uint64_t done,
                              std::uint64_t total,
                              double pages_per_second) {
  const double percent =
      total == 0 ? 0 : 100 * static_cast<double>(done) / static_cast<double>(total);
  std::string text = fmt::format("{} {:.0f}%", what, std::min(percent, 100.0));
  if (pages_per_second <= 0) return text;
  const double left = static_cast<double>(total - std::min(done, total)) / pages_per_second;
  return text + fmt::format(", {:.0f} pages/s, {:.0f} s left", pages_per_second, left);
}

ProgressDisplay::ProgressDisplay(const CaptureProgress& progress, std::string program)
    : progress_(progress),
      program_(std::move(program)),
      terminal_(::isatty(STDERR_FILENO) == 1),
      stage_start_(Clock::now()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

ProgressDisplay::~ProgressDisplay() {
  thread_.request_stop();
  thread_.join();
  // The next message begins on a clean line.
  if (shown_width_ > 0) {
    static_cast<void>(write_all(STDERR_FILENO, "\r" + std::string(shown_width_, ' ') + "\r"));
  }
}

void ProgressDisplay::run(const std::stop_token& stop) {
  const auto step = terminal_ ? kTerminalStep : kPlainStep;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, stop, step, [&stop] { return stop.stop_requested(); })) {
    show(Clock::now());
  }
}

std::string ProgressDisplay::describe_stage(Clock::time_point now) {
  const Stage stage = progress_.stage;
  if (stage == Stage::kOpening) return "reading the headers";
  if (stage == Stage::kFinishing) return "writing to the disk";
  const bool copying = stage != Stage::kSelecting;
  const std::uint64_t done = copying ? progress_.copied : progress_.selected;
  const std::uint64_t total = copying ? progress_.copying_total : progress_.selecting_total;
  if (stage != stage_) {
    stage_ = stage;
    stage_start_ = now;
    stage_start_done_ = done;
  }
  const std::chrono::duration<double> elapsed = now - stage_start_;
  const double rate = elapsed.count() <= 0 || done < stage_start_done_
                          ? 0
                          : static_cast<double>(done - stage_start_done_) / elapsed.count();
  const char* const what = stage == Stage::kVerifying ? "verifying"
                           : copying                  ? "copying"
                                                      : "selecting";
  return describe_progress(what, done, total, rate);
}

void ProgressDisplay::show(Clock::time_point now) {
  const std::string text = describe_stage(now);
  std::string line = fmt::format("{}: {}", program_, text);
  if (terminal_) {
    const std::size_t width = line.size();
    if (width < shown_width_) line.append(shown_width_ - width, ' ');
    shown_width_ = std::max(width, shown_width_);
    line = "\r" + line;
  } else {
    line += '\n';
  }
  // A progress line that cannot be written is no reason to do anything.
  static_cast<void>(write_all(STDERR_FILENO, line));
}

}  // namespace kdump::capture
