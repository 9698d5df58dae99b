// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace kdump {

namespace detail {

/// An exception that leaves a thread would end the process.
template <typename Worker, typename Work>
Status guarded(const Work& work, Worker& worker, std::size_t item) {
  try {
    return work(worker, item);
  } catch (const std::exception& failure) {
    return make_error(ErrorKind::kSystem, "{}", failure.what());
  }
}

}  // namespace detail

/// Runs `work(worker, item)` for each item in [0, items), items handed out in ascending order to
/// one thread for each element of `workers` (the calling thread takes the first). A worker's state
/// is its own: nothing else touches it meanwhile. The first error stops the handing out and is
/// returned; what the standard library throws in a thread (no memory) becomes one. When the system
/// gives fewer threads than workers, the rest of the workers stay idle.
template <typename Worker, typename Work>
Status for_each_item(std::vector<Worker>& workers, std::size_t items, Work work) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::optional<Error> first_error;
  const auto run = [&](Worker& worker) {
    while (!failed.load(std::memory_order_relaxed)) {
      const std::size_t item = next.fetch_add(1, std::memory_order_relaxed);
      if (item >= items) return;
      Status status = detail::guarded(work, worker, item);
      if (status) continue;
      const std::lock_guard lock(mutex);
      if (!first_error) first_error = std::move(status).error();
      failed = true;
    }
  };
  std::vector<std::jthread> threads;
  threads.reserve(workers.size());
  for (std::size_t i = 1; i < workers.size() && i < items; ++i) {
    try {
      threads.emplace_back([&run, &worker = workers[i]] { run(worker); });
    } catch (const std::system_error&) {
      break;
    }
  }
  if (!workers.empty()) run(workers.front());
  threads.clear();
  if (first_error) return *std::move(first_error);
  return {};
}

}  // namespace kdump
