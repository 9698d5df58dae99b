# SPDX-License-Identifier: GPL-2.0-or-later
"""The collector on the memory of a real arm64 kernel that panicked, dumped by QEMU, judged by drgn and makedumpfile."""

import dataclasses
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from vm import cpio, packages, pages
from vm.apt import FetchError
from vm.boot import Programs
from vm.elf_vmcore import ElfVmcore
from vm.fetcher import Fetcher
from vm.kdump_file import FormatError, KdumpFile
from vm.packages import Kernel
from vm.qmp import Qmp
from vm.readers import DrgnReport, ReaderError, Readers
from vm.result import Result

_INIT = pathlib.Path(__file__).parent / "guest" / "arm64_init.sh"
_PANIC_DEADLINE = 300.0
_PANICKED = re.compile(r"---\[ end Kernel panic")


@dataclasses.dataclass(frozen=True)
class Arm64Case:
    name: str
    series: str
    cpu: str  # QEMU's model
    linear_map: int  # where the kernel's linear mapping begins (Documentation/arch/arm64/memory.rst)
    # makedumpfile 1.7.8 refuses pages of 4 KiB with 52-bit addresses, even where the CPU has 48.
    makedumpfile_knows: bool = True
    full_only: bool = True

    def run(self, programs: Programs, fetcher: Fetcher, folder: pathlib.Path) -> Result:
        """The dumps stay when a check failed."""
        kernel = fetcher.kernel(self.series)
        readers = list(fetcher.readers().values())[-1]
        result = Result(self.name, str(folder))
        result.figures["kernel"] = kernel.release
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        start = time.monotonic()
        root = packages.arm64_root()
        (folder / "initramfs").write_bytes(_initramfs(kernel, root))
        whole = folder / "whole.elf"
        serial = _panic_and_dump(self.cpu, kernel, folder, whole)
        if result.check("QEMU dumped the panicked guest", whole.exists(), serial[-300:]):
            _judge(self, kernel, readers, root, programs.collector, whole, serial, result)
        result.seconds = round(time.monotonic() - start, 1)
        if result.passed:
            for path in folder.iterdir():
                if path.suffix != ".log":
                    path.unlink()
        return result


CASES = (
    Arm64Case("arm64-6.1-48bit", "6.1-arm64", "cortex-a72", 0xFFFF000000000000),
    Arm64Case(
        "arm64-6.12-48bit", "6.12-arm64", "cortex-a72", 0xFFF0000000000000, makedumpfile_knows=False
    ),
    Arm64Case(
        "arm64-6.12-52bit",
        "6.12-arm64",
        "max,pauth-impdef=on",
        0xFFF0000000000000,
        makedumpfile_knows=False,
    ),
)


def _judge(case, kernel, readers, root, collector, whole, serial, result: Result) -> None:
    output = whole.with_name("vmcore")
    collected = subprocess.run(
        [collector, "--level", "31", whole, output],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    said = " | ".join(collected.stderr.strip().splitlines()[-4:])
    if not result.check("kdump-collect filters it", collected.returncode == 0, said):
        return
    try:
        dump = KdumpFile(output)
    except (FormatError, OSError) as error:
        result.check("the dump is a kdump-compressed file", False, str(error))
        return
    result.check("dump level 31: no proof failed", dump.dump_level == 31, said)
    result.check("the header names the kernel", dump.utsname[2] == kernel.release)
    memory = ElfVmcore(whole)
    exists = pages.difference(dump.existing, pages.existing_bitmap(memory.segments))
    result.check("the first bitmap is the guest's RAM", not exists.unexplained, exists.text)
    wrong = pages.wrong_pages(dump, memory)
    result.check("every page holds what memory held", not wrong, "; ".join(wrong))
    _compare_with_makedumpfile(case, kernel, readers, root, dump, memory, whole, result)
    _compare_readings(readers, kernel, output, whole, serial, result)


def _compare_with_makedumpfile(
    case, kernel, readers, root, dump: KdumpFile, memory: ElfVmcore, whole, result: Result
) -> None:
    source, output = whole.with_name("rewritten.elf"), whole.with_name("vmcore-makedumpfile")
    memory.write_arm64(source, case.linear_map)
    kept = sum(byte.bit_count() for byte in dump.kept)
    existing = sum(byte.bit_count() for byte in dump.existing)
    result.check("something is left out, and not everything", 0 < kept < existing, str(kept))
    result.figures["pages_kept"] = kept
    try:
        Readers(root, ("qemu-aarch64-static",)).makedumpfile(["-d", "31", source, output])
    except ReaderError as error:
        result.figures["pages_makedumpfile"] = f"none: {error}"
        result.check("makedumpfile (arm64) filters it too", not case.makedumpfile_knows, str(error))
        return
    listed = readers.per_cpu_free(whole, kernel.vmlinux)
    explained = [pages.on_a_cpus_list(listed, dump.kept)]
    peer = pages.difference(dump.kept, KdumpFile(output).kept, explained)
    result.figures["pages_makedumpfile"] = peer.theirs
    result.check("the kept pages are makedumpfile's", not peer.unexplained, peer.text)


def _compare_readings(readers, kernel, output, whole, serial, result: Result) -> None:
    """drgn tells the same of the filtered and of the whole memory, and it is what happened."""
    reports: list[DrgnReport] = []
    for path in (output, whole):
        try:
            reports.append(readers.drgn(path, kernel.vmlinux))
        except ReaderError as error:
            result.check(f"drgn opens {path.name}", False, str(error))
            return
    ours, theirs = reports
    for field in dataclasses.fields(DrgnReport):
        same = getattr(ours, field.name) == getattr(theirs, field.name)
        result.check(f"drgn's {field.name}: as in the whole memory", same)
    pids = re.search(r"^@vm pids ([\d ]+)", serial, re.M)
    listed = {pid for pid, _ in ours.tasks}
    lost = {int(pid) for pid in pids[1].split()} - listed if pids else {0}
    result.check("drgn lists the guest's tasks", len(lost) <= 3, str(sorted(lost)))
    result.check("the panicking task has its name", ours.comm == "panic-trigger", ours.comm)
    result.check("its stack is unwound", "sysrq_handle_crash" in ours.frames, str(ours.frames[:8]))


def _initramfs(kernel: Kernel, root: pathlib.Path) -> bytes:
    module = next(kernel.modules.rglob("qemu_fw_cfg.ko*"), None)
    if module is None:
        raise FetchError(f"{kernel.release} has no module qemu_fw_cfg")
    data = module.read_bytes()
    if module.suffix == ".xz":
        data = lzma.decompress(data)
    busybox = next(p for p in (root / "usr/bin/busybox", root / "bin/busybox") if p.exists())
    entries = {
        "init": cpio.file(_INIT.read_bytes(), 0o755),
        "bin/busybox": cpio.file(busybox.read_bytes(), 0o755),
        "modules/qemu_fw_cfg.ko": cpio.file(data),
    }
    for name in ("proc", "sys", "dev", "tmp"):
        entries[name] = cpio.directory()
    return cpio.archive(entries)


def _panic_and_dump(cpu: str, kernel: Kernel, folder: pathlib.Path, out) -> str:
    """Boots, waits for the panic, has QEMU dump the memory. Returns what the serial line said."""
    serial = folder / "serial.log"
    # A socket's name must be short.
    with tempfile.TemporaryDirectory(prefix="qmp-") as short:
        control = f"{short}/qmp"
        command = ["qemu-system-aarch64", "-M", "virt", "-cpu", cpu, "-smp", "2", "-m", "512M"]
        command += ["-nodefaults", "-display", "none", "-serial", f"file:{serial}", "-no-reboot"]
        command += ["-kernel", str(kernel.vmlinuz), "-initrd", str(folder / "initramfs")]
        command += ["-append", "console=ttyAMA0", "-device", "vmcoreinfo"]
        command += ["-qmp", f"unix:{control},server=on,wait=off"]
        with (
            open(folder / "qemu.log", "wb") as log,
            subprocess.Popen(command, stdout=log, stderr=log) as process,
        ):
            try:
                deadline = time.monotonic() + _PANIC_DEADLINE
                while time.monotonic() < deadline and process.poll() is None:
                    time.sleep(0.5)
                    if serial.exists() and _PANICKED.search(serial.read_text(errors="replace")):
                        _dump(control, out)
                        break
            finally:
                process.kill()
    return serial.read_text(errors="replace") if serial.exists() else ""


def _dump(control: str, out: pathlib.Path) -> None:
    unfinished = f"{out}-incomplete"
    with Qmp(control) as qmp:
        qmp.command("stop")
        qmp.command("dump-guest-memory", paging=False, protocol=f"file:{unfinished}")
    os.rename(unfinished, out)
