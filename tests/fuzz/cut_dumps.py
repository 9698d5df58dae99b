#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""cut_dumps.py COLLECTOR VMCORE READER... : a capture that is killed, or whose disk is full, at every hundredth of its way.

Runs as root, for the small file systems. READER is a command that opens a dump, named as its last argument, and ends
with 0 when it could; it must open every dump that has its headers, bitmaps and descriptors.
"""

import os
import random
import struct
import subprocess
import sys
import tempfile
import time

_INCOMPLETE = 8


def main() -> int:
    collector, vmcore, *reader = sys.argv[1:]
    outcomes: dict[str, int] = {}
    with tempfile.TemporaryDirectory(dir="/dev/shm") as base:
        folder, dump = f"{base}/mount", f"{base}/mount/dump"
        os.mkdir(folder)
        start = time.monotonic()
        command = [collector, "-q", "-f", "--threads", "2", vmcore, dump]
        subprocess.run(command, check=True)
        seconds, size = time.monotonic() - start, os.stat(dump).st_blocks * 512
        os.unlink(dump)
        for percent in range(1, 100):
            _count(
                outcomes,
                "full disk",
                _on_full_disk(command, dump, folder, size * percent // 100, reader),
            )
            _count(outcomes, "kill", _killed(command, dump, random.uniform(0, seconds), reader))
    for what, count in sorted(outcomes.items()):
        print(f"{count:4} {what}")
    return 1 if any("BAD" in what for what in outcomes) else 0


def _count(outcomes: dict[str, int], fault: str, outcome: str) -> None:
    outcomes[f"{fault}: {outcome}"] = outcomes.get(f"{fault}: {outcome}", 0) + 1


def _on_full_disk(command, dump: str, folder: str, room: int, reader) -> str:
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={max(4096, room & -4096)}", "tmpfs", folder],
        check=True,
    )
    try:
        code = subprocess.run(command, capture_output=True, check=False).returncode
        # Mapping a hole takes a page, which a full tmpfs does not have: the reader would die of its own file system.
        copy = f"{folder}.dump"
        if os.path.exists(dump):
            subprocess.run(["cp", "--sparse=always", dump, copy], check=True)
        try:
            return _judge(copy, code, reader)
        finally:
            if os.path.exists(copy):
                os.unlink(copy)
    finally:
        subprocess.run(["umount", folder], check=True)


def _killed(command, dump: str, after: float, reader) -> str:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(after)
        process.kill()
    try:
        return _judge(dump, process.returncode, reader)
    finally:
        if os.path.exists(dump):
            os.unlink(dump)


def _judge(dump: str, code: int, reader) -> str:
    if not os.path.exists(dump):
        return "no file yet" if code else "BAD: success without a file"
    with open(dump, "rb") as file:
        header = file.read(464)
    if not header.startswith(b"KDUMP   "):
        return "no header yet" if code else "BAD: success without a header"
    incomplete = struct.unpack_from("<I", header, 424)[0] & _INCOMPLETE
    if code == 0 and incomplete:
        return "BAD: success, but marked incomplete"
    state = "marked incomplete" if incomplete else "whole"
    if subprocess.run([*reader, dump], capture_output=True, check=False).returncode == 0:
        return f"{state}, the reader opens it"
    block_size, sub_header, bitmaps = struct.unpack_from("<iiI", header, 428)
    if incomplete and os.path.getsize(dump) <= (1 + sub_header + bitmaps) * block_size:
        return "marked incomplete, cut off before its page data"
    return f"{state}, the reader does not open it{'' if incomplete else ' BAD'}"


if __name__ == "__main__":
    sys.exit(main())
