// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "base/fd.h"
#include "base/result.h"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kdump::test {

/// A mounted file system (FUSE, served by a thread of the test) whose disk has bad places: to
/// programs its files fail as those of a dying disk do, read(2) and write(2) with EIO, mapped pages
/// with SIGBUS. Its files lie in a folder of a healthy one.
class FailingDisk {
 public:
  struct Faults {
    std::vector<Range> unreadable;  ///< bytes of the file
    std::vector<Range> unwritable;
    bool sync_fails = false;
    bool uncached = false;  ///< no read-ahead: what is read is what programs ask for
  };

  /// Shows the files of `backing` at `mount_point`. kUnsupported: mounting takes root, and a kernel
  /// with FUSE.
  static Result<std::unique_ptr<FailingDisk>> mount(const std::string& backing,
                                                    const std::string& mount_point);
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;
  ~FailingDisk();

  void set_faults(const std::string& name, Faults faults);
  /// Requests that were answered with EIO.
  [[nodiscard]] std::uint64_t failed_requests() const { return failed_; }

 private:
  struct Request;
  FailingDisk(Fd device, std::string backing, std::string mount_point);
  void serve();
  void answer(const Request& request);
  void reply(const Request& request, int error, const void* data, std::size_t size);
  void reply_entry(const Request& request, std::uint64_t node, bool with_open);
  void read(const Request& request);
  void write(const Request& request);
  [[nodiscard]] std::string path_of(std::uint64_t node) const;
  [[nodiscard]] std::uint64_t node_of(const std::string& name);
  [[nodiscard]] bool is_faulty(std::uint64_t node, bool writing, Range bytes);

  Fd device_;
  std::string backing_;
  std::string mount_point_;
  std::mutex mutex_;
  std::map<std::string, Faults> faults_;
  std::atomic<std::uint64_t> failed_{0};
  std::vector<std::string> names_;  ///< by node, from kFirstFile on; of the thread alone
  std::thread thread_;
};

}  // namespace kdump::test
