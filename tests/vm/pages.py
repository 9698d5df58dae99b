# SPDX-License-Identifier: GPL-2.0-or-later
"""Which pages a dump keeps, against what makedumpfile keeps of the same memory, and that they hold what memory held."""

import dataclasses
import pathlib
from collections.abc import Callable, Sequence

from vm.kdump_file import FormatError, KdumpFile, set_bits
from vm.reference import Segment

_PAGE = 4096


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Why one of two filters keeps a page that the other leaves out, as a test of the page."""

    reason: str
    applies: Callable[[int], bool]


def partly_ram(segments: list[Segment]) -> Explanation:
    """makedumpfile takes such a page or leaves it out by how the other segments lie."""
    edges = {edge for segment in segments for edge in (segment.start, segment.end) if edge % _PAGE}
    partial = {edge // _PAGE for edge in edges}
    return Explanation("RAM fills it only partly", lambda pfn: pfn in partial)


def tail_of_kept(heads: dict[int, int], ours: bytes, theirs: bytes) -> Explanation:
    """A tail page belongs to its head. makedumpfile 1.7.8 does not know page.compound_info, which took the place
    of page.compound_head in 7.1: it takes what lies in a tail of a slab for the fields of an anonymous page.
    """

    def applies(pfn: int) -> bool:
        head = heads.get(pfn, pfn)
        return head != pfn and _kept(ours, pfn) and _kept(ours, head) and _kept(theirs, head)

    return Explanation("tail of a compound page that both keep, misread by makedumpfile", applies)


def on_a_cpus_list(listed: set[int], ours: bytes) -> Explanation:
    """Free pages that makedumpfile does not recognise."""
    return Explanation(
        "free, on a list of a CPU", lambda pfn: pfn in listed and not _kept(ours, pfn)
    )


def _kept(bitmap: bytes, pfn: int) -> bool:
    return pfn // 8 < len(bitmap) and bool(bitmap[pfn // 8] >> pfn % 8 & 1)


@dataclasses.dataclass(frozen=True)
class Difference:
    ours: int  # pages kept
    theirs: int
    explained: dict[str, list[int]]  # reason -> PFNs
    unexplained: list[int]

    @property
    def text(self) -> str:
        parts = [f"{len(pfns)} explained ({reason})" for reason, pfns in self.explained.items()]
        if self.unexplained:
            shown = " ".join(f"{pfn:#x}" for pfn in self.unexplained[:8])
            parts.append(f"{len(self.unexplained)} not explained, first {shown}")
        return ", ".join(parts) or "equal"


def difference(ours: bytes, theirs: bytes, explanations: Sequence[Explanation] = ()) -> Difference:
    """Of two bitmaps, LSB first."""
    size = max(len(ours), len(theirs))
    mine, other = (int.from_bytes(bitmap.ljust(size, b"\0"), "little") for bitmap in (ours, theirs))
    explained: dict[str, list[int]] = {}
    unexplained = []
    for pfn in set_bits((mine ^ other).to_bytes(size, "little")):
        reason = next((entry.reason for entry in explanations if entry.applies(pfn)), None)
        (explained.setdefault(reason, []) if reason else unexplained).append(pfn)
    return Difference(mine.bit_count(), other.bit_count(), explained, unexplained)


def existing_bitmap(segments: list[Segment]) -> bytes:
    """The first bitmap that a dump of these segments should have."""
    bits = 0
    for segment in segments:
        first, end = segment.first_page // _PAGE, segment.end_page // _PAGE
        bits |= ((1 << end - first) - 1) << first
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def wrong_pages(dump: KdumpFile, memory) -> list[str]:
    """Each page of the dump that does not hold what memory holds (first few); `memory.read(address, size)` tells
    what that is."""
    problems = []
    try:
        for pfn, page in dump.pages():
            if page != memory.read(pfn * _PAGE, _PAGE):
                problems.append(f"page {pfn:#x} differs from memory")
                if len(problems) == 5:
                    break
    except FormatError as error:
        problems.append(str(error))
    return problems
