// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/arm64/device_tree.h"

#include "base/byte_reader.h"
#include "base/packed_int.h"

#include <algorithm>
#include <cstdint>
#include <libfdt.h>
#include <span>
#include <string_view>

namespace kdump::kexec::arm64 {
namespace {

constexpr std::size_t kMaxSize = std::size_t{2} << 20U;  // booting.rst, "Setup the device tree"
constexpr std::size_t kKaslrSeedBytes = 8;
constexpr int kRoot = 0;  // the root node's offset

// Said by the firmware or an earlier kexec of the kernel that runs now.
constexpr const char* kOfThePreviousBoot[] = {"bootargs",
                                              "kaslr-seed",
                                              "rng-seed",
                                              "linux,booted-from-kexec",
                                              "linux,elfcorehdr",
                                              "linux,initrd-end",
                                              "linux,initrd-start",
                                              "linux,usable-memory-range"};

Error damaged(std::string_view what, int code) {
  return make_error(ErrorKind::kBadData,
                    "/sys/firmware/fdt: the firmware's device tree is damaged ({}: {})",
                    what,
                    fdt_strerror(code));
}

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

// A copy with room to grow.
class Tree {
 public:
  static Result<Tree> open(std::span<const std::byte> blob, std::size_t growth) {
    if (blob.empty()) {
      return make_error(ErrorKind::kUnsupported,
                        "this host shows no device tree (/sys/firmware/fdt), which the next kernel "
                        "must be given; use kexec_file_load (-s)");
    }
    if (const int code = fdt_check_full(blob.data(), blob.size()); code != 0) {
      return damaged("header", code);
    }
    Tree tree;
    tree.blob_.resize(blob.size() + growth);
    const int code =
        fdt_open_into(blob.data(), tree.blob_.data(), static_cast<int>(tree.blob_.size()));
    if (code != 0) return damaged("copy", code);
    return tree;
  }

  // A node below the root; made when there is none.
  Result<int> node(const char* name) {
    int found = fdt_subnode_offset(blob_.data(), kRoot, name);
    if (found == -FDT_ERR_NOTFOUND) found = fdt_add_subnode(blob_.data(), kRoot, name);
    if (found < 0) return damaged(name, found);
    return found;
  }

  // Empty when there is no such property.
  [[nodiscard]] std::span<const std::byte> property(int node, const char* name) const {
    int size = 0;
    const void* data = fdt_getprop(blob_.data(), node, name, &size);
    if (data == nullptr || size < 0) return {};
    return {static_cast<const std::byte*>(data), static_cast<std::size_t>(size)};
  }

  Status set(int node, const char* name, std::span<const std::byte> value) {
    const int code =
        fdt_setprop(blob_.data(), node, name, value.data(), static_cast<int>(value.size()));
    if (code != 0) return damaged(name, code);
    return {};
  }

  Status remove(int node, const char* name) {
    const int code = fdt_delprop(blob_.data(), node, name);
    if (code != 0 && code != -FDT_ERR_NOTFOUND) return damaged(name, code);
    return {};
  }

  // Of the memory reservations, those that begin there.
  Status free_reservation(std::uint64_t start) {
    for (int i = fdt_num_mem_rsv(blob_.data()); i-- > 0;) {
      std::uint64_t address = 0;
      std::uint64_t size = 0;
      if (const int code = fdt_get_mem_rsv(blob_.data(), i, &address, &size); code != 0) {
        return damaged("memory reservations", code);
      }
      if (address != start) continue;
      if (const int code = fdt_del_mem_rsv(blob_.data(), i); code != 0) {
        return damaged("memory reservations", code);
      }
    }
    return {};
  }

  Result<std::vector<std::byte>> pack() && {
    if (const int code = fdt_pack(blob_.data()); code != 0) return damaged("pack", code);
    blob_.resize(fdt_totalsize(blob_.data()));
    return std::move(blob_);
  }

 private:
  std::vector<std::byte> blob_;
};

// One or two cells, as firmware writes addresses in /chosen.
std::uint64_t number_in(std::span<const std::byte> property) {
  const ByteReader reader(property);
  if (const auto wide = reader.read<Be64>(0)) return *wide;
  return reader.read<Be32>(0).value_or(Be32(0));
}

// How addresses and sizes are written below the root. Where it does not say, the kernel takes one
// cell for each (drivers/of/fdt.c, early_init_dt_scan_root).
class CellFormat {
 public:
  static Result<CellFormat> of(const Tree& tree) {
    const std::uint32_t address = TRY(count(tree, "#address-cells"));
    const std::uint32_t size = TRY(count(tree, "#size-cells"));
    return CellFormat(address, size);
  }

  Status append(std::vector<std::byte>& out, Range range) const {
    TRY(append(out, range.start, address_));
    return append(out, range.size(), size_);
  }

 private:
  CellFormat(std::uint32_t address, std::uint32_t size) : address_(address), size_(size) {}

  static Result<std::uint32_t> count(const Tree& tree, const char* name) {
    const auto property = tree.property(kRoot, name);
    const std::uint32_t cells = ByteReader(property).read<Be32>(0).value_or(Be32(1));
    if (cells != 1 && cells != 2) {
      return make_error(ErrorKind::kUnsupported,
                        "/sys/firmware/fdt: {} is {}, where the kernel takes 1 or 2",
                        name,
                        cells);
    }
    return cells;
  }

  static Status append(std::vector<std::byte>& out, std::uint64_t value, std::uint32_t cells) {
    if (cells == 1 && value > UINT32_MAX) {
      return make_error(ErrorKind::kUnsupported,
                        "{:#x} does not fit into the one cell that the firmware's device tree has "
                        "for an address or size; reserve memory below 4 GiB (crashkernel=)",
                        value);
    }
    const Be64 wide = value;
    const auto bytes = bytes_of(wide).last(cells * sizeof(Be32));
    out.insert(out.end(), bytes.begin(), bytes.end());
    return {};
  }

  std::uint32_t address_;
  std::uint32_t size_;
};

Status forget_previous_boot(Tree& tree, int chosen) {
  if (const auto initrd = tree.property(chosen, "linux,initrd-start"); !initrd.empty()) {
    TRY(tree.free_reservation(number_in(initrd)));
  }
  // What an earlier kernel measured lies in memory that is not handed on.
  constexpr const char* kMeasurements = "linux,ima-kexec-buffer";
  if (const auto measured = tree.property(chosen, kMeasurements); !measured.empty()) {
    TRY(tree.free_reservation(number_in(measured)));
    TRY(tree.remove(chosen, kMeasurements));
  }
  for (const char* name : kOfThePreviousBoot) TRY(tree.remove(chosen, name));
  return {};
}

Status add_initrd(Tree& tree, int chosen, Range initrd) {
  if (initrd.empty()) return {};
  TRY(tree.set(chosen, "linux,initrd-start", bytes_of(Be64(initrd.start))));
  return tree.set(chosen, "linux,initrd-end", bytes_of(Be64(initrd.end)));
}

Status add_seeds(Tree& tree, int chosen, std::span<const std::byte> seed) {
  if (seed.size() <= kKaslrSeedBytes) return {};
  TRY(tree.set(chosen, "kaslr-seed", seed.first(kKaslrSeedBytes)));
  return tree.set(chosen, "rng-seed", seed.subspan(kKaslrSeedBytes));
}

Status add_panic_memory(Tree& tree, int chosen, const DeviceTreeRequest& request) {
  if (!request.elfcorehdr) return {};
  const CellFormat format = TRY(CellFormat::of(tree));
  std::vector<std::byte> header;
  TRY(format.append(header, *request.elfcorehdr));
  TRY(tree.set(chosen, "linux,elfcorehdr", header));
  std::vector<std::byte> usable;
  for (const Range& range : request.usable) TRY(format.append(usable, range));
  return tree.set(chosen, "linux,usable-memory-range", usable);
}

}  // namespace

Result<std::vector<std::byte>> build_device_tree(const DeviceTreeRequest& request) {
  constexpr std::size_t kNamesAndNumbers = 4096;
  Tree tree = TRY(Tree::open(request.running,
                             request.command_line.size() + request.seed.size() + kNamesAndNumbers));
  const int chosen = TRY(tree.node("chosen"));
  TRY(forget_previous_boot(tree, chosen));
  TRY(add_panic_memory(tree, chosen, request));
  TRY(tree.set(
      chosen,
      "bootargs",
      std::as_bytes(std::span(request.command_line.c_str(), request.command_line.size() + 1))));
  TRY(add_initrd(tree, chosen, request.initrd));
  TRY(add_seeds(tree, chosen, request.seed));
  TRY(tree.set(chosen, "linux,booted-from-kexec", {}));
  std::vector<std::byte> packed = TRY(std::move(tree).pack());
  if (packed.size() > kMaxSize) {
    return make_error(ErrorKind::kUnsupported,
                      "the device tree for the next kernel has {} bytes, and 2 MiB are the most "
                      "that it may have",
                      packed.size());
  }
  return packed;
}

}  // namespace kdump::kexec::arm64
