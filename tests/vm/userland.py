# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a guest's busybox and libraries come from: this machine, or an unpacked root of another architecture."""

import os
import pathlib
import re
import shutil
import subprocess


class HostUserland:
    @property
    def busybox(self) -> pathlib.Path:
        return pathlib.Path(shutil.which("busybox"))

    def applets(self) -> list[str]:
        return _output([self.busybox, "--list-full"]).split()

    def tools(self, names: tuple[str, ...]) -> list[pathlib.Path]:
        """Those of these programs that there are."""
        return [pathlib.Path(path) for name in names if (path := shutil.which(name))]

    def install_libraries(self, root: pathlib.Path, binaries: list[pathlib.Path]) -> None:
        """The libraries where this machine has them, and the loader's cache, so that the guest looks like an installed
        system."""
        for binary in binaries:
            listing = subprocess.run(
                ["ldd", binary], capture_output=True, text=True, check=False
            ).stdout
            for library in re.findall(r"(/\S+) \(0x", listing):
                # /lib/x can be /usr/lib/x: let the guest's own /lib link resolve it.
                _copy_once(pathlib.Path(library), root / library.lstrip("/"))
        # The libraries lie where they lie here, so this machine's cache is right for them.
        shutil.copy("/etc/ld.so.cache", root / "etc")


class Arm64Userland:
    def __init__(self, source: pathlib.Path):
        """`source`: a root with Debian's arm64 packages."""
        self._source = source

    @property
    def busybox(self) -> pathlib.Path:
        places = (self._source / "usr/bin/busybox", self._source / "bin/busybox")
        return next(path for path in places if path.exists())

    def applets(self) -> list[str]:
        return _output(["qemu-aarch64-static", self.busybox, "--list-full"]).split()

    def tools(self, _names: tuple[str, ...]) -> list[pathlib.Path]:
        return []

    def install_libraries(self, root: pathlib.Path, binaries: list[pathlib.Path]) -> None:
        wanted = {name for binary in binaries for name in _needed(binary)}
        done: set[str] = set()
        while wanted - done:
            name = min(wanted - done)
            done.add(name)
            library = self._find(name)
            # Where programs look for their interpreter.
            folder = "usr/lib" if name.startswith("ld-linux") else "usr/lib/aarch64-linux-gnu"
            _copy_once(library, root / folder / name)
            wanted |= set(_needed(library))
        # Debian's loader looks there by itself; mkdumprd reads the file.
        (root / "etc/ld.so.conf").write_text("/usr/lib/aarch64-linux-gnu\n")

    def _find(self, name: str) -> pathlib.Path:
        for folder in ("usr/lib/aarch64-linux-gnu", "lib/aarch64-linux-gnu"):
            if (self._source / folder / name).exists():
                return self._source / folder / name
        raise FileNotFoundError(f"{self._source} has no {name}")


def _needed(binary: pathlib.Path) -> list[str]:
    listing = subprocess.run(
        ["readelf", "-d", binary], capture_output=True, text=True, check=False
    ).stdout
    return re.findall(r"\(NEEDED\)\s.*\[(.*)\]", listing)


def _copy_once(library: pathlib.Path, target: pathlib.Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copy(os.path.realpath(library), target)


def _output(command: list) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
