#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""cut_dumps.py COLLECTOR VMCORE READER... : a capture that is killed, whose disk is full, or whose output device fails, at
every hundredth of its way.

Runs as root, for the small file systems and the loop devices. READER is a command that opens a dump, named as its last argument, and ends
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
# The loop driver counts a request as written when its file has room for a part of it (drivers/block/loop.c, lo_complete_rq()):
# only what lies wholly behind the room is an error that a program can be told of. A request has at most 1280 KiB.
_LOOP_REQUEST = 1280 << 10


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
            _count(
                outcomes,
                "failing device",
                _on_failing_device(command, folder, size, size * percent // 100),
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


def _on_failing_device(command, folder: str, size: int, room: int) -> str:
    """A loop device over a file that cannot grow to its size: what is written past that comes back as EIO, at the
    write or at the sync."""
    room = min(room, size - 2 * _LOOP_REQUEST)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={max(65536, room & -4096)}", "tmpfs", folder],
        check=True,
    )
    backing, device = f"{folder}/backing", None
    try:
        with open(backing, "wb") as file:
            file.truncate(2 * size + (1 << 20) & -4096)
        losetup = ["losetup", "--find", "--show", backing]
        device = subprocess.run(losetup, check=True, capture_output=True, text=True).stdout.strip()
        command = [*command[:-1], device]
        code = subprocess.run(command, capture_output=True, check=False).returncode
        subprocess.run(["losetup", "--detach", device], check=True)
        device = None
        with open(backing, "rb") as file:
            header = file.read(464)
        if code == 0:
            verify = subprocess.run(
                [command[0], "verify", backing], capture_output=True, check=False
            )
            return (
                "whole" if verify.returncode == 0 else "BAD: success on a device that lost writes"
            )
        if not header.startswith(b"KDUMP   "):
            return "no header yet"
        incomplete = struct.unpack_from("<I", header, 424)[0] & _INCOMPLETE
        return "marked incomplete" if incomplete else "BAD: not marked incomplete"
    finally:
        if device:
            subprocess.run(["losetup", "--detach", device], check=False)
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
