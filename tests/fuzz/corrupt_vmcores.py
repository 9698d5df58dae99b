#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""corrupt_vmcores.py COLLECTOR VMCORE [COUNT [SEED]]: captures a real vmcore with random damage, over and over.

The damage is done to VMCORE itself (give a copy) and undone afterwards: bytes, words and whole pages of the notes and
of the memory that holds data, with values that have a meaning there: zeros, ones, small numbers, pointers of the
kernel, words from elsewhere. Each capture must end within ten seconds, with a dump whose header says that it is whole.
"""

import os
import random
import struct
import subprocess
import sys
import tempfile

_DEADLINE = 10.0
_PAGE = 4096
_PT_LOAD = 1


def main() -> int:
    collector, vmcore = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    outcomes: dict[str, int] = {}
    with open(vmcore, "r+b", buffering=0) as file, tempfile.TemporaryDirectory(
        dir="/dev/shm"
    ) as folder:
        ranges = _data_ranges(file)
        for number in range(seed, seed + count):
            undo = _damage(file, ranges, random.Random(number))
            try:
                outcome = _capture(collector, vmcore, f"{folder}/dump")
            finally:
                for at, before in reversed(undo):
                    os.pwrite(file.fileno(), before, at)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            if outcome != "a dump":
                print(f"seed {number}: {outcome}", flush=True)
    print(", ".join(f"{number} times {outcome}" for outcome, number in sorted(outcomes.items())))
    return 0 if set(outcomes) == {"a dump"} else 1


def _data_ranges(file) -> list[tuple[int, int]]:
    """Where the file has data, behind its headers."""
    header = file.read(64)
    table, entries = (
        struct.unpack_from("<Q", header, 32)[0],
        struct.unpack_from("<H", header, 56)[0],
    )
    start, end = table + 56 * entries, os.fstat(file.fileno()).st_size
    ranges = []
    while start < end:
        try:
            data = os.lseek(file.fileno(), start, os.SEEK_DATA)
        except OSError:
            break
        start = os.lseek(file.fileno(), data, os.SEEK_HOLE)
        ranges.append((max(data, table + 56 * entries), start))
    return ranges


def _damage(file, ranges, rng: random.Random) -> list[tuple[int, bytes]]:
    undo = []

    def place() -> int:
        # The notes and the start of the first memory every fourth time: they are small and matter most.
        low, high = ranges[0] if rng.random() < 0.25 else rng.choice(ranges)
        return rng.randrange(low, min(high, low + 16384) if rng.random() < 0.25 else high)

    def write(at: int, data: bytes) -> None:
        at = max(at, ranges[0][0])  # the ELF headers are the fuzzers' business
        undo.append((at, os.pread(file.fileno(), len(data), at)))
        os.pwrite(file.fileno(), data[: len(undo[-1][1])], at)

    for _ in range(rng.choice((1, 10, 100, 1000))):
        at = place()
        kind = rng.randrange(6)
        if kind == 0:
            write(at, bytes([rng.randrange(256)]))
        elif kind == 1:
            write(
                at & ~7,
                struct.pack("<Q", rng.choice((0, 1, 2**64 - 1, 2**63, rng.getrandbits(64)))),
            )
        elif kind == 2:
            write(at & ~7, struct.pack("<Q", 0xFFFF888000000000 + rng.getrandbits(32)))
        elif kind == 3:
            write(at & ~7, os.pread(file.fileno(), 8, place() & ~7).ljust(8, b"\0"))
        elif kind == 4:
            write(
                at & -_PAGE if at > ranges[0][0] + _PAGE else at,
                rng.choice((b"\0", b"\xff", b"\x01")) * _PAGE,
            )
        else:
            write(at & ~63, rng.randbytes(64))
    return undo


def _capture(collector: str, vmcore: str, dump: str) -> str:
    try:
        result = subprocess.run(
            [collector, "-q", "-f", "--threads", "2", vmcore, dump],
            capture_output=True,
            timeout=_DEADLINE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "a hang"
    if result.returncode < 0:
        return f"signal {-result.returncode}"
    if result.returncode:
        return f"exit code {result.returncode}: {result.stderr.decode(errors='replace').strip()[-200:]}"
    with open(dump, "rb") as file:
        header = file.read(464)
    os.unlink(dump)
    incomplete = struct.unpack_from("<I", header, 424)[0] & 8
    return (
        "a dump"
        if header.startswith(b"KDUMP   ") and not incomplete
        else "a file that is no whole dump"
    )


if __name__ == "__main__":
    sys.exit(main())
