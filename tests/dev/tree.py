# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things are in the working tree."""

import contextlib
import fcntl
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"


def sources(*patterns: str) -> list[pathlib.Path]:
    """Files that are, or are about to be, under version control; all of them in a tree without git."""
    if not (ROOT / ".git").exists():
        found = (path for pattern in patterns for path in ROOT.rglob(pattern))
        return sorted(path for path in found if not path.is_relative_to(BUILD))
    command = [
        "git",
        "-C",
        ROOT,
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        *patterns,
    ]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return sorted(path for name in listing.split("\0") if name and (path := ROOT / name).is_file())


@contextlib.contextmanager
def build_lock(waiting):
    """One verb at a time works in the build folder; `waiting` is called when another one is at it."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
