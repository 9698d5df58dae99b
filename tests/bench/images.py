# SPDX-License-Identifier: GPL-2.0-or-later
"""Capture images for this host's targets, beside those that dracut and initramfs-tools make for them, in one run."""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from vm.progress import say

_PEER_PACKAGES = "dracut-core dracut-network initramfs-tools-core nfs-common makedumpfile zstd"
_UNPACK = {b"\x1f\x8b": ["gzip", "-dc"], b"\x28\xb5": ["zstd", "-dcq"], b"\xfd7": ["xz", "-dc"]}


class BenchError(Exception):
    """A builder fails; the text is its last line."""


@dataclasses.dataclass(frozen=True)
class Target:
    """A dump target, in the words of each builder; sizes in MiB and seconds that ours is to keep to."""

    name: str
    kdump_conf: str
    dracut: tuple[str, ...]
    initramfs_conf: str
    packed: float
    unpacked: float
    cpu: float = 1.5


@dataclasses.dataclass(frozen=True)
class Built:
    builder: str
    packed: int
    unpacked: int
    cpu: float
    wall: float


def targets(server: str) -> tuple[Target, ...]:
    """`server`: an address that a route leads to; nobody is asked there."""
    return (
        Target("local file system", "path /var/tmp\n", (), "", 5, 14),
        Target(
            "nfs",
            f"nfs {server}:/export\npath /\n",
            ("--add", "nfs", "--mount", f"{server}:/export /kdumproot nfs defaults"),
            "BOOT=nfs\n",
            9,
            25,
        ),
    )


def compare(target: Target, mkdumprd: list[str], kernel, rounds: int) -> list[Built]:
    """Ours first. Everything but mkdumprd is left out where it is not installed."""
    with tempfile.TemporaryDirectory(prefix="images-") as temporary:
        place = pathlib.Path(temporary)
        image = place / "image"
        (place / "kdump.conf").write_text(target.kdump_conf)
        own = [*mkdumprd, "--force", "--config", place / "kdump.conf"]
        out = [_best("mkdumprd", [*own, "--kver", kernel.release, image], image, kernel, rounds)]
        first = image.read_bytes()
        _run([*own, "--kver", kernel.release, image], kernel)
        same = "byte-identical" if image.read_bytes() == first else "NOT identical"
        say(f"images: {target.name}: built again, it is {same}")
        if shutil.which("dracut"):
            command = [
                *("dracut", "--force", "--quiet", "--hostonly", "--hostonly-mode", "strict"),
                *("--no-hostonly-default-device", "--no-early-microcode", "--zstd"),
                *("--install", "makedumpfile", *target.dracut),
                *(
                    ("--mount", f"{_root_device()} /kdumproot {_root_type()}")
                    if not target.dracut
                    else ()
                ),
                *("--kver", kernel.release, image),
            ]
            out.append(_best("dracut --hostonly", command, image, kernel, rounds))
        if shutil.which("mkinitramfs"):
            conf = place / "initramfs"
            shutil.copytree("/etc/initramfs-tools", conf)
            with open(conf / "initramfs.conf", "a") as file:
                file.write(f"MODULES=dep\nCOMPRESS=zstd\n{target.initramfs_conf}")
            _install_hook(conf / "hooks" / "makedumpfile")
            command = ["mkinitramfs", "-d", conf, "-o", image, kernel.release]
            out.append(_best("initramfs-tools MODULES=dep", command, image, kernel, rounds))
        return out


def table(target: Target, rows: list[Built]) -> str:
    lines = [
        "| builder | packed MiB | unpacked MiB | CPU s | wall s |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.builder} | {row.packed / 2**20:.1f} | {row.unpacked / 2**20:.1f} | {row.cpu:.2f} | {row.wall:.2f} |"
        for row in rows
    ]
    lines.append(
        f"| bound for ours | {target.packed:.1f} | {target.unpacked:.1f} | {target.cpu:.2f} | |"
    )
    return "\n".join(lines)


def missing_peers() -> str:
    """What to install for a comparison; "" when it is complete."""
    both = shutil.which("dracut") and shutil.which("mkinitramfs")
    return "" if both else f"apt-get install --no-install-recommends {_PEER_PACKAGES}"


def _best(builder: str, command: list, image: pathlib.Path, kernel, rounds: int) -> Built:
    best = None
    for _ in range(rounds):
        before, start = os.times(), time.monotonic()
        _run(command, kernel)
        after, wall = os.times(), time.monotonic() - start
        cpu = after.children_user + after.children_system
        cpu -= before.children_user + before.children_system
        size = image.stat().st_size
        if best is None or cpu < best.cpu:
            best = Built(builder, size, _unpacked_size(image), cpu, wall)
    say(f"images: {builder}: {best.packed / 2**20:.1f} MiB in {best.cpu:.2f} s of CPU")
    return best


def _run(command: list, kernel) -> None:
    """With the kernel's modules where a host has them, for this process alone."""
    pathlib.Path("/lib/modules").mkdir(exist_ok=True)
    script = 'mount -t tmpfs tmpfs /lib/modules && ln -s "$1" /lib/modules/ && shift && exec "$@"'
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", kernel.modules, *command],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["failed"])[-1]
        raise BenchError(f"{command[0]}: {last}")


def _unpacked_size(image: pathlib.Path) -> int:
    with open(image, "rb") as file:
        tool = _UNPACK.get(file.read(2))
    if tool is None:
        return image.stat().st_size
    return len(subprocess.run([*tool, image], capture_output=True, check=True).stdout)


def _install_hook(path: pathlib.Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        '#!/bin/sh\n[ "$1" = prereqs ] && exit 0\n. /usr/share/initramfs-tools/hook-functions\n'
        "copy_exec /usr/bin/makedumpfile\n"
    )
    path.chmod(0o755)


def _root(column: str) -> str:
    return subprocess.run(
        ["findmnt", "--noheadings", "--output", column, "/"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def _root_device() -> str:
    return _root("SOURCE")


def _root_type() -> str:
    return _root("FSTYPE")
