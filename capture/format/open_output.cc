// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/open_output.h"

#include "capture/format/flattened_output.h"
#include "capture/format/output_file.h"

#include <algorithm>
#include <cerrno>

namespace kdump::capture {
namespace {

/// Another output, up to a size. What does not fit fails as on a full disk.
class LimitedOutput final : public Output {
 public:
  LimitedOutput(std::unique_ptr<Output> output, std::uint64_t limit)
      : output_(std::move(output)), limit_(limit) {}

  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    TRY(check(offset, bytes.size()));
    return output_->write_at(offset, bytes);
  }
  [[nodiscard]] bool is_sparse() const override { return output_->is_sparse(); }
  [[nodiscard]] bool is_stream() const override { return output_->is_stream(); }
  Status read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    return output_->read_at(offset, into);
  }
  Status reserve(std::uint64_t offset, std::uint64_t size) override {
    TRY(check(offset, size));
    return output_->reserve(offset, size);
  }
  Status sync() override { return output_->sync(); }
  Status start_writeback(std::uint64_t offset, std::uint64_t size) override {
    return output_->start_writeback(offset, size);
  }
  Status finish_writeback(std::uint64_t offset, std::uint64_t size) override {
    return output_->finish_writeback(offset, size);
  }
  Status clear() override {
    append_from(0);
    return output_->clear();
  }
  Status close() override { return output_->close(); }
  [[nodiscard]] Result<Size> size() const override { return output_->size(); }

 private:
  [[nodiscard]] Status check(std::uint64_t offset, std::uint64_t size) const {
    if (offset <= limit_ && size <= limit_ - offset) return {};
    return Error{
        ErrorKind::kSystem, EFBIG, fmt::format("the dump reaches its limit of {} bytes", limit_)};
  }

  std::unique_ptr<Output> output_;
  std::uint64_t limit_;
};

Result<std::unique_ptr<Output>> open_unlimited(const OutputChoice& choice) {
  if (choice.flattened) {
    return std::unique_ptr<Output>(TRY(FlattenedOutput::create(choice.path, choice.overwrite)));
  }
  return std::unique_ptr<Output>(TRY(OutputFile::create(choice.path, choice.overwrite)));
}

}  // namespace

Result<std::unique_ptr<Output>> open_output(const OutputChoice& choice) {
  auto output = TRY(open_unlimited(choice));
  if (!choice.size_limit) return output;
  return std::unique_ptr<Output>(
      std::make_unique<LimitedOutput>(std::move(output), *choice.size_limit));
}

}  // namespace kdump::capture
