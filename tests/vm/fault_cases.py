# SPDX-License-Identifier: GPL-2.0-or-later
"""The collector dies, memory runs out, the target cannot be written, the power goes: what is left says so, and nothing
looks whole that is not."""

import contextlib
import dataclasses
import pathlib
import random
import shutil
import subprocess
import tempfile
import threading

from vm import disk
from vm.guest import CRASH_DISK_UUID
from vm.kdump_file import FormatError, KdumpFile
from vm.qmp import Qmp
from vm.result import Result
from vm.targets import SAVED, TO_CRASH_DISK, TargetCase, run_case, script

_FINAL = "kdump-agent: final action: reboot"
_HOOK = "kdump_pre /etc/kdump/fault\n"

# In the background: the agent waits for a hook, not for what it leaves running.
_KILLED = TargetCase(
    "collector-killed",
    kdump_conf=TO_CRASH_DISK + _HOOK,
    files=(
        (
            "kdump/fault",
            script(
                "(while ! ls /kdumproot/*/vmcore-incomplete; do sleep 0.1; done; "
                "kill -9 $(pidof kdump-collect)) >/dev/null 2>&1 &",
            ),
        ),
    ),
    console=(
        r"kdump-agent: saved vmcore-dmesg\.txt",
        "ERROR: cannot save vmcore: /usr/bin/kdump-collect failed: killed by signal 9",
        _FINAL,
    ),
    never=(SAVED,),
    left=(
        ("vmcore-dmesg.txt", "sysrq: Trigger a crash"),
        ("kexec-dmesg.log", "killed by signal 9"),
    ),
    dump="",
)

# Files in memory leave 16 MiB, and as soon as the collector writes, less and less of it: whoever has most is killed.
_OUT_OF_MEMORY = TargetCase(
    "out-of-memory",
    kdump_conf=TO_CRASH_DISK + _HOOK,
    files=(
        (
            "kdump/fault",
            script(
                "mkdir /run/fill; mount -t tmpfs -o size=100% tmpfs /run/fill",
                "available=$(sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo)",
                "dd if=/dev/zero of=/run/fill/0 bs=1024 count=$((available - 16384))",
                "(while ! ls /kdumproot/*/vmcore-incomplete; do sleep 0.1; done; i=1; while pidof kdump-collect; do "
                "dd if=/dev/zero of=/run/fill/$i bs=65536 count=64; i=$((i+1)); done) >/dev/null 2>&1 &",
            ),
        ),
    ),
    console=(
        r"kdump-agent: saved vmcore-dmesg\.txt",
        "ran out of memory",
        "reserve more with crashkernel=",
        _FINAL,
    ),
    never=(SAVED,),
    left=(("kexec-dmesg.log", "ran out of memory"),),
    dump="",
)

_READ_ONLY = TargetCase(
    "target-read-only",
    kdump_conf=TO_CRASH_DISK + "failure_action poweroff\n",
    prepare="on_panic='umount /var/crash; tune2fs -O read-only /dev/vdb; sync'",
    console=(
        "ERROR: the dump target is mounted read-only",
        "the last messages of the crashed kernel:",
        "kdump-agent: failure action: poweroff",
    ),
    never=(SAVED,),
    dump="",
)


# In the middle of the dump; the fallback target has a dump path, the first one has it at its root.
_REMOVED = TargetCase(
    "disk-removed",
    kdump_conf=f"path /dumps/crash\nfallback_target ext4 UUID={CRASH_DISK_UUID}\n" + _HOOK,
    disks=(("512",),),
    files=(
        (
            "kdump/fault",
            script(
                "[ -e /kdumproot-2/dumps ] && exit 0",
                "(while ! ls /kdumproot/crash/*/vmcore-incomplete; do sleep 0.05; done",
                "disk=$(sed -n 's,^/dev/\\(vd[a-z]*\\) /kdumproot .*,\\1,p' /proc/mounts)",
                "echo 1 >/sys/class/block/$disk/device/../remove) >/dev/null 2>&1 &",
            ),
        ),
    ),
    prepare="mkdir -p /dumps /var/crash/dumps/crash; mke2fs -j /dev/vdd; mount -t ext4 /dev/vdd /dumps; "
    "mkdir /dumps/crash",
    console=(
        "cannot save vmcore",
        "trying the next dump target",
        SAVED,
        _FINAL,
    ),
    never=("the dump target is full",),
    full_only=True,
)


# Nothing but the firmware's memory is left to say why.
_RECORD = dataclasses.replace(
    _READ_ONLY,
    name="failure-record-uefi",
    uefi=True,
    console=(
        "ERROR: the dump target is mounted read-only",
        "the reason is kept in an EFI variable",
        "kdump-agent: failure action: poweroff",
    ),
    full_only=True,
)


@dataclasses.dataclass(frozen=True)
class SpillCase(TargetCase):
    """No target took anything: the spill area has what the next boot makes files of."""

    def run(self, programs, fetcher, folder: pathlib.Path) -> Result:
        result = run_case(self, programs, fetcher, folder)

        def left(name: str) -> str:
            return "".join(
                path.read_text(errors="replace") for path in (folder / "harness").glob(name)
            )

        for name, pattern in (
            ("kdump-failure-*[0-9].txt", "ERROR: the dump target is mounted read-only"),
            ("kdump-failure-*-dmesg.txt", "Linux version"),
            ("kdump-failure-*-dmesg.txt", "sysrq: Trigger a crash"),
            ("import.err", "could save nothing: the dump target is mounted read-only"),
            ("last.out", "could save nothing: the dump target is mounted read-only"),
            ("again.err", "there is no dump to fetch"),
        ):
            text = left(name)
            result.check(f"{name} says: {pattern}", pattern in text, text[-300:])
        return result


_SPILL = SpillCase(
    "spill-area",
    kdump_conf=_READ_ONLY.kdump_conf + "spill_device /dev/vdd1 64K\n",
    disks=(("16", "sh", "-c", "echo type=linux | sfdisk -q --label gpt $0"),),
    prepare=_READ_ONLY.prepare,
    console=(
        "ERROR: the dump target is mounted read-only",
        "the reason and the messages are kept at the head of /dev/vdd1",
        "kdump-agent: failure action: poweroff",
    ),
    never=(SAVED, "is on this console only"),
    dump="",
    after="run import kdumpctl import; run again kdumpctl import; run last kdumpctl last; "
    "cp /var/crash/kdump-failure-* /harness/",
)


@dataclasses.dataclass(frozen=True)
class _PowerCuts:
    """While a dump is written, the machine is stopped at random moments and its disk copied: what the next boot would
    find had the power gone."""

    most: int

    @contextlib.contextmanager
    def running(self, _kernel, folder: pathlib.Path):
        shutil.rmtree(folder / "cuts", ignore_errors=True)
        (folder / "cuts").mkdir()
        (folder / "export").mkdir(exist_ok=True)
        stop = threading.Event()
        with tempfile.TemporaryDirectory(prefix="cut-") as place:  # a socket's name is short
            cutter = threading.Thread(target=self._cut, args=(f"{place}/qmp", folder, stop))
            cutter.start()
            try:
                yield ("-qmp", f"unix:{place}/qmp,server=on,wait=off")
            finally:
                stop.set()
                cutter.join()

    def _cut(self, control: str, folder: pathlib.Path, stop: threading.Event) -> None:
        log = folder / "serial.log"
        chance = random.Random(self.most)
        while not stop.wait(0.1):
            if log.exists() and "kdump-agent: saving vmcore\n" in log.read_text(errors="replace"):
                break
        for number in range(self.most):
            if stop.wait(chance.uniform(0.5, 3.0)):
                return
            # QEMU ends with the capture.
            with contextlib.suppress(OSError, EOFError, ValueError), Qmp(control) as qmp:
                qmp.command("stop")
                subprocess.run(
                    ["cp", "--sparse=always", folder / "crash.img", folder / f"cuts/{number}.img"],
                    check=True,
                )
                qmp.command("cont")


@dataclasses.dataclass(frozen=True)
class PowerCutCase(TargetCase):
    def run(self, programs, fetcher, folder: pathlib.Path) -> Result:
        result = run_case(self, programs, fetcher, folder)
        states: dict[str, int] = {}
        for cut in sorted((folder / "cuts").glob("*.img")):
            state = _judge(cut, result)
            states[state] = states.get(state, 0) + 1
            shutil.rmtree(cut.with_suffix(".files"), ignore_errors=True)
            cut.unlink()
        result.figures["cuts"] = states
        result.check(
            "the power was cut in the middle of a dump", "incomplete" in states, str(states)
        )
        return result


def _judge(cut: pathlib.Path, result: Result) -> str:
    """What the next boot finds: "nothing", "incomplete" or "whole"; checks that it is what it says."""
    files = cut.with_suffix(".files")
    disk.extract(cut, files)
    log = sorted(files.rglob("vmcore-dmesg.txt"))
    if log:
        text = log[0].read_text(errors="replace")
        result.check(f"cut {cut.stem}: vmcore-dmesg.txt is whole", "Trigger a crash" in text)
    for whole in files.rglob("vmcore"):
        try:
            dump = KdumpFile(whole)
            pages = sum(1 for _ in dump.pages())
            ok = not dump.incomplete and pages > 0
        except (FormatError, OSError, ValueError) as error:
            ok, pages = False, str(error)
        result.check(f"cut {cut.stem}: what is called vmcore is whole", ok, str(pages))
        return "whole"
    parts = sorted(files.rglob("vmcore-incomplete"))
    for part in parts:
        with contextlib.suppress(FormatError, ValueError, IndexError):
            dump = KdumpFile(part)
            result.check(
                f"cut {cut.stem}: vmcore-incomplete is marked so or was just finished",
                dump.incomplete or sum(1 for _ in dump.pages()) > 0,
            )
    return "incomplete" if parts else "nothing"


# Every page, packed slowly: the capture takes long enough for the file system to write its journal meanwhile.
_POWER_CUT = PowerCutCase(
    "power-cut",
    kdump_conf=TO_CRASH_DISK + "core_collector makedumpfile -c -d 0\n",
    server=_PowerCuts(12),
    full_only=True,
)

CASES = (_KILLED, _OUT_OF_MEMORY, _READ_ONLY, _REMOVED, _SPILL, _RECORD, _POWER_CUT)
