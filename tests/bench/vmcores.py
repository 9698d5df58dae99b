# SPDX-License-Identifier: GPL-2.0-or-later
"""Sparse, unfiltered ELF vmcores of large guests: a real kernel, a real panic, made once and cached.

A guest's RAM is a sparse file, so that one of 100 GiB takes the disk space of what its kernel and its processes
ever wrote: the memmap, 1.6 GiB of it, and the workload.
"""

import dataclasses
import pathlib
import re
import shutil

from dev import build
from dev.tree import BUILD
from vm import guest, reference
from vm.boot import Programs, boot
from vm.cases import PanicCase
from vm.fetcher import Fetcher
from vm.packages import cache_folder
from vm.progress import say

SERIES = "6.12"
_CAPTURING = "kdump-agent: saving vmcore"


@dataclasses.dataclass(frozen=True)
class Machine:
    gib: int
    workload_mib: int

    @property
    def name(self) -> str:
        return f"{self.gib}g"


MACHINES = {
    machine.name: machine for machine in (Machine(2, 1000), Machine(8, 4000), Machine(100, 6000))
}


def vmcore(machine: Machine, fetcher: Fetcher) -> pathlib.Path:
    """Its vmcore, made when the cache has none. Raises FetchError, OSError."""
    kernel = fetcher.kernel(SERIES)
    folder = cache_folder() / "vmcores"
    path = folder / f"{kernel.release}-{machine.name}-{machine.workload_mib}.elf"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"*-{machine.name}-*.elf"):
            old.unlink()
        _make(machine, kernel, path)
    return path


def _make(machine: Machine, kernel, path: pathlib.Path) -> None:
    say(
        f"bench: panicking a guest of {machine.gib} GiB with Linux {kernel.release}, for its vmcore"
    )
    build.build("release", build.PROGRAMS)
    folder = BUILD / "bench"
    programs = Programs(folder / "installed", folder / "guest-programs", folder / "disks")
    guest.remove_root_disks(programs.disks)
    guest.install_programs(BUILD / "release", programs.root)
    guest.compile_programs(programs.guest)
    case = PanicCase(
        machine.name,
        SERIES,
        crashkernel="crashkernel=512M",
        memory_mib=machine.gib << 10,
        workload_mib=machine.workload_mib,
    )
    # The capture kernel leaves the memory of the crashed one as it is; its work is not needed here.
    evidence = boot(case, kernel, programs, folder / case.name, lambda _, line: _CAPTURING in line)
    if not evidence.run.when(re.escape(_CAPTURING)):
        raise OSError(f"the guest did not panic; see {evidence.folder / 'serial.log'}")
    unfinished = path.with_suffix(".unfinished")
    reference.write_elf_vmcore(evidence.memory(), evidence.harness, unfinished)
    unfinished.rename(path)
    shutil.rmtree(evidence.folder)
