// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/dump_room.h"

#include "base/fd.h"
#include "base/text.h"
#include "capture/agent/collect.h"
#include "capture/agent/prune_dumps.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

constexpr unsigned kHighestLevel = 31;
/// An estimate is made of samples: a twentieth more may be needed.
constexpr std::uint64_t kMarginShare = 20;
/// How many times too large an estimate may be. Within that the smallest dump is begun: one that
/// ends with the disk is marked incomplete and opens, one that is not begun is lost.
constexpr std::uint64_t kEstimateError = 2;
/// How long the collector may take to estimate; on large machines it looks at every struct page.
constexpr unsigned kEstimatePatience = 600;
constexpr std::size_t kLongestAnswer = std::size_t{64} << 10U;
constexpr const char* kKeyPrefix = "bytes_at_level_";

/// Pages of zeros take no room at any level, and leaving out private cache leaves out all of it.
unsigned canonical(unsigned level) {
  constexpr unsigned kZero = 1;
  constexpr unsigned kCache = 2;
  constexpr unsigned kPrivateCache = 4;
  return level | kZero | ((level & kPrivateCache) != 0 ? kCache : 0U);
}

bool is_level_option(const std::string& word) { return word == "-d" || word == "--level"; }

/// The words that decide how pages are compressed, in kdump-collect's own spelling.
std::vector<std::string> codec_words(const std::vector<std::string>& argv) {
  const bool as_makedumpfile = argv.size() > 1 && argv[1] == "makedumpfile";
  std::vector<std::string> words;
  if (as_makedumpfile) words = {"--codec", "none"};
  for (std::size_t i = 1; i < argv.size(); ++i) {
    constexpr std::array<std::string_view, 4> kShort = {"-l", "-p", "-c", "-z"};
    if (std::find(kShort.begin(), kShort.end(), argv[i]) != kShort.end()) words = {argv[i]};
    if (argv[i] == "--codec" && i + 1 < argv.size()) words = {argv[i], argv[i + 1]};
  }
  return words;
}

Result<std::string> answer_of(int fd) {
  std::string text(kLongestAnswer, '\0');
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  if (size < 0) return system_error(errno, "read");
  text.resize(static_cast<std::size_t>(size));
  return text;
}

Result<DumpSizes> estimate(const CaptureContext& context) {
  const Deadline deadline = context.steps.begin(Step::kEstimate, kEstimatePatience);
  const Fd answer(::memfd_create("estimate", MFD_CLOEXEC));
  if (!answer.valid()) return system_error(errno, "memfd_create");
  std::vector<std::string> argv = {config::kImageCollectorPath, "--estimate", "--json"};
  for (std::string& word : codec_words(context.plan.collector)) argv.push_back(std::move(word));
  argv.push_back(context.root.path(kVmcorePath));
  TRY(run_logged(context, {argv, answer.raw()}, deadline));
  return DumpSizes::parse(TRY(answer_of(answer.raw())));
}

/// With what has to be left when the dump is there.
std::uint64_t needed(const DumpRoom& room, std::uint64_t dump) {
  const std::uint64_t more = dump / kMarginShare + room.stays_free;
  return dump > std::numeric_limits<std::uint64_t>::max() - more
             ? std::numeric_limits<std::uint64_t>::max()
             : dump + more;
}

bool fits(const DumpRoom& room, std::uint64_t dump) {
  const auto available = room.available();
  return !available || needed(room, dump) <= *available;  // a place that does not tell is tried
}

bool remove_one(const CaptureContext& context,
                const std::string& directory,
                const std::string& host_name) {
  if (context.plan.keep_dumps == 0 && context.plan.keep_free == 0) return false;
  const auto dumps = list_old_dumps(directory, host_name);
  if (!dumps || dumps->size() <= 1) return false;  // the newest old one stays
  const auto removed = prune_dumps(directory, host_name, dumps->size());
  if (!removed) context.log.warning("{}", removed.error().message);
  if (!removed || removed->empty()) return false;
  context.log.info("removed the old dump {} to make room", removed->front());
  return true;
}

/// Whether half of memory would fit: then no time is spent on an estimate. A dump that is larger
/// all the same is the collector's affair, which goes on with the next level where the disk ends.
bool takes_half_of_memory(const CaptureContext& context, const DumpRoom& room) {
  struct stat info {};
  if (::stat(context.root.path(kVmcorePath).c_str(), &info) != 0 || info.st_size <= 0) return false;
  return fits(room, static_cast<std::uint64_t>(info.st_size) / 2);
}

}  // namespace

Result<DumpSizes> DumpSizes::parse(std::string_view json) {
  const auto object = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  DumpSizes sizes;
  for (unsigned level = 0; level <= kHighestLevel && object.is_object(); ++level) {
    const auto found = object.find(kKeyPrefix + std::to_string(level));
    if (found == object.end()) continue;
    if (const auto* bytes = found->get_ptr<const nlohmann::json::number_unsigned_t*>()) {
      sizes.bytes_[canonical(level)] = *bytes;
    }
  }
  if (!sizes.bytes_.empty()) return sizes;
  return make_error(ErrorKind::kBadData, "the collector's estimate is not understood");
}

std::optional<std::uint64_t> DumpSizes::at(unsigned level) const {
  const auto found = bytes_.find(canonical(level));
  if (found == bytes_.end()) return std::nullopt;
  return found->second;
}

std::vector<unsigned> DumpSizes::above(unsigned level) const {
  const unsigned least = canonical(level);
  std::vector<unsigned> levels;
  for (const auto& [other, bytes] : bytes_) {
    if (other != least && (other & least) == least) levels.push_back(other);
  }
  std::stable_sort(levels.begin(), levels.end(), [this](unsigned a, unsigned b) {
    return bytes_.at(a) > bytes_.at(b);
  });
  return levels;
}

unsigned dump_level_of(const std::vector<std::string>& argv) {
  const auto option = std::find_if(argv.begin(), argv.end(), is_level_option);
  const bool as_makedumpfile = argv.size() > 1 && argv[1] == "makedumpfile";
  const unsigned by_default = as_makedumpfile ? 0 : kHighestLevel;
  if (option == argv.end() || option + 1 == argv.end()) return by_default;
  const std::string_view value = *(option + 1);
  const auto level = parse_unsigned(value.substr(0, value.find(',')));
  return level && *level <= kHighestLevel ? static_cast<unsigned>(*level) : by_default;
}

std::vector<std::string> with_dump_level(std::vector<std::string> argv, unsigned level) {
  const auto option = std::find_if(argv.begin(), argv.end(), is_level_option);
  if (option != argv.end() && option + 1 != argv.end()) {
    *(option + 1) = std::to_string(level);
  } else {
    argv.emplace_back("-d");
    argv.push_back(std::to_string(level));
  }
  return argv;
}

DumpRoom room_on_file_system(const CaptureContext& context,
                             const std::string& host_name,
                             const std::string& directory) {
  const std::string folder = directory.substr(0, directory.rfind('/'));
  DumpRoom room;
  room.available = [folder]() -> Result<std::uint64_t> {
    struct statvfs info {};
    if (::statvfs(folder.c_str(), &info) != 0) return system_error(errno, "statvfs {}", folder);
    return std::uint64_t{info.f_bavail} * info.f_frsize;
  };
  room.remove_one = [&context, directory, host_name] {
    return remove_one(context, directory, host_name);
  };
  room.stays_free = context.plan.keep_free + kDumpReserve;
  return room;
}

Result<std::vector<std::string>> make_dump_fit(const CaptureContext& context,
                                               const DumpRoom& room) {
  const std::vector<std::string>& planned = context.plan.collector;
  if (!collector_is_native(context.plan) || takes_half_of_memory(context, room)) return planned;
  const auto sizes = estimate(context);
  if (!sizes) {
    context.log.warning("whether the dump fits is not known: {}", sizes.error().message);
    return planned;
  }
  const unsigned level = dump_level_of(planned);
  const auto wanted = sizes->at(level);
  if (!wanted) return planned;
  while (!fits(room, *wanted) && room.remove_one()) {
  }
  if (fits(room, *wanted)) return planned;
  const std::string left = format_size(room.available().value_or(0));
  for (const unsigned higher : sizes->above(level)) {
    if (!fits(room, *sizes->at(higher))) continue;
    context.log.warning(
        "no room for a dump of level {} (about {}, {} left): level {} is saved (about {})",
        level,
        format_size(*wanted),
        left,
        higher,
        format_size(*sizes->at(higher)));
    return with_dump_level(planned, higher);
  }
  const std::uint64_t least = std::min(*wanted, sizes->at(kHighestLevel).value_or(*wanted));
  if (fits(room, least / kEstimateError)) {
    context.log.warning(
        "there may be no room for a dump: the smallest, of level {}, is begun all the same (about "
        "{}, {} left)",
        kHighestLevel,
        format_size(least),
        left);
    return with_dump_level(planned, kHighestLevel);
  }
  return make_error(
      ErrorKind::kSystem,
      "no room for a dump: the smallest needs about {}, and {} are left{}; nothing was "
      "begun. Remove old dumps from the target, or name a larger one",
      format_size(least),
      left,
      context.plan.keep_free == 0 || room.stays_free == 0
          ? std::string()
          : fmt::format(" of which {} stay free", format_size(context.plan.keep_free)));
}

}  // namespace kdump::agent
