// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/dump_dmesg.h"

#include "base/atomic_file.h"
#include "base/io.h"
#include "capture/distinct_files.h"
#include "capture/format/open_image.h"
#include "capture/kernel/debug_info.h"
#include "capture/vmcore/notes.h"

#include <cerrno>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump::capture {
namespace {

constexpr std::string_view kStandardOutput = "-";
constexpr std::size_t kBufferSize = std::size_t{64} << 10U;
constexpr mode_t kMode = 0600;

/// Collects text and writes it in large pieces.
class TextFile {
 public:
  static Result<TextFile> create(const std::string& path, bool overwrite) {
    TextFile file;
    file.path_ = path;
    if (path == kStandardOutput) return file;
    auto fd = Fd::open(path, O_WRONLY | O_CREAT | (overwrite ? O_TRUNC : O_EXCL), kMode);
    if (!fd && fd.error().code == EEXIST) {
      return make_error(ErrorKind::kUsage, "{} exists; -f (--force) overwrites it", path);
    }
    file.fd_ = TRY(std::move(fd));
    if (::fchmod(file.fd_.raw(), kMode) != 0)
      return system_error(errno, "set the mode of {}", path);
    return file;
  }

  Status write(std::string_view text) {
    buffer_ += text;
    return buffer_.size() >= kBufferSize ? flush() : Status();
  }

  Status finish() {
    TRY(flush());
    if (!fd_.valid()) return {};
    if (::fsync(fd_.raw()) != 0) return system_error(errno, "sync {}", path_);
    TRY(fd_.close());
    return sync_folder_of(path_);
  }

 private:
  Status flush() {
    auto status = write_all(fd_.valid() ? fd_.raw() : STDOUT_FILENO, buffer_);
    buffer_.clear();
    if (!status) return std::move(status).error().with_context(path_);
    return {};
  }

  Fd fd_;
  std::string path_;
  std::string buffer_;
};

}  // namespace

Result<KernelLogCounts> dump_dmesg(const std::string& input,
                                   const std::string& output,
                                   bool overwrite,
                                   LogPart part,
                                   const std::string& debug_info) {
  const auto image = TRY(open_image(input));
  const NoteSummary notes = TRY(summarize_notes(*image));
  auto text = read_vmcoreinfo_text(*image, notes);
  if (!text && debug_info.empty()) return std::move(text).error().with_context(input);
  const Vmcoreinfo info = TRY(with_debug_info(Vmcoreinfo(text.value_or("")), debug_info));
  const KernelMemory memory(*image, TRY(make_address_space(*image, info)));

  TRY(check_distinct({input}, {output}));
  // The output appears only once there is something to put into it.
  std::optional<TextFile> file;
  const auto sink = [&](std::string_view record) -> Status {
    if (!file) file = TRY(TextFile::create(output, overwrite));
    return file->write(record);
  };
  const KernelLogCounts counts = TRY(read_kernel_log(info, memory, sink, part));
  if (!file && (part == LogPart::kAll || counts.damaged > 0)) {
    return make_error(ErrorKind::kBadData, "{}: no kernel message could be read", input);
  }
  // The log was cleared, and that was the last of it.
  if (!file) file = TRY(TextFile::create(output, overwrite));
  TRY(file->finish());
  return counts;
}

}  // namespace kdump::capture
