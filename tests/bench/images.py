# SPDX-License-Identifier: GPL-2.0-or-later
"""Capture images of a Debian guest for its own targets, beside those that dracut and initramfs-tools make there."""

import dataclasses
import pathlib
import re
import shutil
import subprocess

from vm import service_guest
from vm.console import Console
from vm.kdump_service import wait_for_boot
from vm.packages import Kernel
from vm.progress import Ticker, say

SERIES = "6.1"
_PACKAGES = ("dracut-core", "dracut-network", "nfs-common", "makedumpfile", "iproute2")
_MEMORY_MIB = 2048
_LOGIN_DEADLINE = 600.0
_BUILD_DEADLINE = 1800.0
_PLACE = "/root/images"
_UNPACK = {
    b"\x1f\x8b": ["gzip", "-dc"],
    b"\x28\xb5": ["zstd", "-dcq"],
    b"\xfd7": ["xz", "-dc"],
    b"07": ["cat"],
}
# QEMU's user network; the server is never asked.
_SERVER = "10.0.2.2"
_NETWORK = (
    "nic=$(ls /sys/class/net | grep -vx lo); ip link set $nic up; "
    f"ip addr add 10.0.2.15/24 dev $nic; ip route add default via {_SERVER}"
)
_HOOK = """#!/bin/sh
[ "$1" = prereqs ] && exit 0
. /usr/share/initramfs-tools/hook-functions
copy_exec /usr/bin/makedumpfile
"""


class BenchError(Exception):
    """A builder fails; the text is what it said last."""


@dataclasses.dataclass(frozen=True)
class Target:
    """A dump target, in the words of each builder; sizes in MiB that ours is to keep to."""

    name: str
    kdump_conf: str
    dracut: str
    initramfs_conf: str
    packed: float
    unpacked: float


@dataclasses.dataclass(frozen=True)
class Built:
    builder: str
    target: Target
    packed: int
    unpacked: int
    cpu: float  # of the guest's emulated processors: for comparison in one run


TARGETS = (
    Target("ext4", "path /var/crash", "--mount '/dev/vda /kdumproot ext4'", "BOOT=local", 5, 14),
    Target(
        "nfs",
        f"nfs {_SERVER}:/export",
        f"--add nfs --mount '{_SERVER}:/export /kdumproot nfs defaults'",
        "BOOT=nfs",
        9,
        25,
    ),
)


def compare(
    debs: tuple[pathlib.Path, ...], kernel: Kernel, folder: pathlib.Path, rounds: int
) -> list[Built]:
    """Ours first, for each target. The guest's disk is removed. Raises BenchError, FetchError, CommandError."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    say("images: making a guest with dracut and initramfs-tools beside our packages")
    guest = service_guest.make(debs, kernel, folder, packages=_PACKAGES)
    command = guest.qemu("", _MEMORY_MIB)
    command += ["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net"]
    seconds = {}
    try:
        with Console(command, folder) as console:
            console.wait_for_login(_LOGIN_DEADLINE)
            wait_for_boot(console)
            _run(console, f"mkdir -p {_PLACE} /var/crash; {_NETWORK}")
            for target in TARGETS:
                for name, line in _commands(console, target, kernel.release):
                    seconds[target, name] = _build(console, target, name, line, rounds)
            console.send("systemctl poweroff")
            if not console.wait_for_end(300):
                raise BenchError("the guest does not power off, so that its images cannot be read")
        return [_judge(guest, folder, *key, cpu) for key, cpu in seconds.items()]
    finally:
        guest.remove()


def table(rows: list[Built]) -> str:
    lines = [
        "| target | builder | packed MiB | unpacked MiB | CPU s | packed, ours = 1 | CPU, ours = 1 |",
        "|---|---|---|---|---|---|---|",
    ]
    ours = {row.target: row for row in reversed(rows)}
    for row in rows:
        first = ours[row.target]
        lines.append(
            f"| {row.target.name} | {row.builder} | {row.packed / 2**20:.2f} | {row.unpacked / 2**20:.1f} | "
            f"{row.cpu:.1f} | {row.packed / first.packed:.1f} | {row.cpu / first.cpu:.1f} |"
        )
    lines += [
        f"| {target.name} | bound for ours | {target.packed} | {target.unpacked} | | | |"
        for target in ours
    ]
    return "\n".join(lines)


def _commands(console: Console, target: Target, release: str):
    """Each builder's command line without the image's name, which comes behind it."""
    conf = f"{_PLACE}/{target.name}"
    _run(console, f"echo '{target.kdump_conf}' > {conf}.conf")
    yield "mkdumprd", f"mkdumprd --force --config {conf}.conf --kver {release}"
    # As kdump-utils calls it, and with the collector that it takes in.
    yield "dracut --hostonly", (
        "dracut --force --quiet --hostonly --hostonly-cmdline --hostonly-i18n --hostonly-mode strict "
        "--no-hostonly-default-device --no-early-microcode --zstd --omit 'plymouth resume' "
        f"--install makedumpfile {target.dracut} --kver {release}"
    )
    _run(
        console,
        f"cp -r /etc/initramfs-tools {conf}.d && cat > {conf}.d/hooks/makedumpfile <<'END'\n{_HOOK}END\n"
        f"chmod 755 {conf}.d/hooks/makedumpfile; "
        f"printf 'MODULES=dep\\nCOMPRESS=zstd\\n{target.initramfs_conf}\\n' > {conf}.d/conf.d/bench",
    )
    yield "initramfs-tools MODULES=dep", (
        f"sh -c 'exec mkinitramfs -d {conf}.d -o \"$1\" {release}' sh"
    )


def _build(console: Console, target: Target, name: str, line: str, rounds: int) -> float:
    """The least CPU seconds. At least two rounds of ours, which leave two images."""
    best = 0.0
    for number in range(1, (max(rounds, 2) if name == "mkdumprd" else rounds) + 1):
        image = _image(target, name, min(number, 2))
        with Ticker(lambda: f"images: {target.name}: {name} is at work", every=30):
            output = _run(
                console,
                f"TIMEFORMAT='@times %U %S'; {{ time {line} {image} > {_PLACE}/log 2>&1; }} 2>&1 || "
                f"{{ tail -n 5 {_PLACE}/log; false; }}",
                _BUILD_DEADLINE,
            )
        times = re.search(r"@times ([\d.]+) ([\d.]+)", output)
        cpu = float(times[1]) + float(times[2])
        best = min(best or cpu, cpu)
    say(f"images: {target.name}: {name}: {best:.1f} s of emulated CPU")
    return best


def _run(console: Console, command: str, timeout: float = 60) -> str:
    code, output = console.run(command, timeout)
    if code:
        raise BenchError(f"{command.split()[0]}: {output[-1500:]}")
    return output


def _image(target: Target, name: str, number: int) -> str:
    return f"{_PLACE}/{target.name}-{name.split()[0]}-{number}"


def _judge(
    guest: service_guest.ServiceGuest, folder: pathlib.Path, target: Target, name: str, cpu: float
) -> Built:
    """Looks at the image on the disk of the guest, which is off."""

    def fetch(number: int) -> pathlib.Path:
        image = folder / f"image-{number}"
        words = ["debugfs", "-R", f"dump {_image(target, name, number)} {image}", guest.disk]
        subprocess.run(words, check=True, capture_output=True)
        return image

    first = fetch(1)
    if name == "mkdumprd":
        same = fetch(2).read_bytes() == first.read_bytes()
        say(f"images: {target.name}: built twice it is {'' if same else 'NOT '}byte-identical")
    return Built(name, target, first.stat().st_size, _unpacked_size(first), cpu)


def _unpacked_size(image: pathlib.Path) -> int:
    with open(image, "rb") as file:
        tool = _UNPACK.get(file.read(2))
    if tool is None:
        raise BenchError(f"{image}: packed in an unknown way")
    return len(subprocess.run([*tool, image], capture_output=True, check=True).stdout)
