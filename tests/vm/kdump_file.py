# SPDX-License-Identifier: GPL-2.0-or-later
"""An independent reader of the kdump-compressed format, 64-bit little-endian, version 6.

The layout is the one that crash (diskdump.c) and libkdumpfile read: a header block, sub-header blocks with
the notes, two bitmaps (PFN exists, PFN is in the file), one 24-byte descriptor for each page, page data.
"""

import ctypes
import ctypes.util
import functools
import mmap
import pathlib
import struct
import zlib

_SIGNATURE = b"KDUMP   "
_STATUS_INCOMPLETE = 0x8
_RAW, _ZLIB, _LZO, _ZSTD = 0, 0x1, 0x2, 0x20
_DESCRIPTOR = struct.Struct("<qIIQ")  # offset, size, flags, page_flags


class FormatError(Exception):
    pass


class KdumpFile:
    def __init__(self, path: pathlib.Path):
        with open(path, "rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        data = self._data
        if data[:8] != _SIGNATURE:
            raise FormatError(f"{path}: not a kdump-compressed file")
        (self.version,) = struct.unpack_from("<i", data, 8)
        self.utsname = [
            field.rstrip(b"\0").decode("ascii", "replace")
            for field in struct.unpack_from("65s65s65s65s65s65s", data, 12)
        ]
        self.time_seconds, self.time_microseconds = struct.unpack_from("<qq", data, 408)
        (self.status, self.block_size, sub_header_blocks, bitmap_blocks) = struct.unpack_from(
            "<IiiI", data, 424
        )
        (self.cpus,) = struct.unpack_from("<i", data, 460)
        block = self.block_size
        (self.physical_base, self.dump_level, self.split) = struct.unpack_from("<Qii", data, block)
        (
            self._vmcoreinfo_at,
            self._vmcoreinfo_size,
            self._notes_at,
            self._notes_size,
        ) = struct.unpack_from("<QQQQ", data, block + 32)
        (self.max_pfn,) = struct.unpack_from("<Q", data, block + 96)
        half = bitmap_blocks // 2 * block
        at = (1 + sub_header_blocks) * block
        if at + 2 * half > len(data):
            raise FormatError(f"{path}: cut inside its bitmaps")
        self.existing = data[at : at + half]
        self.kept = data[at + half : at + 2 * half]
        self._descriptors_at = at + 2 * half

    @property
    def incomplete(self) -> bool:
        return bool(self.status & _STATUS_INCOMPLETE)

    @property
    def vmcoreinfo(self) -> str:
        return self._data[self._vmcoreinfo_at : self._vmcoreinfo_at + self._vmcoreinfo_size].decode(
            "ascii", "replace"
        )

    @property
    def notes(self) -> bytes:
        return self._data[self._notes_at : self._notes_at + self._notes_size]

    def kept_pfns(self) -> list[int]:
        return set_bits(self.kept)

    def pages(self):
        """Yields (pfn, page) of every page in the file. Raises FormatError for one that cannot be unpacked."""
        for rank, pfn in enumerate(self.kept_pfns()):
            offset, size, flags, _ = _DESCRIPTOR.unpack_from(
                self._data, self._descriptors_at + rank * _DESCRIPTOR.size
            )
            if offset <= 0 or size > self.block_size or offset + size > len(self._data):
                raise FormatError(
                    f"page {pfn:#x}: descriptor {offset:#x}+{size} lies outside the file"
                )
            page = _unpack(self._data[offset : offset + size], flags, self.block_size)
            if len(page) != self.block_size:
                raise FormatError(f"page {pfn:#x}: {len(page)} bytes after unpacking")
            yield pfn, page


def set_bits(bitmap: bytes) -> list[int]:
    bits = []
    for index, byte in enumerate(bitmap):
        if byte:
            bits += [index * 8 + bit for bit in range(8) if byte >> bit & 1]
    return bits


def _unpack(data: bytes, flags: int, size: int) -> bytes:
    if flags == _RAW:
        return data
    if flags == _ZLIB:
        return zlib.decompress(data)
    if flags == _ZSTD:
        return _zstd(data, size)
    if flags == _LZO:
        return _lzo(data, size)
    raise FormatError(f"page flags {flags:#x}: no such codec here")


@functools.cache
def _library(name: str) -> ctypes.CDLL:
    found = ctypes.util.find_library(name)
    if not found:
        raise FormatError(f"lib{name} is not installed; run ./dev setup")
    return ctypes.CDLL(found)


def _zstd(data: bytes, size: int) -> bytes:
    library = _library("zstd")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(size)
    got = library.ZSTD_decompress(out, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data)))
    if got > size:
        raise FormatError("a zstd page does not unpack")
    return out.raw[:got]


def _lzo(data: bytes, size: int) -> bytes:
    out = ctypes.create_string_buffer(size)
    got = ctypes.c_size_t(size)
    if (
        _library("lzo2").lzo1x_decompress_safe(
            data, ctypes.c_size_t(len(data)), out, ctypes.byref(got), None
        )
        != 0
    ):
        raise FormatError("an lzo page does not unpack")
    return out.raw[: got.value]
