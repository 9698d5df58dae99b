# SPDX-License-Identifier: GPL-2.0-or-later
"""Dumps as input: makedumpfile's, filtered further by our collector, and ours, read by makedumpfile."""

import pathlib
import subprocess

from vm.kdump_file import FormatError, KdumpFile
from vm.readers import ReaderError, Readers
from vm.result import Result


def check_refiltering(
    kept: bytes,
    unfiltered: pathlib.Path,
    against_makedumpfile,
    readers: Readers,
    collector: pathlib.Path,
    folder: pathlib.Path,
    result: Result,
) -> None:
    """`kept`: the pages that the collector keeps of the unfiltered vmcore at level 31. `against_makedumpfile`: the
    difference of two bitmaps, the second one makedumpfile's."""
    theirs, ours, again = (folder / f"vmcore-{name}" for name in ("lzo", "refiltered", "again"))
    try:
        readers.makedumpfile(["-l", "-d", "1", unfiltered, theirs])
        if not _succeeds(
            "kdump-collect filters a dump of makedumpfile's, and reads it back",
            [collector, "--level", "31", "--verify", "--no-progress", theirs, ours],
            result,
        ):
            return
        same = against_makedumpfile(kept, KdumpFile(ours).kept)
        result.check("it keeps the same pages as of the vmcore", not same.unexplained, same.text)
        _succeeds(
            "what it wrote is the vmcore's, page for page",
            [collector, "verify", "--no-progress", "--source", unfiltered, ours],
            result,
        )
        readers.makedumpfile(["-z", "-d", "31", ours, again])
        back = against_makedumpfile(KdumpFile(ours).kept, KdumpFile(again).kept)
        result.check("makedumpfile reads what it wrote", not back.unexplained, back.text)
    except (ReaderError, FormatError, OSError) as error:
        result.check("makedumpfile's dumps and ours are each other's input", False, str(error))
    finally:
        for path in (theirs, ours, again):
            path.unlink(missing_ok=True)


def _succeeds(what: str, command: list, result: Result) -> bool:
    run = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, errors="replace", check=False
    )
    words = (run.stdout + run.stderr).strip().splitlines()[-3:]
    return result.check(what, run.returncode == 0, " | ".join(words))
