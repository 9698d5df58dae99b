// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <cstdint>

namespace kdump::capture {

/// How far a capture has come; written by its threads, read by whoever shows it.
struct CaptureProgress {
  enum class Stage { kOpening, kSelecting, kCopying, kFinishing, kVerifying };
  std::atomic<Stage> stage{Stage::kOpening};
  std::atomic<std::uint64_t> selecting_total{0};  ///< pages that exist
  std::atomic<std::uint64_t> selected{0};         ///< of these, decided about
  std::atomic<std::uint64_t> copying_total{0};    ///< pages to copy, or to verify
  std::atomic<std::uint64_t> copied{0};
};

}  // namespace kdump::capture
