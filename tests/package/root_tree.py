# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian root in a folder, on which packages are installed for real."""

import os
import pathlib
import subprocess

# Root, or a user namespace in which an ordinary user is.
_AS_ROOT = [] if os.geteuid() == 0 else ["mmdebstrap", "--unshare-helper"]
_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "DEBIAN_FRONTEND": "noninteractive",
    "LC_ALL": "C.UTF-8",
}


class CommandError(Exception):
    pass


class RootTree:
    def __init__(self, folder: pathlib.Path):
        self.folder = folder

    @classmethod
    def unpacked(cls, folder: pathlib.Path, base_tar: pathlib.Path) -> "RootTree":
        tree = cls(folder)
        folder.mkdir(parents=True)
        tree.outside(["tar", "-x", "--exclude=./dev/*", "-f", base_tar, "-C", folder])
        # Scriptlets write to it, and there are no devices.
        tree.outside(["install", "-D", "-m", "666", "/dev/null", folder / "dev/null"])
        return tree

    def remove(self) -> None:
        self._run(["rm", "-rf", "--one-file-system", self.folder])

    def outside(self, command: list) -> str:
        """A program of this machine, as root; its output. Raises CommandError."""
        return self._run(command)

    def inside(self, *command: str) -> str:
        """A program of the tree. Raises CommandError."""
        return self._run(["chroot", self.folder, *command])

    def copy_in(self, files: list[pathlib.Path]) -> list[str]:
        """Their paths inside the tree."""
        self._run(["install", "-m", "644", "-t", self.folder / "tmp", *files])
        return [f"/tmp/{file.name}" for file in files]

    def describe(self, path: str) -> str:
        """'drwxr-xr-x root root /path', with ' -> target' for a link; '- /path' when there is none."""
        if not os.path.lexists(self.folder / path.lstrip("/")):
            return f"- {path}"
        line = self._run(
            ["find", self.folder / path.lstrip("/"), "-maxdepth", "0", "-printf", "%M %U %G\t%l"]
        )
        mode, _, target = line.partition("\t")
        owners = mode.replace(" 0 0", " root root")
        return f"{owners} {path}" + (f" -> {target}" if target else "")

    def read(self, path: str) -> str:
        return self._run(["cat", self.folder / path.lstrip("/")])

    def write(self, path: str, text: str) -> None:
        """Replaces the content; owner and mode stay."""
        self._run(["dd", "status=none", f"of={self.folder / path.lstrip('/')}"], text)

    def exists(self, path: str) -> bool:
        return os.path.lexists(self.folder / path.lstrip("/"))

    def _run(self, command: list, given: str = "") -> str:
        words = [*_AS_ROOT, *map(str, command)]
        result = subprocess.run(
            words, input=given, capture_output=True, text=True, check=False, env=_ENVIRONMENT
        )
        if result.returncode:
            raise CommandError(
                f"{' '.join(words[:6])}: {result.stdout[-1500:]}{result.stderr[-1500:]}"
            )
        return result.stdout
