# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of a dump when its source is damaged, its disk is full or its collector is killed, many times over,
with the memory of a real kernel that panicked."""

import dataclasses
import pathlib
import subprocess
import sys
import time

from vm import cases, guest_run
from vm.boot import Programs
from vm.fetcher import Fetcher
from vm.readers import Readers
from vm.result import Result

_FUZZ = pathlib.Path(__file__).parents[1] / "fuzz"


@dataclasses.dataclass(frozen=True)
class DamageCase:
    name: str
    series: str
    corruptions: int = 300
    full_only: bool = True

    def run(self, programs: Programs, fetcher: Fetcher, folder: pathlib.Path) -> Result:
        """Mounts small file systems, so it needs root."""
        start = time.monotonic()
        panic = cases.PanicCase(f"{self.name}-source", self.series, memory_mib=1024)
        result, evidence = guest_run.run_case(panic, programs, fetcher, folder)
        result = dataclasses.replace(result, case=self.name)
        if not result.passed:
            return result
        vmcore = evidence.folder / "reference.elf"
        reader: Readers = list(fetcher.readers().values())[-1]
        _run_script(
            "a full disk or a kill leaves a dump that opens or says that it is none",
            [_FUZZ / "cut_dumps.py", programs.collector, vmcore, *reader.opener()],
            result,
        )
        _run_script(
            "a damaged source gives a dump in ten seconds",
            [_FUZZ / "corrupt_vmcores.py", programs.collector, vmcore, str(self.corruptions)],
            result,
        )
        if result.passed:
            evidence.release_big_files()
        result.seconds = round(time.monotonic() - start, 1)
        return result


CASES = (DamageCase("6.12-damage", "6.12"),)


def _run_script(promise: str, command: list, result: Result) -> None:
    run = subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    said = "; ".join((run.stdout + run.stderr).strip().splitlines()[-8:])
    result.check(promise, run.returncode == 0, said)
    result.figures[promise] = said
