# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads that go wrong in every way: what is loaded afterwards, what is said of it, and that a panic still gives a dump."""

import dataclasses
import pathlib
import re
import time

from vm import boot, checks
from vm.boot import Evidence, Programs
from vm.cases import PanicCase
from vm.fetcher import Fetcher
from vm.readers import ReaderError
from vm.result import Result

_KERNEL = "/boot/vmlinuz-$(uname -r)"
_IMAGE = "/boot/initramfs-$(uname -r)kdump.img"


@dataclasses.dataclass(frozen=True)
class Fault:
    """Something that is wrong during one command; a panic kernel is loaded before and afterwards."""

    name: str
    prepare: str  # shell lines
    says: tuple[str, ...]  # regular expressions for the command's output
    command: str = "kdumpctl reload"
    exit_code: int = 1
    restore: str = ""  # shell lines
    loaded: bool = True  # directly after the command
    again: str = ""  # the command that loads it again, where it was lost

    def script(self) -> str:
        lines = [self.prepare, f"run {self.name} {self.command}", self.restore]
        if self.again:
            lines += [
                f"run {self.name}-status kdumpctl status",
                f"run {self.name}-again {self.again}",
            ]
        return "\n".join([*lines, f"run {self.name}-after kdumpctl status", ""])

    def check(self, evidence: Evidence, result: Result) -> None:
        output, code = evidence.output_of(self.name), evidence.exit_of(self.name)
        said = " | ".join(output.strip().splitlines()[-5:])
        result.check(
            f"{self.name}: exit code {self.exit_code}", code == self.exit_code, f"{code}: {said}"
        )
        missing = [pattern for pattern in self.says if not re.search(pattern, output)]
        result.check(f"{self.name}: says what is wrong", not missing, f"no {missing} in: {said}")
        loaded = evidence.loaded_after(self.name)
        result.check(
            f"{self.name}: {'still' if self.loaded else 'no longer'} loaded",
            loaded == self.loaded,
            str(loaded),
        )
        if self.again:
            lost = evidence.exit_of(f"{self.name}-status")
            result.check(f"{self.name}: kdumpctl status tells of the loss", lost == 3, str(lost))
            again = evidence.exit_of(f"{self.name}-again")
            result.check(f"{self.name}: {self.again} loads it again", again == 0, str(again))
        after = evidence.output_of(f"{self.name}-after")
        operational = (
            evidence.exit_of(f"{self.name}-after") == 0 and "Kdump is operational" in after
        )
        result.check(f"{self.name}: operational in the end", operational, after)


_STAYS = "The panic kernel that was loaded before stays loaded"

# In this order one guest can go through them; the last ones cannot be undone without a reboot.
FAULTS = (
    Fault(
        "truncated-kernel",
        f"mv {_KERNEL} /tmp/kernel; head -c 4000000 /tmp/kernel > {_KERNEL}",
        ("truncated", _STAYS),
        restore=f"mv /tmp/kernel {_KERNEL}",
    ),
    Fault(
        "another-file",
        f"mv {_KERNEL} /tmp/kernel; cp /bin/busybox {_KERNEL}",
        ("this is an ELF file", _STAYS),
        restore=f"mv /tmp/kernel {_KERNEL}",
    ),
    Fault(
        "damaged-image",
        f"mv {_IMAGE} /tmp/image; tr 0-9 5 < /etc/passwd > {_IMAGE}",
        ("neither a cpio archive nor compressed", _STAYS),
        restore=f"mv /tmp/image {_IMAGE}",
    ),
    Fault(
        "image-too-large",
        f"cp {_IMAGE} /tmp/image; dd if=/dev/zero bs=1M count=250 >> {_IMAGE} 2>/dev/null",
        (r"does not fit: it needs \d+ MiB", r"raise crashkernel= by \d+ MiB", _STAYS),
        restore=f"mv /tmp/image {_IMAGE}",
    ),
    Fault(
        "long-command-line",
        'sed -i "s/^KDUMP_COMMANDLINE_APPEND=\\"/&dyndbg=$(head -c 2100 /dev/zero | tr \'\\0\' x) /" /etc/sysconfig/kdump',
        ("the longest parameters are dyndbg=xxx", _STAYS),
        restore="cp /case/etc/sysconfig/kdump /etc/sysconfig/kdump",
    ),
    # The kernel frees what was loaded before it refuses such a file.
    Fault(
        "kernel-being-written",
        f"exec 9>>{_KERNEL}",
        ("open for writing", _STAYS),
        restore="exec 9>&-",
    ),
    Fault(
        "no-memory",
        "",
        ("not enough memory",),
        command="sh -c 'ulimit -v 60000; exec kdumpctl reload'",
    ),
    Fault(
        "full-disk",
        "mkdir -p /var/lib/kdump; mount -t tmpfs -o size=64k tmpfs /var/lib/kdump; "
        "dd if=/dev/zero of=/var/lib/kdump/full bs=1k count=64 2>/dev/null",
        (r"Starting kdump: \[OK\]",),
        exit_code=0,
        restore="umount /var/lib/kdump",
    ),
    Fault(
        "read-only-root",
        "sync; mount -o remount,ro /",
        (r"Starting kdump: \[OK\]",),
        exit_code=0,
        restore="mount -o remount,rw /",
    ),
    Fault(
        "killed",
        "for after in 0.1 0.3 0.5 0.8 1.2 1.7; do timeout -s KILL $after kdumpctl reload; done >/dev/null 2>&1",
        (r"Starting kdump: \[OK\]|already running",),
        command="kdumpctl start",
        exit_code=0,
    ),
    # A panic kernel that another program's failed load has freed.
    Fault(
        "lost-to-another-program",
        "",
        ("ended with a failure, as it should",),
        command="failing-load",
        exit_code=0,
        loaded=False,
        again="kdumpctl start",
    ),
    Fault(
        "load-limit",
        "echo 1 > /proc/sys/kernel/kexec_load_limit_panic; kdumpctl reload",
        ("kexec_load_limit_panic is used up", _STAYS),
    ),
    Fault(
        "load-disabled",
        "echo 1 > /proc/sys/kernel/kexec_load_disabled",
        ("kexec_load_disabled is set", _STAYS),
    ),
)


@dataclasses.dataclass(frozen=True)
class LoadFaultCase:
    """These faults in turn, then a panic."""

    name: str
    faults: tuple[Fault, ...]
    series: str = "6.12"  # load limits came with 6.3
    syscall: str = "kexec_file_load"
    full_only: bool = True

    def run(self, programs: Programs, fetcher: Fetcher, folder: pathlib.Path) -> Result:
        kernel = fetcher.kernel(self.series)
        result = Result(self.name, str(folder))
        result.figures["kernel"] = kernel.release
        start = time.monotonic()
        panic = PanicCase(
            self.name,
            self.series,
            syscall=self.syscall,
            before_panic="".join(fault.script() for fault in self.faults),
        )
        evidence = boot.boot(panic, kernel, programs, folder)
        checks.check_armed(evidence, result)
        for fault in self.faults:
            fault.check(evidence, result)
        if checks.check_capture_run(evidence, result):
            _open(evidence, list(fetcher.readers().values())[-1], result)
        result.seconds = round(time.monotonic() - start, 1)
        if result.passed:
            evidence.release_big_files()
        return result


def _open(evidence: Evidence, readers, result: Result) -> None:
    folder = checks.find_dump(evidence, result)
    if folder is None or checks.check_files(folder, evidence, result) is None:
        return
    try:
        report = readers.drgn(folder / "vmcore", evidence.kernel.vmlinux)
        result.check("drgn finds the panicking task", report.comm == "panic-trigger", report.comm)
    except ReaderError as error:
        result.check("drgn opens the dump", False, str(error))


def _only(name: str) -> tuple[Fault, ...]:
    return tuple(fault for fault in FAULTS if fault.name == name)


CASES = (
    LoadFaultCase("6.12-load-faults", FAULTS),
    # kexec_load is given what was read: whether a file is being written is no matter.
    LoadFaultCase(
        "6.12-load-faults-kexec_load",
        tuple(fault for fault in FAULTS if fault.name != "kernel-being-written"),
        syscall="kexec_load",
    ),
    *(
        LoadFaultCase(f"6.12-load-fault-{name}", _only(name))
        for name in ("kernel-being-written", "killed", "lost-to-another-program", "load-limit")
    ),
)
