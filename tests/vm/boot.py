# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a case's guest and brings home what it left: serial lines, facts, the crash disk's files, the RAM."""

import dataclasses
import pathlib
import platform
import re
import shutil

from vm import cpio, disk, guest, qemu
from vm.cases import CommandCase, PanicCase
from vm.packages import Kernel
from vm.reference import Memory
from vm.unified_image import unified_image

_DEADLINE = 600.0  # ten times what a case takes on two idle CPUs
_SYSCONFIG = pathlib.Path(__file__).parents[2] / "config" / f"kdump.sysconfig.{platform.machine()}"


@dataclasses.dataclass(frozen=True)
class Programs:
    """What is under test, and what the guests are made of."""

    root: pathlib.Path  # an installed tree (DESTDIR)
    guest: pathlib.Path  # a folder of small programs that only the guests need
    disks: pathlib.Path  # where root disks are kept
    debs: tuple[pathlib.Path, ...] = ()  # the same as Debian packages
    arm64: pathlib.Path | None = None  # the same for arm64, an installed tree

    @property
    def collector(self) -> pathlib.Path:
        return self.root / "usr/bin/kdump-collect"


@dataclasses.dataclass(frozen=True)
class Evidence:
    case: PanicCase | CommandCase
    kernel: Kernel
    run: qemu.Run
    folder: pathlib.Path

    @property
    def harness(self) -> pathlib.Path:
        return self.folder / "harness"

    @property
    def crash_disk(self) -> pathlib.Path:
        return self.folder / "crash.img"

    @property
    def crash_files(self) -> pathlib.Path:
        return self.folder / "crash"

    @property
    def ram(self) -> pathlib.Path:
        return self.folder / "ram"

    def memory(self) -> Memory:
        """What it held when the guest ended."""
        plugged = self.folder / "plugged"
        return Memory(self.case.machine, self.ram, plugged if plugged.exists() else None)

    def output_of(self, command: str) -> str:
        return "".join(
            path.read_text(errors="replace")
            for kind in ("out", "err")
            if (path := self.harness / f"{command}.{kind}").exists()
        )

    def exit_of(self, command: str) -> int | None:
        path = self.harness / f"{command}.exit"
        return int(path.read_text()) if path.exists() else None

    def loaded_after(self, command: str) -> bool | None:
        path = self.harness / f"{command}.loaded"
        return path.read_text().strip() == "1" if path.exists() else None

    def release_big_files(self) -> None:
        """RAM and disks of a case that passed are of no further use."""
        for path in (
            self.ram,
            self.folder / "plugged",
            self.folder / "reference.elf",
            self.crash_disk,
            self.folder / "harness.img",
            self.folder / "initramfs",
        ):
            path.unlink(missing_ok=True)


def boot(
    case: PanicCase | CommandCase,
    kernel: Kernel,
    programs: Programs,
    folder: pathlib.Path,
    on_line=None,
) -> Evidence:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    root = guest.root_disk(kernel, programs.root, programs.guest, programs.disks)
    files = {
        "run.sh": cpio.file(
            panic_script(case) if isinstance(case, PanicCase) else _command_script(case)
        ),
        "etc/kdump.conf": cpio.file(case.kdump_conf),
        "etc/sysconfig/kdump": cpio.file(sysconfig(case)),
    }
    if isinstance(case, PanicCase) and case.unified:
        sections = {".osrel": b"ID=guest\n", ".linux": kernel.vmlinuz.read_bytes()}
        files["unified.efi"] = cpio.file(unified_image(sections))
    guest.boot_initramfs(kernel, files, folder / "initramfs")
    guest.make_crash_disk(folder / "crash.img")
    guest.make_harness_disk(folder / "harness.img")
    run = qemu.run(
        case.machine,
        kernel.vmlinuz,
        folder / "initramfs",
        # panic=: a panic that nothing captures ends the machine instead of keeping it to the deadline.
        # no_timer_check: an emulated timer that comes late on a busy machine is no broken IO-APIC.
        f"console=ttyS0 root=/dev/vda rw panic=5 no_timer_check {case.crashkernel} {case.cmdline}".strip(),
        [
            f"file={root},snapshot=on",
            f"file={folder / 'crash.img'}",
            f"file={folder / 'harness.img'}",
        ],
        folder / "ram",
        folder / "serial.log",
        _DEADLINE,
        on_line,
    )
    evidence = Evidence(case, kernel, run, folder)
    disk.extract(folder / "harness.img", evidence.harness)
    return evidence


def sysconfig(case: PanicCase | CommandCase, shipped: pathlib.Path = _SYSCONFIG) -> str:
    """As shipped, but for the system call and the words that a case wants."""
    text = shipped.read_text()
    if not isinstance(case, PanicCase):
        return text
    arguments = case.kexec_args or {"kexec_load": "-c", "kexec_file_load": "-s"}[case.syscall]
    text = text.replace('KEXEC_ARGS="-s"', f'KEXEC_ARGS="{arguments}"')
    append = 'KDUMP_COMMANDLINE_APPEND="'
    return text.replace(append, f"{append}{case.append} ") if case.append else text


def panic_script(case: PanicCase) -> str:
    workload = f"run workload workload {case.workload_mib}\n" if case.workload_mib else ""
    tell = "run plan kdumpctl plan --json\ndmesg >/harness/dmesg\n" if case.kernel_tells else ""
    plug = "".join(f"plug_{what}\n" for what in case.plugs)
    if case.reload:
        plug += "run reload kdumpctl reload\n"
    unified = (
        "mkdir -p /efi/EFI/Linux\n"
        "mv /case/unified.efi /efi/EFI/Linux/$(cat /etc/machine-id)-$(uname -r).efi\n"
        "rm /boot/vmlinuz-*\n"
    )
    # Padding of boot_params, which no kernel reads (_pad8, arch/x86/include/uapi/asm/bootparam.h).
    damage = (
        """start=$(sed -n '/"boot_params"/{n;s/[^0-9]//gp}' /run/kdump/armed.json)\n"""
        'echo "@vm ask flip $((start + 0xcd0))"\nsleep 2\n'
    )
    # What a dump would take, told before there is one.
    asked = re.search(r"^core_collector makedumpfile -([lz])", case.kdump_conf, re.MULTILINE)
    codec = {None: "", "l": " --codec lzo", "z": " --codec zstd:1"}[asked and asked[1]]
    estimate = f"cp /proc/meminfo /harness/meminfo\nrun estimate kdump-collect --estimate{codec}\n"
    return (
        f"mkdir -p /var/crash/{case.dump_folder}\n{unified if case.unified else ''}"
        "run start kdumpctl start\n"
        'if [ "$(cat /harness/start.exit)" = 0 ]; then\n'
        "run status kdumpctl status\n"
        f"{tell}{plug}facts\n{workload}{estimate if case.estimate else ''}"
        f"{damage if case.damaged else ''}{case.before_panic}"
        f"taskset {1 << case.cpu:x} panic-trigger {case.trigger.word}\n"
        "fi\n"
    )


def _command_script(case: CommandCase) -> str:
    return "".join(
        f"{step.prepare}\nrun {step.name} {step.command}\n{step.restore}\n" for step in case.steps
    )
