// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct Elf;

namespace kdump {

/// A program header, widened to 64 bits; p_type and p_flags as in elf(5).
struct ElfSegment {
  std::uint32_t type = 0;
  std::uint32_t flags = 0;
  std::uint64_t offset = 0;  ///< in the file, bytes
  std::uint64_t vaddr = 0;
  std::uint64_t paddr = 0;
  std::uint64_t file_size = 0;
  std::uint64_t memory_size = 0;
};

struct ElfNote {
  std::string name;  ///< without its final NUL
  std::uint32_t type = 0;
  std::vector<std::byte> desc;
};

/// An entry of a symbol table.
struct ElfSymbol {
  std::uint64_t value = 0;
  std::uint64_t size = 0;  ///< bytes; 0: not told
};

/// What the dynamic loader is told by a program or library.
struct ElfDynamic {
  std::string interpreter;           ///< PT_INTERP, "" in libraries and static programs
  std::string soname;                ///< DT_SONAME
  std::vector<std::string> needed;   ///< DT_NEEDED in order
  std::vector<std::string> rpath;    ///< DT_RPATH, split at colons, $ORIGIN as it stands
  std::vector<std::string> runpath;  ///< DT_RUNPATH, likewise
};

/// An ELF file behind libelf; the only file of the project that includes libelf's headers. Not for
/// use by several threads.
class ElfFile {
 public:
  /// kBadData when it is not ELF.
  static Result<ElfFile> open(const std::string& path);

  [[nodiscard]] std::uint16_t machine() const { return machine_; }  ///< e_machine
  [[nodiscard]] std::uint16_t type() const { return type_; }        ///< e_type
  [[nodiscard]] bool is_64_bit() const { return is_64_bit_; }
  /// All program headers, PN_XNUM included.
  [[nodiscard]] const std::vector<ElfSegment>& segments() const { return segments_; }
  /// The notes of every PT_NOTE; a segment that libelf cannot read is kBadData.
  [[nodiscard]] Result<std::vector<ElfNote>> notes() const;
  [[nodiscard]] Result<ElfDynamic> dynamic() const;
  /// Of the symbol table (.symtab), those with one of these names; of several with the same name
  /// the first global one, else the first. Empty in stripped files.
  [[nodiscard]] Result<std::map<std::string, ElfSymbol, std::less<>>> symbols(
      const std::vector<std::string_view>& names) const;
  /// At most `size` bytes of what the program has in memory at an address. kNotFound: the file does
  /// not have them (a file with debug information alone, for instance).
  [[nodiscard]] Result<std::string> contents_at(std::uint64_t vaddr, std::size_t size) const;

 private:
  struct ElfDeleter {
    void operator()(Elf* elf) const;
  };
  ElfFile(std::string path, Fd fd, std::unique_ptr<Elf, ElfDeleter> elf)
      : path_(std::move(path)), fd_(std::move(fd)), elf_(std::move(elf)) {}

  std::string path_;
  Fd fd_;
  std::unique_ptr<Elf, ElfDeleter> elf_;
  std::uint16_t machine_ = 0;
  std::uint16_t type_ = 0;
  bool is_64_bit_ = false;
  std::vector<ElfSegment> segments_;
};

}  // namespace kdump
