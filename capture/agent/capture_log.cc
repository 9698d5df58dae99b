// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/capture_log.h"

#include "base/atomic_file.h"
#include "base/fd.h"
#include "base/io.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

constexpr std::size_t kChunk = std::size_t{16} << 10U;
// The agent's record may grow by its limit, and the kernel has something to say about a sick disk.
constexpr off_t kReserve = 2 * static_cast<off_t>(AgentLog::kRecordLimit);

// Writes in chunks and keeps the first error: the log of a small kernel is longer than its stack
// and shorter than its memory, but it need not be in there twice.
class ChunkWriter {
 public:
  explicit ChunkWriter(int fd) : fd_(fd) {}
  void line(std::string_view text) {
    pending_ += text;
    pending_ += '\n';
    if (pending_.size() >= kChunk) flush();
  }
  void flush() {
    if (status_) status_ = write_all(fd_, std::string_view(pending_));
    size_ += static_cast<off_t>(pending_.size());
    pending_.clear();
  }
  [[nodiscard]] off_t size() const { return size_; }
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  int fd_;
  std::string pending_;
  off_t size_ = 0;
  Status status_;
};

}  // namespace

Status save_capture_log(const std::string& directory, const AgentLog& log, System& system) {
  const std::string path = directory + "/kexec-dmesg.log";
  // Not truncated: that would give the reserved space back.
  Fd file = TRY(Fd::open(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600));
  if (::fchmod(file.raw(), 0600) != 0)
    return system_error(errno, "cannot set the mode of {}", path);

  ChunkWriter writer(file.raw());
  writer.line("--- kdump-agent ---");
  const auto recorded = log.recorded();
  writer.line(recorded ? *recorded : recorded.error().message);
  writer.line("--- capture kernel ---");
  const auto kernel = system.each_kernel_message([&](std::string_view text) { writer.line(text); });
  if (!kernel) writer.line(kernel.error().message);
  writer.flush();
  if (writer.status() && ::ftruncate(file.raw(), writer.size()) != 0) {
    return system_error(errno, "cannot truncate {}", path);
  }
  // Beyond its end, without changing its size. A file system that cannot do it does without.
  (void)::fallocate(file.raw(), FALLOC_FL_KEEP_SIZE, writer.size(), kReserve);

  const int sync_error = ::fsync(file.raw()) == 0 ? 0 : errno;
  if (!writer.status()) return Error(writer.status().error()).with_context(path);
  if (sync_error != 0) return system_error(sync_error, "cannot sync {}", path);
  TRY(file.close());
  return sync_folder_of(path);
}

}  // namespace kdump::agent
