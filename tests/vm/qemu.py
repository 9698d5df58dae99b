# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of a virtual machine under QEMU's software emulation; each serial line is stamped as it arrives."""

import dataclasses
import os
import pathlib
import re
import selectors
import shutil
import subprocess
import tempfile
import time

from vm.qmp import Qmp

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
    # QEMU 7.2's emulation of cmpxchg16b corrupts flags; kernels without the feature do not use it.
    model: str = "max,-cx16"
    pluggable: bool = False  # room for one more CPU and for PLUGGED_MIB of memory

    @property
    def cpu(self) -> str:
        return self.model if self.five_level else f"{self.model},-la57"


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


# What a guest that says "@vm ask WORD" gets. Memory and CPUs that are plugged in become part of the machine.
PLUGGED_MIB = 256
_PLUGGED_BASE = 4 << 30  # of a guest without memory above 4 GiB (hw/i386/pc.c, device memory)


def plugged_range(machine: Machine) -> tuple[int, int]:
    """Physical addresses of memory that was plugged in."""
    assert machine.memory_mib << 20 <= _LOW_MEMORY_MAX
    return _PLUGGED_BASE, _PLUGGED_BASE + (PLUGGED_MIB << 20)


def _answer(word: str, machine: Machine, plugged: pathlib.Path, qmp: Qmp) -> None:
    if word == "nmi":
        qmp.command("inject-nmi")
    elif word == "cpu":
        place = {"socket-id": machine.cpus, "core-id": 0, "thread-id": 0}
        model, *without = machine.cpu.split(",-")
        features = {name: False for name in without}
        qmp.command("device_add", driver=f"{model}-x86_64-cpu", id="plugged", **place, **features)
    elif word == "unplug":
        qmp.command("device_del", id="path1")
    elif word == "memory":
        file = {"size": PLUGGED_MIB << 20, "mem-path": str(plugged), "share": True}
        qmp.command(
            "object-add", **{"qom-type": "memory-backend-file", "id": "plugged-ram", **file}
        )
        qmp.command("device_add", driver="pc-dimm", id="plugged-dimm", memdev="plugged-ram")
    else:
        raise ValueError(f"the guest asks for {word}")


def _flip_bit(ram: pathlib.Path, offset: int) -> None:
    with open(ram, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes((byte ^ 1,)))


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
    devices: tuple[str, ...] = (),
) -> Run:
    """Boots until the guest powers off or reboots (QEMU ends then), or until `deadline` seconds are over.

    `disks` are QEMU drive options, in the order vda, vdb, ...; `ram` receives the guest's memory. `on_line` is told
    each serial line as (seconds, text); when it returns True the machine is switched off.
    """
    ram.unlink(missing_ok=True)
    control = tempfile.mkdtemp(prefix="qmp-")  # a socket's name must be short
    plugged = ram.with_name("plugged")
    sockets = machine.cpus + (1 if machine.pluggable else 0)
    command = [
        "qemu-system-x86_64",
        "-nodefaults",
        "-no-user-config",
        "-accel",
        "tcg,thread=multi",
        "-cpu",
        machine.cpu,
        "-smp",
        f"{machine.cpus},sockets={sockets},cores=1,threads=1,maxcpus={sockets}",
        "-m",
        f"{machine.memory_mib}M"
        + (f",slots=1,maxmem={machine.memory_mib + PLUGGED_MIB}M" if machine.pluggable else ""),
        "-qmp",
        f"unix:{control}/qmp,server=on,wait=off",
        "-machine",
        "pc,memory-backend=ram0",
        "-object",
        f"memory-backend-file,id=ram0,size={machine.memory_mib}M,mem-path={ram},share=on",
        "-display",
        "none",
        "-serial",
        "stdio",
        "-no-reboot",
        "-nic",
        "none",
        *devices,
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
        command += ["-bios", firmware()]

    def on_each(at: float, text: str) -> bool:
        if flip := re.match(r"@vm ask flip (\d+)", text):
            _flip_bit(ram, ram_offset(machine, int(flip[1])))
        elif asked := re.match(r"@vm ask (\w+)", text):
            with Qmp(f"{control}/qmp") as qmp:
                _answer(asked[1], machine, plugged, qmp)
        return bool(on_line and on_line(at, text))

    try:
        return watch(command, log, deadline, on_each)
    finally:
        shutil.rmtree(control)


def firmware() -> str:
    for path in _FIRMWARE:
        if os.path.exists(path):
            return path
    raise FileNotFoundError("no OVMF firmware; run ./dev setup")


def watch(command: list[str], log: pathlib.Path, deadline: float, on_line) -> Run:
    """Runs QEMU, whose standard output is the guest's serial line."""
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
                if on_line(now, text):
                    process.kill()
            record.flush()
            if not data:
                break
    return Run(lines, time.monotonic() - start, timed_out, process.returncode)
