# SPDX-License-Identifier: GPL-2.0-or-later
"""The unfiltered ELF vmcore of a guest, made from the file that backed its RAM.

Nothing of our programs takes part: the memory is QEMU's, and what the ELF headers say comes from the panicked
kernel itself, recorded before the panic (/proc/iomem, /sys/kernel/vmcoreinfo, crash_notes, kallsyms). The
capture kernel runs in the reserved memory, which is left out, so the rest of the file is as the panic left it.
"""

import dataclasses
import os
import pathlib
import re
import struct

from vm.qemu import Machine, plugged_range, ram_offset

_PAGE = 4096
_FIRST_MIB = 1 << 20
_PT_LOAD, _PT_NOTE = 1, 4
_KERNEL_MAP = 0xFFFFFFFF80000000  # __START_KERNEL_map, arch/x86/include/asm/page_64_types.h
_EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
_PHDR = struct.Struct("<IIQQQQQQ")


@dataclasses.dataclass(frozen=True)
class Segment:
    """A range of RAM to the byte; in the vmcore it takes whole pages, as in /proc/vmcore."""

    start: int  # physical
    end: int

    @property
    def first_page(self) -> int:
        return self.start & -_PAGE

    @property
    def end_page(self) -> int:
        return self.end + _PAGE - 1 & -_PAGE


class Memory:
    """The guest's physical memory after its panic."""

    def __init__(self, machine: Machine, ram: pathlib.Path, plugged: pathlib.Path | None = None):
        """`plugged`: backs what was plugged in while the guest ran."""
        self._machine = machine
        self._ram = os.open(ram, os.O_RDONLY)
        self._plugged = os.open(plugged, os.O_RDONLY) if plugged else None

    def close(self) -> None:
        os.close(self._ram)
        if self._plugged is not None:
            os.close(self._plugged)

    def read(self, address: int, size: int) -> bytes:
        file, offset = self._place(address)
        return os.pread(file, size, offset)

    def copy_sparse(self, segment: Segment, out: int, at: int) -> None:
        """Copies what the guest ever touched; the rest stays a hole."""
        file, base = self._place(segment.first_page)
        position, end = base, base + segment.end_page - segment.first_page
        while position < end:
            try:
                position = os.lseek(file, position, os.SEEK_DATA)
            except OSError:  # ENXIO: no data up to the end of the file
                return
            stop = min(os.lseek(file, position, os.SEEK_HOLE), end)
            while position < stop:
                block = os.pread(file, min(1 << 22, stop - position), position)
                os.pwrite(out, block, at + position - base)
                position += len(block)

    def _place(self, address: int) -> tuple[int, int]:
        """The file that backs the address, and where in it."""
        if self._plugged is not None:
            start, end = plugged_range(self._machine)
            if start <= address < end:
                return self._plugged, address - start
        return self._ram, ram_offset(self._machine, address)


def ram_segments(iomem: str) -> list[Segment]:
    """System RAM without what is reserved for the capture kernel, and without the first MiB: the capture kernel
    starts there too, and a kernel with a crashkernel= keeps nothing in it (6f599d84231f)."""
    ram, reserved = [], [(0, _FIRST_MIB)]
    for line in iomem.splitlines():
        match = re.match(r"\s*([0-9a-f]+)-([0-9a-f]+) : (.*)", line)
        if match and match[3] == "System RAM":
            ram.append((int(match[1], 16), int(match[2], 16) + 1))
        elif match and match[3] == "Crash kernel":
            reserved.append((int(match[1], 16), int(match[2], 16) + 1))
    segments = []
    for start, end in ram:
        for hole_start, hole_end in sorted(reserved):
            if start < hole_start < end:
                segments.append((start, hole_start))
            if hole_start < end and start < hole_end:
                start = hole_end
        if start < end:
            segments.append((start, end))
    return [Segment(start, end) for start, end in segments]


def write_elf_vmcore(memory: Memory, facts: pathlib.Path, out: pathlib.Path) -> list[Segment]:
    """Returns the memory segments, and closes the memory. `facts` is the folder that the guest's facts() filled."""
    try:
        segments = ram_segments((facts / "iomem").read_text())
        cpu_notes, vmcoreinfo = _read_notes(memory, facts)
        notes = cpu_notes + vmcoreinfo
        physical_base = int(re.search(rb"NUMBER\(phys_base\)=(-?\d+)", vmcoreinfo)[1])
        direct_map, text = _kernel_mappings(memory, facts, physical_base)
        file = os.open(out, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
        try:
            _write(memory, segments, notes, direct_map, text, file)
        finally:
            os.close(file)
    finally:
        memory.close()
    return segments


def _read_notes(memory: Memory, facts: pathlib.Path) -> tuple[bytes, bytes]:
    cpu_notes = b""
    for line in (facts / "crash_notes").read_text().splitlines():
        address, size = line.split()
        cpu_notes += _used_notes(memory.read(int(address, 16), int(size, 0)))
    address, size = (facts / "vmcoreinfo").read_text().split()
    return cpu_notes, _used_notes(memory.read(int(address, 16), int(size, 16)))


def _used_notes(buffer: bytes) -> bytes:
    """A notes buffer ends with an empty note (kernel/crash_core.c, final_note)."""
    at = 0
    while at + 12 <= len(buffer):
        name_size, desc_size, _ = struct.unpack_from("<III", buffer, at)
        if name_size == 0:
            break
        at += 12 + (name_size + 3 & -4) + (desc_size + 3 & -4)
    return buffer[:at]


def _kernel_mappings(
    memory: Memory, facts: pathlib.Path, physical_base: int
) -> tuple[int, tuple[int, int, int]]:
    symbols = {}
    for line in (facts / "symbols").read_text().splitlines():
        address, _, name = line.split()
        symbols[name] = int(address, 16)

    def physical(virtual: int) -> int:
        return virtual - _KERNEL_MAP + physical_base

    (direct_map,) = struct.unpack("<Q", memory.read(physical(symbols["page_offset_base"]), 8))
    return direct_map, (
        symbols["_text"],
        physical(symbols["_text"]),
        symbols["_end"] - symbols["_text"] + _PAGE - 1 & -_PAGE,
    )


def _write(
    memory: Memory,
    segments: list[Segment],
    notes: bytes,
    direct_map: int,
    text: tuple[int, int, int],
    file: int,
) -> None:
    """The order that the kernel's own headers have: notes, the kernel's text mapping, memory."""
    count = 2 + len(segments)
    notes_at = _EHDR.size + count * _PHDR.size
    at = notes_at + len(notes) + _PAGE - 1 & -_PAGE
    loads, text_load = [], None
    virtual, physical, size = text
    for segment in segments:
        length = segment.end - segment.start
        offset = at + segment.start - segment.first_page
        loads.append(
            _PHDR.pack(
                _PT_LOAD, 7, offset, direct_map + segment.start, segment.start, length, length, 0
            )
        )
        if segment.start <= physical and physical + size <= segment.end:
            text_load = _PHDR.pack(
                _PT_LOAD, 7, offset + physical - segment.start, virtual, physical, size, size, 0
            )
        memory.copy_sparse(segment, file, at)
        at += segment.end_page - segment.first_page
    if text_load is None:
        raise ValueError("the kernel's text lies in no System RAM segment")
    identification = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header = _EHDR.pack(
        identification, 4, 62, 1, 0, _EHDR.size, 0, 0, _EHDR.size, _PHDR.size, count, 0, 0, 0
    )
    note_load = _PHDR.pack(_PT_NOTE, 0, notes_at, 0, 0, len(notes), len(notes), 0)
    os.pwrite(file, header + note_load + text_load + b"".join(loads) + notes, 0)
    os.ftruncate(file, at)
