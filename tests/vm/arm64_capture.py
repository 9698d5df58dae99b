# SPDX-License-Identifier: GPL-2.0-or-later
"""arm64 hosts: kdumpctl loads a panic kernel, the guest panics, and drgn reads what was captured."""

import dataclasses
import gzip
import os
import pathlib
import shutil
import struct
import time

from vm import boot, checks, cpio, disk, guest, packages, qemu
from vm.boot import Evidence, Programs
from vm.cases import PanicCase
from vm.fetcher import Fetcher
from vm.readers import ReaderError
from vm.result import Result
from vm.userland import Arm64Userland

_DEADLINE = 1200.0
_SYSCONFIG = pathlib.Path(__file__).parents[2] / "config" / "kdump.sysconfig.aarch64"
# EDK2 under its Debian and its Fedora names.
_FIRMWARE = ("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd", "/usr/share/edk2/aarch64/QEMU_EFI.fd")


def _as_it_is(image: bytes) -> bytes:
    return image


def _zboot(image: bytes) -> bytes:
    """An EFI zboot image without its EFI program (drivers/firmware/efi/libstub/zboot-header.S)."""
    payload = gzip.compress(image, 1)
    header = struct.pack("<4s4sIIQ32s", b"MZ", b"zimg", 0x400, len(payload), 0, b"gzip")
    return header.ljust(0x400, b"\0") + payload


@dataclasses.dataclass(frozen=True)
class Arm64CaptureCase:
    name: str
    series: str
    firmware: bool = False  # EFI with ACPI tables; else a device tree from QEMU
    memory_mib: int = 2048
    crashkernel: str = "crashkernel=256M"
    cpu: str = "cortex-a72"
    machine: str = "virt,gic-version=3"
    cpus: int = 2
    panicking_cpu: int = 0
    pack: callable = _as_it_is  # what the host's vmlinuz is
    kexec_args: str = "-s"  # as shipped; Debian's kernels have kexec_load alone
    full_only: bool = True

    def run(self, programs: Programs, fetcher: Fetcher, folder: pathlib.Path) -> Result:
        kernel = fetcher.kernel(self.series)
        result = Result(self.name, str(folder))
        result.figures |= {
            "kernel": kernel.release,
            "firmware": "UEFI" if self.firmware else "DT",
            "crashkernel": self.crashkernel.replace("crashkernel=", ""),
        }
        start = time.monotonic()
        evidence = self._boot(kernel, programs, folder)
        _judge(evidence, list(fetcher.readers().values())[-1], programs, result)
        result.seconds = round(time.monotonic() - start, 1)
        if result.passed:
            evidence.release_big_files()
        return result

    @property
    def panic(self) -> PanicCase:
        return PanicCase(
            self.name,
            self.series,
            crashkernel=self.crashkernel,
            memory_mib=self.memory_mib,
            cpu=self.panicking_cpu,
            cpus=self.cpus,
            syscall="kexec_load",
            kexec_args=self.kexec_args,
        )

    def _boot(self, kernel, programs: Programs, folder: pathlib.Path) -> Evidence:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        userland = Arm64Userland(packages.arm64_build_root())
        root = guest.root_disk(kernel, programs.arm64, None, programs.disks, userland)
        files = {
            "run.sh": cpio.file("mv /case/vmlinuz /boot/vmlinuz-$(uname -r)\n" + self._script()),
            "vmlinuz": cpio.file(self.pack(kernel.vmlinuz.read_bytes())),
            "etc/kdump.conf": cpio.file(self.panic.kdump_conf),
            "etc/sysconfig/kdump": cpio.file(boot.sysconfig(self.panic, _SYSCONFIG)),
        }
        guest.boot_initramfs(kernel, files, folder / "initramfs", userland)
        guest.make_crash_disk(folder / "crash.img")
        guest.make_harness_disk(folder / "harness.img")
        run = qemu.watch(
            self._command(kernel, root, folder), folder / "serial.log", _DEADLINE, lambda *_: False
        )
        disk.extract(folder / "harness.img", folder / "harness")
        return Evidence(self.panic, kernel, run, folder)

    def _script(self) -> str:
        return "run plan kdumpctl plan --json\n" + boot.panic_script(self.panic)

    def _command(self, kernel, root: pathlib.Path, folder: pathlib.Path) -> list[str]:
        command = ["qemu-system-aarch64", "-nodefaults", "-no-user-config", "-no-reboot"]
        command += ["-accel", "tcg,thread=multi", "-M", self.machine, "-cpu", self.cpu]
        command += ["-smp", str(self.cpus), "-m", f"{self.memory_mib}M"]
        command += ["-display", "none", "-serial", "stdio", "-nic", "none"]
        command += ["-kernel", str(kernel.vmlinuz), "-initrd", str(folder / "initramfs")]
        words = f"console=ttyAMA0 root=/dev/vda rw panic=5 {self.crashkernel}"
        command += ["-append", words]
        if self.firmware:
            command += ["-bios", next(path for path in _FIRMWARE if os.path.exists(path))]
        disks = (f"file={root},snapshot=on", folder / "crash.img", folder / "harness.img")
        for image in disks:
            drive = image if isinstance(image, str) else f"file={image}"
            command += ["-drive", f"{drive},if=virtio,format=raw,cache=unsafe"]
        return command


def _judge(evidence: Evidence, readers, programs: Programs, result: Result) -> None:
    if not checks.check_armed(evidence, result) or not checks.check_capture_run(evidence, result):
        return
    folder = checks.find_dump(evidence, result)
    if folder is None:
        return
    checks.check_dmesg(folder, evidence, result)
    if checks.check_files(folder, evidence, result) is None:
        return
    try:
        report = readers.drgn(folder / "vmcore", evidence.kernel.vmlinux)
    except ReaderError as error:
        result.check("drgn opens the dump", False, str(error))
        return
    result.check("drgn names the kernel", report.release == evidence.kernel.release, report.release)
    result.check("the panicking task has its name", report.comm == "panic-trigger", report.comm)
    missing = [name for name in evidence.case.trigger.frames if name not in report.frames]
    result.check("its stack is unwound", not missing, str(report.frames[:12]))
    result.check("tasks are listed", len(report.tasks) > 20, str(len(report.tasks)))
    result.check("modules are listed", "virtio_blk" in report.modules, str(report.modules))


CASES = (
    Arm64CaptureCase("arm64-6.1-tree", "6.1-arm64"),
    Arm64CaptureCase(
        "arm64-6.1-acpi", "6.1-arm64", firmware=True, pack=_zboot, panicking_cpu=1, kexec_args="-c"
    ),
    Arm64CaptureCase(
        "arm64-6.12-tree-high-low",
        "6.12-arm64",
        memory_mib=6144,
        crashkernel="crashkernel=256M,high crashkernel=128M,low",
        pack=lambda image: gzip.compress(image, 1),
    ),
    Arm64CaptureCase(
        "arm64-6.12-acpi-el2",
        "6.12-arm64",
        firmware=True,
        cpu="max,pauth-impdef=on",
        machine="virt,gic-version=3,virtualization=on",
    ),
)
