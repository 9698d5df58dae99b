# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of a virtual machine under QEMU's software emulation; each serial line is stamped as it arrives."""

import dataclasses
import os
import pathlib
import re
import selectors
import subprocess
import time

# OVMF under its Debian and its Fedora names.
_FIRMWARE = (
    "/usr/share/ovmf/OVMF.fd",
    "/usr/share/edk2/ovmf/OVMF_CODE.fd",
    "/usr/share/OVMF/OVMF_CODE.fd",
)
# The PC machine moves what would lie between here and 4 GiB above 4 GiB (hw/i386/pc_piix.c).
_LOW_MEMORY_MAX = 0xE0000000
_LOW_MEMORY_SPLIT = 0xC0000000
_TERMINAL_CODES = re.compile(r"\x1b(\[[0-9;?=]*[A-Za-z]|[()][A-Z0-9]|c)")


@dataclasses.dataclass(frozen=True)
class Machine:
    memory_mib: int
    five_level: bool
    uefi: bool
    cpus: int = 2


@dataclasses.dataclass(frozen=True)
class Run:
    lines: list[tuple[float, str]]  # (seconds since power-on, text)
    seconds: float
    timed_out: bool
    exit_code: int

    def when(self, pattern: str, after: float = 0.0) -> float | None:
        """The arrival of the first line that matches."""
        return next(
            (at for at, text in self.lines if at >= after and re.search(pattern, text)), None
        )


def ram_offset(machine: Machine, address: int) -> int:
    """Where a physical address lies in the file that backs the guest's RAM."""
    size = machine.memory_mib << 20
    low = _LOW_MEMORY_SPLIT if size > _LOW_MEMORY_MAX else size
    return address if address < low else address - (4 << 30) + low


def run(
    machine: Machine,
    kernel: pathlib.Path,
    initramfs: pathlib.Path,
    cmdline: str,
    disks: list[str],
    ram: pathlib.Path,
    log: pathlib.Path,
    deadline: float,
    on_line=None,
    network: tuple[str, ...] = (),
) -> Run:
    """Boots until the guest powers off or reboots (QEMU ends then), or until `deadline` seconds are over.

    `disks` are QEMU drive options, in the order vda, vdb, ...; `ram` receives the guest's memory. `on_line` is told
    each serial line as (seconds, text); when it returns True the machine is switched off.
    """
    ram.unlink(missing_ok=True)
    # QEMU 7.2's emulation of cmpxchg16b corrupts flags; kernels without the feature do not use it.
    model = "max,-cx16" + ("" if machine.five_level else ",-la57")
    command = [
        "qemu-system-x86_64",
        "-nodefaults",
        "-no-user-config",
        "-accel",
        "tcg,thread=multi",
        "-cpu",
        model,
        "-smp",
        str(machine.cpus),
        "-m",
        f"{machine.memory_mib}M",
        "-machine",
        "pc,memory-backend=ram0",
        "-object",
        f"memory-backend-file,id=ram0,size={machine.memory_mib}M,mem-path={ram},share=on",
        "-display",
        "none",
        "-serial",
        "stdio",
        "-no-reboot",
        *(network or ("-nic", "none")),
        "-kernel",
        str(kernel),
        "-initrd",
        str(initramfs),
        "-append",
        cmdline,
    ]
    for disk in disks:
        command += ["-drive", f"{disk},if=virtio,format=raw,cache=unsafe"]
    if machine.uefi:
        command += ["-bios", _firmware()]
    return _watch(command, log, deadline, on_line)


def _firmware() -> str:
    for path in _FIRMWARE:
        if os.path.exists(path):
            return path
    raise FileNotFoundError("no OVMF firmware; run ./dev setup")


def _watch(command: list[str], log: pathlib.Path, deadline: float, on_line) -> Run:
    start = time.monotonic()
    lines: list[tuple[float, str]] = []
    pending = b""
    timed_out = False
    with (
        open(log, "w", encoding="utf-8") as record,
        open(log.with_suffix(".qemu"), "w", encoding="utf-8") as errors,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        ) as process,
        selectors.DefaultSelector() as selector,
    ):
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            left = start + deadline - time.monotonic()
            if left <= 0:
                timed_out = True
                process.kill()
                break
            if not selector.select(left):
                continue
            data = os.read(process.stdout.fileno(), 65536)
            now = time.monotonic() - start
            *complete, pending = (pending + data).split(b"\n")
            for raw in complete if data else [pending]:
                text = _TERMINAL_CODES.sub("", raw.decode("utf-8", "replace")).strip("\r")
                lines.append((now, text))
                record.write(f"{now:8.2f} {text}\n")
                if on_line and on_line(now, text):
                    process.kill()
            record.flush()
            if not data:
                break
    return Run(lines, time.monotonic() - start, timed_out, process.returncode)
