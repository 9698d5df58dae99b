# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes single files out of Debian packages without unpacking the rest."""

import contextlib
import pathlib
import re
import shutil
import subprocess
import tarfile

from vm.apt import FetchError


@contextlib.contextmanager
def _deb_members(deb: pathlib.Path):
    """The members of a package, streamed: debug packages are far larger unpacked than the one file wanted."""
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as members:
                yield members
        finally:
            process.kill()


def unpack_vmlinux(deb: pathlib.Path, into: pathlib.Path) -> None:
    with _deb_members(deb) as members:
        for member in members:
            if member.isfile() and re.fullmatch(
                r"vmlinux(-.*)?", pathlib.PurePath(member.name).name
            ):
                with open(into / "vmlinux", "wb") as out:
                    shutil.copyfileobj(members.extractfile(member), out, 1 << 20)
                return
    raise FetchError(f"{deb.name} holds no vmlinux")


def unpack_image(deb: pathlib.Path, into: pathlib.Path) -> None:
    with _deb_members(deb) as members:
        for member in members:
            name = member.name.removeprefix("./").removeprefix("usr/")
            if not member.isfile() or not re.match(r"(boot/(vmlinuz|config)-|lib/modules/)", name):
                continue
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(target, "wb") as out:
                shutil.copyfileobj(members.extractfile(member), out, 1 << 20)
