// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/fuzzed_images.h"

#include "base/text.h"
#include "capture/vmcore/fault_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace kdump::capture::fuzz {
namespace {

constexpr std::uint64_t kRepeatedSize = std::uint64_t{256} << 20U;
constexpr std::size_t kMostEdits = 256;
constexpr std::uint8_t kEditValue = 0xff;  // of VMCOREINFO; what is below is an edit of memory
constexpr std::uint8_t kLongestEdit = 16;

class PagedView final : public MemoryView {
 public:
  explicit PagedView(const PagedImage& image) : image_(image) {}
  Result<std::span<const std::byte>> at(PhysAddr address, std::size_t size) override {
    const auto& ranges = image_.ranges().ranges();
    const auto range = std::find_if(
        ranges.begin(), ranges.end(), [&](const Range& r) { return r.contains(address.value()); });
    if (range == ranges.end()) return make_error(ErrorKind::kUnreadable, "no memory");
    const std::uint64_t inside = address.value() % PagedImage::kPage;
    const auto into = std::span(buffer_).first(static_cast<std::size_t>(
        std::min({std::uint64_t{size}, PagedImage::kPage - inside, range->end - address.value()})));
    TRY(image_.read(address, into));
    return std::span<const std::byte>(into);
  }

 private:
  const PagedImage& image_;
  std::array<std::byte, PagedImage::kPage> buffer_{};
};

}  // namespace

std::unique_ptr<MemoryView> PagedImage::view() const { return std::make_unique<PagedView>(*this); }

Status PagedImage::read_notes(std::uint64_t /*offset*/, std::span<std::byte> /*into*/) const {
  return make_error(ErrorKind::kBadData, "no notes");
}

RepeatedImage::RepeatedImage(std::uint16_t machine, std::span<const std::byte> pattern)
    : machine_(machine), pattern_(std::max<std::size_t>(pattern.size(), 1)) {
  std::copy(pattern.begin(), pattern.end(), pattern_.begin());
  ranges_.add({0, kRepeatedSize});
}

Status RepeatedImage::read(PhysAddr address, std::span<std::byte> into) const {
  if (!ranges_.contains(Range{address.value(), address.value() + into.size()})) {
    return make_error(ErrorKind::kUnreadable, "no memory at {}", address);
  }
  auto at = static_cast<std::size_t>(address.value() % pattern_.size());
  for (std::byte& byte : into) {
    byte = pattern_[at];
    if (++at == pattern_.size()) at = 0;
  }
  return {};
}

void EditedImage::edit(PhysAddr address, std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes) {
    const std::uint64_t page = address.value() / kPage;
    auto found = pages_.find(page);
    if (found == pages_.end()) {
      std::array<std::byte, kPage> contents{};
      // A page that is not there cannot be edited.
      if (!base_.read(PhysAddr(page * kPage), contents)) return;
      found = pages_.emplace(page, contents).first;
    }
    found->second[static_cast<std::size_t>(address.value() % kPage)] = byte;
    address += 1;
  }
}

Status EditedImage::read(PhysAddr address, std::span<std::byte> into) const {
  TRY(base_.read(address, into));
  while (!into.empty()) {
    const auto inside = static_cast<std::size_t>(address.value() % kPage);
    const auto part = into.first(std::min<std::size_t>(kPage - inside, into.size()));
    const auto found = pages_.find(address.value() / kPage);
    if (found != pages_.end()) std::memcpy(part.data(), found->second.data() + inside, part.size());
    into = into.subspan(part.size());
    address += part.size();
  }
  return {};
}

void read_around(const MemoryImage& image) {
  constexpr std::size_t kMostRanges = 16;
  const auto view = image.view();
  std::array<std::byte, 512> buffer{};
  std::size_t left = kMostRanges;
  for (const Range& range : image.ranges().ranges()) {
    if (left-- == 0) break;
    for (const std::uint64_t at : {range.start, range.end - 1, range.start - 1, range.end}) {
      static_cast<void>(image.read(PhysAddr(at), buffer));
      const auto shown = view->at(PhysAddr(at), buffer.size());
      if (!shown) continue;
      if (shown->empty() || shown->size() > buffer.size()) std::abort();
      volatile std::byte sink{};
      static_cast<void>(without_fault([&] {
        for (const std::byte byte : *shown) sink = byte;
      }));
    }
  }
}

std::string apply_edits(FuzzInput& input,
                        std::span<const Range> regions,
                        std::string_view vmcoreinfo,
                        EditedImage& image) {
  std::vector<std::string> lines;
  for (const std::string_view line : split_lines(vmcoreinfo)) lines.emplace_back(line);
  for (std::size_t i = 0; i < kMostEdits && !input.empty(); ++i) {
    const auto kind = input.take<std::uint8_t>();
    if (kind == kEditValue) {
      std::string& line = lines[input.take<std::uint16_t>() % lines.size()];
      const auto value = input.take<std::uint64_t>();
      const bool hexadecimal = line.starts_with("SYMBOL");
      line.resize(line.find('=') + 1);
      line += hexadecimal ? fmt::format("{:x}", value) : fmt::format("{}", value);
      continue;
    }
    const Range& region = regions[kind % regions.size()];
    const std::uint64_t at = region.start + input.take<std::uint32_t>() % region.size();
    const std::size_t length = 1U + input.take<std::uint8_t>() % kLongestEdit;
    image.edit(PhysAddr(at), input.take_bytes(length));
  }
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

}  // namespace kdump::capture::fuzz
