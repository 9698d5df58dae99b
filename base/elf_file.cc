// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/elf_file.h"

#include "base/io.h"
#include "base/text.h"

#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <span>

namespace kdump {
namespace {

Error elf_error(const std::string& path, const char* doing) {
  return make_error(ErrorKind::kBadData, "{}: {}: {}", path, doing, elf_errmsg(-1));
}

// The file offset of a virtual address, by the PT_LOADs.
std::optional<std::uint64_t> offset_of(const std::vector<ElfSegment>& segments,
                                       std::uint64_t vaddr) {
  for (const ElfSegment& s : segments) {
    if (s.type == PT_LOAD && vaddr >= s.vaddr && vaddr - s.vaddr < s.file_size) {
      return s.offset + (vaddr - s.vaddr);
    }
  }
  return std::nullopt;
}

std::vector<std::string> split_search_path(const std::string& text) {
  std::vector<std::string> folders;
  for (const std::string_view folder : split(text, ':')) {
    if (!folder.empty()) folders.emplace_back(folder);
  }
  return folders;
}

// String number `index` of a string table that ends with the data.
std::string string_at(const Elf_Data* strings, std::uint64_t index) {
  if (strings == nullptr || index >= strings->d_size) return {};
  const char* text = static_cast<const char*>(strings->d_buf) + index;
  return std::string(text, ::strnlen(text, strings->d_size - index));
}

}  // namespace

void ElfFile::ElfDeleter::operator()(Elf* elf) const { elf_end(elf); }

Result<ElfFile> ElfFile::open(const std::string& path) {
  elf_version(EV_CURRENT);
  Fd fd = TRY(Fd::open(path, O_RDONLY));
  std::unique_ptr<Elf, ElfDeleter> elf(elf_begin(fd.raw(), ELF_C_READ, nullptr));
  if (!elf) return elf_error(path, "cannot read");
  if (elf_kind(elf.get()) != ELF_K_ELF)
    return make_error(ErrorKind::kBadData, "{}: not an ELF file", path);

  ElfFile file(path, std::move(fd), std::move(elf));
  GElf_Ehdr header{};
  if (gelf_getehdr(file.elf_.get(), &header) == nullptr) return elf_error(path, "bad ELF header");
  file.machine_ = header.e_machine;
  file.type_ = header.e_type;
  file.is_64_bit_ = gelf_getclass(file.elf_.get()) == ELFCLASS64;

  std::size_t count = 0;
  if (elf_getphdrnum(file.elf_.get(), &count) != 0) return elf_error(path, "bad program headers");
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr p{};
    if (gelf_getphdr(file.elf_.get(), static_cast<int>(i), &p) == nullptr) {
      return elf_error(path, "bad program header");
    }
    file.segments_.push_back({.type = p.p_type,
                              .flags = p.p_flags,
                              .offset = p.p_offset,
                              .vaddr = p.p_vaddr,
                              .paddr = p.p_paddr,
                              .file_size = p.p_filesz,
                              .memory_size = p.p_memsz});
  }
  return file;
}

Result<std::vector<ElfNote>> ElfFile::notes() const {
  std::vector<ElfNote> notes;
  for (const ElfSegment& segment : segments_) {
    if (segment.type != PT_NOTE || segment.file_size == 0) continue;
    Elf_Data* data = elf_getdata_rawchunk(
        elf_.get(), static_cast<std::int64_t>(segment.offset), segment.file_size, ELF_T_NHDR);
    if (data == nullptr) return elf_error(path_, "cannot read the notes");
    GElf_Nhdr header{};
    std::size_t name_at = 0;
    std::size_t desc_at = 0;
    std::size_t at = 0;
    while (at < data->d_size) {
      const std::size_t next = gelf_getnote(data, at, &header, &name_at, &desc_at);
      if (next == 0) break;  // zero padding at the end of the segment
      const char* base = static_cast<const char*>(data->d_buf);
      const auto* desc = static_cast<const std::byte*>(data->d_buf) + desc_at;
      notes.push_back(
          {.name = std::string(base + name_at, ::strnlen(base + name_at, header.n_namesz)),
           .type = header.n_type,
           .desc = std::vector<std::byte>(desc, desc + header.n_descsz)});
      at = next;
    }
  }
  return notes;
}

Result<ElfDynamic> ElfFile::dynamic() const {
  ElfDynamic out;
  for (const ElfSegment& segment : segments_) {
    if (segment.type == PT_INTERP) {
      const Elf_Data* data = elf_getdata_rawchunk(
          elf_.get(), static_cast<std::int64_t>(segment.offset), segment.file_size, ELF_T_BYTE);
      if (data == nullptr) return elf_error(path_, "cannot read the interpreter");
      out.interpreter = string_at(data, 0);
    }
    if (segment.type != PT_DYNAMIC) continue;

    Elf_Data* entries = elf_getdata_rawchunk(
        elf_.get(), static_cast<std::int64_t>(segment.offset), segment.file_size, ELF_T_DYN);
    if (entries == nullptr) return elf_error(path_, "cannot read the dynamic section");
    const std::size_t count = segment.file_size / gelf_fsize(elf_.get(), ELF_T_DYN, 1, EV_CURRENT);
    std::uint64_t strings_vaddr = 0;
    std::uint64_t strings_size = 0;
    std::vector<GElf_Dyn> all;
    for (std::size_t i = 0; i < count; ++i) {
      GElf_Dyn entry{};
      if (gelf_getdyn(entries, static_cast<int>(i), &entry) == nullptr || entry.d_tag == DT_NULL)
        break;
      if (entry.d_tag == DT_STRTAB) strings_vaddr = entry.d_un.d_ptr;
      if (entry.d_tag == DT_STRSZ) strings_size = entry.d_un.d_val;
      all.push_back(entry);
    }
    const auto strings_offset = offset_of(segments_, strings_vaddr);
    if (!strings_offset)
      return make_error(ErrorKind::kBadData, "{}: no dynamic string table", path_);
    const Elf_Data* strings = elf_getdata_rawchunk(
        elf_.get(), static_cast<std::int64_t>(*strings_offset), strings_size, ELF_T_BYTE);
    if (strings == nullptr) return elf_error(path_, "cannot read the dynamic strings");
    for (const GElf_Dyn& entry : all) {
      if (entry.d_tag == DT_NEEDED) out.needed.push_back(string_at(strings, entry.d_un.d_val));
      if (entry.d_tag == DT_SONAME) out.soname = string_at(strings, entry.d_un.d_val);
      if (entry.d_tag == DT_RPATH)
        out.rpath = split_search_path(string_at(strings, entry.d_un.d_val));
      if (entry.d_tag == DT_RUNPATH)
        out.runpath = split_search_path(string_at(strings, entry.d_un.d_val));
    }
  }
  return out;
}

Result<std::map<std::string, ElfSymbol, std::less<>>> ElfFile::symbols(
    const std::vector<std::string_view>& names) const {
  const std::set<std::string_view> wanted(names.begin(), names.end());
  std::map<std::string, ElfSymbol, std::less<>> found;
  std::set<std::string, std::less<>> global;
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf_.get(), section)) != nullptr) {
    GElf_Shdr header{};
    if (gelf_getshdr(section, &header) == nullptr) return elf_error(path_, "bad section header");
    if (header.sh_type != SHT_SYMTAB || header.sh_entsize == 0) continue;
    Elf_Data* const data = elf_getdata(section, nullptr);
    if (data == nullptr) return elf_error(path_, "cannot read the symbol table");
    const std::size_t count = data->d_size / header.sh_entsize;
    for (std::size_t i = 0; i < count; ++i) {
      GElf_Sym symbol{};
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
      const char* const name = elf_strptr(elf_.get(), header.sh_link, symbol.st_name);
      if (name == nullptr || symbol.st_shndx == SHN_UNDEF || !wanted.contains(name)) continue;
      const bool is_global = GELF_ST_BIND(symbol.st_info) != STB_LOCAL;
      if (found.contains(name) && (!is_global || global.contains(name))) continue;
      found[name] = {symbol.st_value, symbol.st_size};
      if (is_global) global.insert(name);
    }
  }
  return found;
}

Result<std::string> ElfFile::contents_at(std::uint64_t vaddr, std::size_t size) const {
  for (const ElfSegment& segment : segments_) {
    if (segment.type != PT_LOAD || vaddr < segment.vaddr) continue;
    const std::uint64_t inside = vaddr - segment.vaddr;
    if (inside >= segment.file_size) continue;
    std::string text(std::min<std::uint64_t>(size, segment.file_size - inside), '\0');
    auto status =
        read_exact_at(fd_.raw(), std::as_writable_bytes(std::span(text)), segment.offset + inside);
    if (!status) return std::move(status).error().with_context(path_);
    return text;
  }
  return make_error(ErrorKind::kNotFound, "{} has nothing for address {:#x}", path_, vaddr);
}

}  // namespace kdump
