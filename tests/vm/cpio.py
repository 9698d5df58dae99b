# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the `newc` archives that the kernel unpacks as an initramfs (Documentation/driver-api/early-userspace)."""

import dataclasses
import pathlib
import stat


@dataclasses.dataclass(frozen=True)
class Entry:
    mode: int
    data: bytes = b""


def directory() -> Entry:
    return Entry(stat.S_IFDIR | 0o755)


def file(data: bytes | str, mode: int = 0o644) -> Entry:
    return Entry(stat.S_IFREG | mode, data.encode() if isinstance(data, str) else data)


def archive(entries: dict[str, Entry]) -> bytes:
    """Parents are added by themselves; an archive may be appended to another one."""
    whole: dict[str, Entry] = {}
    for name in sorted(entries):
        for parent in reversed(pathlib.PurePosixPath(name).parents[:-1]):
            whole.setdefault(str(parent), directory())
        whole[name] = entries[name]
    whole["TRAILER!!!"] = Entry(0)
    return b"".join(
        _member(inode, name, entry) for inode, (name, entry) in enumerate(whole.items(), 1)
    )


def _member(inode: int, name: str, entry: Entry) -> bytes:
    path = name.encode() + b"\0"
    fields = (inode, entry.mode, 0, 0, 1, 0, len(entry.data), 0, 0, 0, 0, len(path), 0)
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    return _padded(header + path) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
