# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian packages under dpkg."""

import pathlib
import subprocess

from package.life_cycle import Packages, edited_file_stays
from package.root_tree import RootTree
from vm.result import Result


_HOOK = "/etc/kernel/postrm.d/kdump-toolkit"


class DebPackages(Packages):
    name = "package-deb"

    def __init__(self, debs: list[pathlib.Path], folder: pathlib.Path):
        self._debs = debs
        self._newer = [_as_next_release(deb, folder) for deb in debs]

    def listing(self) -> dict[str, list[str]]:
        return {deb.name.partition("_")[0]: _lines(deb) for deb in self._debs}

    def install(self, tree: RootTree) -> None:
        tree.inside("dpkg", "-i", *tree.copy_in(self._debs))

    def upgrade(self, tree: RootTree) -> None:
        tree.inside("dpkg", "-i", "--force-confdef", *tree.copy_in(self._newer))

    def erase(self, tree: RootTree) -> None:
        tree.inside("dpkg", "--remove", *self.listing())

    def remove_kernel(self, tree: RootTree, version: str) -> None:
        tree.inside(_HOOK, version, f"/boot/vmlinuz-{version}")

    def after_erase(self, tree: RootTree, result: Result) -> None:
        edited_file_stays(tree, "/etc/kdump.conf", result)
        # The hook stays with the other configuration, and does no harm.
        self.remove_kernel(tree, "6.1.0-2")
        tree.write("/boot/initramfs-6.1.0-9-amd64kdump.img", "an image")
        tree.inside("dpkg", "--purge", *self.listing())
        for path in (
            "/etc/kdump.conf",
            "/etc/sysconfig/kdump",
            _HOOK,
            "/boot/initramfs-6.1.0-9-amd64kdump.img",
            "/etc/systemd/system/multi-user.target.wants/kdump.service",
            "/etc/systemd/system/kdump.service",
        ):
            result.check(f"purged: {path}", not tree.exists(path))


def _lines(deb: pathlib.Path) -> list[str]:
    configuration = (
        _output("dpkg-deb", "-I", str(deb), "conffiles").splitlines() if _has_conffiles(deb) else []
    )
    lines = []
    for row in _output("dpkg-deb", "-c", str(deb)).splitlines():
        mode, owner, _, _, _, name, *link = row.split()
        path = name.removeprefix(".").rstrip("/")
        mark = " (configuration)" if path in configuration else ""
        lines.append(f"{mode} {owner.replace('/', ' ')} {' '.join([path, *link])}{mark}")
    return lines


def _has_conffiles(deb: pathlib.Path) -> bool:
    return "conffiles" in _output("dpkg-deb", "-I", str(deb))


def _as_next_release(deb: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The same package with a higher version."""
    unpacked = folder / deb.stem
    subprocess.run(["dpkg-deb", "-R", deb, unpacked], check=True)
    control = unpacked / "DEBIAN" / "control"
    version = _output("dpkg-deb", "-f", str(deb), "Version").strip()
    control.write_text(control.read_text().replace(version, f"{version}.1"))
    newer = folder / deb.name.replace(version, f"{version}.1")
    _output("dpkg-deb", "--root-owner-group", "-b", str(unpacked), str(newer))
    return newer


def _output(*command: str) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
