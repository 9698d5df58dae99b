// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/info.h"

#include "base/text.h"
#include "capture/filter/dump_level.h"
#include "capture/format/kdump_image.h"
#include "capture/format/open_image.h"
#include "capture/vmcore/notes.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <elf.h>
#include <utility>

namespace kdump::capture {
namespace {

std::string machine_name(std::uint16_t machine) {
  if (machine == EM_X86_64) return "x86_64";
  if (machine == EM_AARCH64) return "aarch64";
  return fmt::format("e_machine {}", machine);
}

std::string level_text(DumpLevel level) {
  constexpr std::array<std::pair<std::uint32_t, std::string_view>, 5> kNames = {{
      {DumpLevel::kZero, "zero"},
      {DumpLevel::kCache, "cache"},
      {DumpLevel::kCachePrivate, "cache-private"},
      {DumpLevel::kUser, "user"},
      {DumpLevel::kFree, "free"},
  }};
  std::string names;
  for (const auto& [bit, name] : kNames) {
    if (level.excludes(bit)) names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  }
  return fmt::format("{} (without {})", level.bits(), names.empty() ? "nothing" : names);
}

/// ISO 8601, in UTC.
std::string time_text(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  std::array<char, 32> text{};
  if (::gmtime_r(&time, &parts) == nullptr ||
      std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
    return fmt::format("{} s", seconds);
  }
  return text.data();
}

void add_notes(const MemoryImage& image, std::int64_t header_time, std::vector<Field>& fields) {
  fields.push_back({"notes_bytes", "bytes of notes", image.notes_size()});
  const auto notes = summarize_notes(image);
  if (!notes) {
    fields.push_back({"notes_error", "notes", notes.error().message});
    return;
  }
  fields.push_back({"cpus", "CPUs in the notes", std::uint64_t{notes->cpus}});
  const auto text = read_vmcoreinfo_text(image, *notes);
  if (!text) {
    fields.push_back({"vmcoreinfo_error", "VMCOREINFO", text.error().message});
    return;
  }
  const Vmcoreinfo info(*text);
  fields.push_back({"vmcoreinfo_bytes", "bytes of VMCOREINFO", std::uint64_t{text->size()}});
  const auto add = [&](std::string_view name, const char* key, const char* label) {
    if (const auto value = info.text(name)) fields.push_back({key, label, std::string(*value)});
  };
  add("OSRELEASE", "osrelease", "kernel");
  add("BUILD-ID", "build_id", "build id");
  const auto crashed = info.decimal("CRASHTIME");
  const std::int64_t time = crashed ? static_cast<std::int64_t>(*crashed) : header_time;
  if (time != 0) fields.push_back({"crash_time", "crash time", time_text(time)});
}

struct PageCounts {
  std::array<std::uint64_t, 5> by_codec{};  ///< in the order of kCodecs
  std::uint64_t without_data = 0;
  std::uint64_t damaged = 0;
  std::uint64_t cut_off = 0;  ///< whose data lie behind the end of the file
};

struct CodecName {
  std::uint32_t flags;
  const char* key;
  const char* label;
};

constexpr std::array<CodecName, 5> kCodecs = {{
    {0, "pages_uncompressed", "uncompressed"},
    {kCompressedZlib, "pages_zlib", "zlib"},
    {kCompressedLzo, "pages_lzo", "lzo"},
    {kCompressedSnappy, "pages_snappy", "snappy"},
    {kCompressedZstd, "pages_zstd", "zstd"},
}};

Result<PageCounts> count_pages(const KdumpFile& file) {
  PageCounts counts;
  const std::uint64_t end = file.file().size();
  KdumpPageReader reader(file);
  for (std::size_t i = 0; i < file.blocks(); ++i) {
    const std::uint64_t number = file.block_number(i);
    const BlockBits bits = TRY(file.dumped(number));
    for (std::uint64_t page = bits.next_set(0); page < BlockBits::kPages;
         page = bits.next_set(page + 1)) {
      const auto found = reader.descriptor(Pfn(number * BlockBits::kPages + page));
      if (!found) {
        ++counts.damaged;
        continue;
      }
      if (found->offset == 0) {
        ++counts.without_data;
        continue;
      }
      if (found->offset > end || found->size > end - found->offset) ++counts.cut_off;
      const auto* const codec =
          std::find_if(kCodecs.begin(), kCodecs.end(), [&found](const CodecName& name) {
            return name.flags == found->flags;
          });
      if (codec == kCodecs.end()) {
        ++counts.damaged;
      } else {
        ++counts.by_codec[static_cast<std::size_t>(codec - kCodecs.begin())];
      }
    }
  }
  return counts;
}

Status add_pages(const KdumpFile& file, std::vector<Field>& fields) {
  std::uint64_t existing = 0;
  for (const Range& run : file.pages()) existing += run.size();
  fields.push_back({"pages_existing", "pages of memory", existing});
  fields.push_back({"pages_dumped", "pages in the dump", file.dumped_pages()});
  const PageCounts counts = TRY(count_pages(file));
  std::vector<std::string> mix;
  for (std::size_t i = 0; i < kCodecs.size(); ++i) {
    fields.push_back({kCodecs[i].key, "", counts.by_codec[i]});
    if (counts.by_codec[i] == 0) continue;
    mix.push_back(fmt::format("{} {}", counts.by_codec[i], kCodecs[i].label));
  }
  fields.push_back({"codecs", "stored as", std::move(mix)});
  fields.push_back({"pages_without_data", "pages without data", counts.without_data});
  if (counts.damaged > 0) {
    fields.push_back({"descriptors_damaged", "damaged descriptors", counts.damaged});
  }
  if (counts.cut_off > 0) {
    fields.push_back({"pages_cut_off", "pages behind the end of the file", counts.cut_off});
  }
  return {};
}

void add_form(const DumpFile& file, bool incomplete, std::vector<Field>& fields) {
  fields.push_back({"flattened", "flattened", file.flattened()});
  if (file.flattened()) fields.push_back({"cut_off", "cut off", file.cut_off()});
  fields.push_back({"incomplete", "incomplete", incomplete});
  fields.push_back({"bytes", "bytes", file.size()});
}

void add_headers(const KdumpHeaders& headers, std::vector<Field>& fields) {
  fields.push_back({"level", "", std::uint64_t{headers.dump_level}});
  fields.push_back({"level_text", "level", level_text(DumpLevel(headers.dump_level))});
  fields.push_back({"machine", "machine", headers.utsname.machine});
  fields.push_back({"nodename", "host", headers.utsname.nodename});
  fields.push_back({"release", "", headers.utsname.release});
  fields.push_back({"version", "", headers.utsname.version});
  fields.push_back({"page_size", "page size", headers.shift.page_size()});
  fields.push_back({"status", "status", fmt::format("{:#x}", headers.status)});
  fields.push_back({"phys_base", "phys_base", fmt::format("{:#x}", headers.phys_base)});
  fields.push_back({"max_mapnr", "pages up to", headers.max_mapnr});
}

Status describe_kdump(const KdumpImage& image, std::vector<Field>& fields) {
  const KdumpHeaders& headers = image.file().headers();
  fields.push_back(
      {"format", "format", fmt::format("kdump-compressed, version {}", headers.version)});
  add_form(image.file().file(), image.incomplete(), fields);
  add_headers(headers, fields);
  add_notes(image, headers.tv_sec, fields);
  fields.push_back({"eraseinfo_bytes", "bytes of eraseinfo", headers.eraseinfo.size});
  return add_pages(image.file(), fields);
}

void describe_elf(const ElfImage& image, std::vector<Field>& fields) {
  fields.push_back({"format", "format", "ELF core file"});
  add_form(image.file(), image.incomplete(), fields);
  fields.push_back({"machine", "machine", machine_name(image.machine())});
  const RangeSet& ranges = image.ranges();
  fields.push_back({"ranges", "runs of memory", std::uint64_t{ranges.ranges().size()}});
  fields.push_back({"memory_bytes", "bytes of memory", ranges.total()});
  fields.push_back({"missing_bytes", "bytes cut off", image.missing_bytes()});
  add_notes(image, 0, fields);
}

/// One file of a divided dump says what it is; its pages can be read beside the others only.
void describe_part(const KdumpHeaders& headers, const DumpFile& file, std::vector<Field>& fields) {
  fields.push_back(
      {"format",
       "format",
       fmt::format("kdump-compressed, version {}, one part of a split dump", headers.version)});
  add_form(file, headers.incomplete(), fields);
  add_headers(headers, fields);
  fields.push_back({"first_page", "pages from", headers.start_pfn});
  fields.push_back({"end_page", "to before", headers.end_pfn});
}

}  // namespace

Result<std::vector<Field>> describe_dump(const std::string& path) {
  std::vector<Field> fields = {{"file", "file", path}};
  auto file = TRY(open_dump_file(path));
  if (is_kdump_file(*file)) {
    const auto headers = read_kdump_headers(*file);
    if (headers && headers->split) {
      describe_part(*headers, *file, fields);
      return fields;
    }
    TRY(describe_kdump(*TRY(KdumpImage::open(std::move(file), path)), fields));
  } else {
    describe_elf(*TRY(ElfImage::open(std::move(file), path, ElfImage::Access::kRead)), fields);
  }
  return fields;
}

}  // namespace kdump::capture
