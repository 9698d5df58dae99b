# SPDX-License-Identifier: GPL-2.0-or-later
"""An independent reader of an ELF vmcore: its physical ranges and what they hold."""

import mmap
import pathlib
import struct

from vm.reference import Segment

_PT_LOAD, _PT_NOTE = 1, 4
_PAGE = 4096
_EM_AARCH64 = 183
_EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
_PHDR = struct.Struct("<IIQQQQQQ")


class ElfVmcore:
    def __init__(self, path: pathlib.Path):
        with open(path, "rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        (headers_at,) = struct.unpack_from("<Q", self._data, 32)
        size, count = struct.unpack_from("<HH", self._data, 54)
        self._loads = []  # (physical start, end, offset)
        self._notes = b""
        for index in range(count):
            kind, _, offset, _, physical, in_file, _, _ = _PHDR.unpack_from(
                self._data, headers_at + index * size
            )
            if kind == _PT_NOTE:
                self._notes += self._data[offset : offset + in_file]
            if kind == _PT_LOAD and in_file:
                self._loads.append((physical, physical + in_file, offset))

    @property
    def segments(self) -> list[Segment]:
        return [Segment(start, end) for start, end, _ in sorted(self._loads)]

    def read(self, address: int, size: int) -> bytes:
        for start, end, offset in self._loads:
            if start <= address and address + size <= end:
                return self._data[offset + address - start : offset + address - start + size]
        return b""

    def write_arm64(self, out: pathlib.Path, linear_map: int) -> None:
        """The same memory in the layout of an arm64 kernel's own vmcore: makedumpfile finds no PT_LOAD in QEMU's."""
        headers, at = [], 2 * _PAGE + len(self._notes) & -_PAGE
        with open(out, "wb") as file:
            for start, end, offset in sorted(self._loads):
                size = end - start
                headers.append(
                    _PHDR.pack(_PT_LOAD, 7, at, linear_map + start, start, size, size, 0)
                )
                file.seek(at)
                file.write(memoryview(self._data)[offset : offset + size])
                at += size + _PAGE - 1 & -_PAGE
            identification = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
            sizes = (_EHDR.size, _PHDR.size, 1 + len(headers), 0, 0, 0)
            notes = len(self._notes)
            file.seek(0)
            file.write(_EHDR.pack(identification, 4, _EM_AARCH64, 1, 0, _EHDR.size, 0, 0, *sizes))
            file.write(_PHDR.pack(_PT_NOTE, 0, _PAGE, 0, 0, notes, notes, 0))
            file.write(b"".join(headers))
            file.seek(_PAGE)
            file.write(self._notes)
