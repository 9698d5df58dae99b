# SPDX-License-Identifier: GPL-2.0-or-later
"""What the running kernel was said to hold, against /proc/meminfo at that time and the dump that came seconds later."""

import pathlib
import re

from vm.boot import Evidence
from vm.kdump_file import KdumpFile
from vm.result import Result

_PAGE_KIB = 4
# Pages on their way to a list have no mark that a filter knows, free ones on a CPU's list are not in MemFree; the
# guest's own programs come and go.
_SLACK_PAGES = 12000
_SLACK = 0.1
# Of the size: the pages that are tried are a few of each kind.
_SIZE_SLACK = 0.15
_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def check_estimate(
    dump_folder: pathlib.Path, dump: KdumpFile, evidence: Evidence, result: Result
) -> None:
    output = evidence.output_of("estimate")
    if not result.check(
        "kdump-collect --estimate ran on /proc/kcore",
        evidence.exit_of("estimate") == 0,
        output[-300:],
    ):
        return
    pages = {
        name.strip(): int(count)
        for name, count in re.findall(
            r"^(\S[a-z, ]*?) {2,}(\d+) +\S+ \S?i?B ", output, re.MULTILINE
        )
    }
    meminfo = {
        name: int(kib) // _PAGE_KIB
        for name, kib in re.findall(
            r"^(\w+): +(\d+) kB", (evidence.harness / "meminfo").read_text(), re.MULTILINE
        )
    }
    cache = pages.get("page cache", 0) + pages.get("cache, private data", 0)
    for what, counted, told in (
        ("free pages", pages.get("free", 0), meminfo["MemFree"]),
        ("user memory", pages.get("user memory", 0), meminfo["AnonPages"]),
        ("page cache", cache, meminfo["Cached"] + meminfo["Buffers"]),
    ):
        result.check(
            f"estimate: {what} as /proc/meminfo has it",
            abs(counted - told) <= told * _SLACK + _SLACK_PAGES,
            f"{counted} pages, /proc/meminfo says {told}",
        )
    total = sum(pages.values())
    exist = _set_bits(dump.existing)
    result.check(
        "estimate: as many pages as the dump knows",
        abs(total - exist) <= exist * 0.01,
        f"{total}, the dump has {exist}",
    )
    row = re.search(r"^ *31 .*?(\d+) +([0-9.]+) (\w+) +[0-9.]+ s$", output, re.MULTILINE)
    if not result.check("estimate: a row for level 31", row is not None, output[-300:]):
        return
    expected, size = int(row[1]), float(row[2]) * _UNITS[row[3]]
    dumped, actual = _set_bits(dump.kept), (dump_folder / "vmcore").stat().st_size
    result.figures["estimated_bytes"] = round(size)
    result.check(
        "estimate: pages of the dump",
        abs(expected - dumped) <= dumped * _SLACK + _SLACK_PAGES,
        f"{expected} pages, the dump has {dumped}",
    )
    # The pages in use differ by what ran meanwhile; what one of them takes does not.
    each, told = actual / dumped, size / expected
    result.check(
        "estimate: what a page takes in the dump",
        abs(told - each) <= each * _SIZE_SLACK,
        f"{told:.0f} bytes, in the dump {each:.0f}",
    )


def _set_bits(bitmap: bytes) -> int:
    return bin(int.from_bytes(bitmap, "little")).count("1")
