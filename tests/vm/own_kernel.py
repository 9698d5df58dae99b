# SPDX-License-Identifier: GPL-2.0-or-later
"""A small kernel of Debian's newest source with options that no Debian kernel has; compiling it takes minutes."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from vm.apt import Apt, FetchError
from vm.progress import say

_FRAGMENT = pathlib.Path(__file__).parent / "guest" / "dm-crypt.config"


def build(apt: Apt, kernels: pathlib.Path) -> pathlib.Path:
    """The kernel's folder below `kernels`, in the form of packages.py. Raises FetchError."""
    apt.update()
    sources = [name for name in apt.names() if name.startswith("linux-source-")]
    if not sources:
        raise FetchError(f"the suite {apt.suite} has no kernel source")
    package = max(sources, key=lambda name: [int(part) for part in name.split("-")[2].split(".")])
    with tempfile.TemporaryDirectory(prefix=".source-", dir=kernels) as temporary:
        place = pathlib.Path(temporary)
        say(f"{package}: fetching and compiling it with {_FRAGMENT.name}")
        (deb,) = apt.download([package], place)
        _run(["dpkg-deb", "-x", deb, place / "deb"])
        (archive,) = (place / "deb/usr/src").glob("linux-source-*.tar.xz")
        (place / "source").mkdir()
        _run(["tar", "-xf", archive, "-C", place / "source", "--strip-components=1"])
        return _compile(place / "source", place / "kernel", kernels)


def _compile(source: pathlib.Path, into: pathlib.Path, kernels: pathlib.Path) -> pathlib.Path:
    make = ["make", "-s", "-C", source]
    _run([*make, "tinyconfig"])
    _run(["scripts/kconfig/merge_config.sh", "-m", ".config", _FRAGMENT], cwd=source)
    _run([*make, "olddefconfig"])
    _run([*make, f"-j{os.cpu_count() or 1}", "bzImage", "modules"])
    release = _run([*make, "kernelrelease"]).strip()
    _run([*make, f"INSTALL_MOD_PATH={into}", "modules_install"])
    modules = into / "lib/modules" / release
    for link in ("build", "source"):
        (modules / link).unlink(missing_ok=True)
    shutil.copy(source / ".config", modules / "config")
    (into / "boot").mkdir()
    shutil.copy(source / "arch/x86/boot/bzImage", into / f"boot/vmlinuz-{release}")
    shutil.move(source / "vmlinux", into / "vmlinux")
    folder = kernels / release
    into.rename(folder)
    return folder


def _run(command: list, **options) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["failed"])[-1]
        raise FetchError(f"{command[0]}: {last}")
    return result.stdout
