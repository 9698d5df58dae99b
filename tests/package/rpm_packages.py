# SPDX-License-Identifier: GPL-2.0-or-later
"""The RPM packages under rpm."""

import pathlib
import subprocess

from package.life_cycle import Packages, edited_file_stays
from package.root_tree import RootTree
from vm.result import Result

_QUERY = "[%{FILEMODES:perms} %{FILEUSERNAME} %{FILEGROUPNAME} %{FILENAMES}\t%{FILELINKTOS}\t%{FILEFLAGS:fflags}\n]"


class RpmPackages(Packages):
    """`newer`: the same packages with a higher release."""

    name = "package-rpm"

    def __init__(self, rpms: list[pathlib.Path], newer: list[pathlib.Path]):
        self._rpms = rpms
        self._newer = newer

    def listing(self) -> dict[str, list[str]]:
        return {_query(rpm, "%{NAME}"): _lines(rpm) for rpm in self._rpms}

    def install(self, tree: RootTree) -> None:
        self._rpm(tree, "-i", self._rpms)

    def upgrade(self, tree: RootTree) -> None:
        self._rpm(tree, "-U", self._newer)

    def erase(self, tree: RootTree) -> None:
        tree.outside(["rpm", "--root", tree.folder, "-e", *self.listing()])

    def remove_kernel(self, tree: RootTree, version: str) -> None:
        hook = "/usr/lib/kernel/install.d/60-kdump.install"
        tree.inside(hook, "add", "6.1.0-10", "/boot/machine/6.1.0-10")
        tree.inside(hook, "remove", version, f"/boot/machine/{version}")

    def after_erase(self, tree: RootTree, result: Result) -> None:
        edited_file_stays(tree, "/etc/kdump.conf.rpmsave", result)
        wants = "/etc/systemd/system/multi-user.target.wants/kdump-fast-reboot.service"
        result.check(f"erased: {wants}", not tree.exists(wants))

    def _rpm(self, tree: RootTree, action: str, rpms: list[pathlib.Path]) -> None:
        # What the packages need is there, but as Debian packages, which rpm's database does not know.
        tree.outside(["rpm", "--root", tree.folder, "--nodeps", action, *rpms])


def _lines(rpm: pathlib.Path) -> list[str]:
    lines = []
    for row in _query(rpm, _QUERY).splitlines():
        words, link, flags = row.split("\t")
        if "/.build-id" in words:  # their names change with each build
            continue
        arrow = f" -> {link}" if link else ""
        mark = " (configuration)" if "c" in flags else ""
        lines.append(f"{words}{arrow}{mark}")
    return lines


def _query(rpm: pathlib.Path, form: str) -> str:
    command = ["rpm", "-qp", "--qf", form, str(rpm)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
