# SPDX-License-Identifier: GPL-2.0-or-later
"""Installs the packages that building, testing and checking need."""

import os
import shutil
import subprocess

from vm.progress import Ticker, say

HELP = "install every package that is needed and missing (apt-get or dnf)"

# Group -> (Debian packages, Fedora and RHEL packages).
_PACKAGES = {
    "build": (
        "build-essential cmake ninja-build pkg-config git libelf-dev libdw-dev libzstd-dev liblzo2-dev libsnappy-dev "
        "libdeflate-dev libfmt-dev libcli11-dev nlohmann-json3-dev libkmod-dev libmount-dev libblkid-dev libarchive-dev libssl-dev "
        "libnl-route-3-dev libssh-dev libfdt-dev openssh-server openssh-client libgtest-dev libgmock-dev zlib1g-dev",
        "gcc gcc-c++ cmake ninja-build pkgconf-pkg-config git elfutils-libelf-devel elfutils-devel libzstd-devel lzo-devel "
        "snappy-devel libdeflate-devel fmt-devel cli11-devel json-devel kmod-devel libmount-devel libblkid-devel "
        "libarchive-devel openssl-devel libnl3-devel libssh-devel libfdt-devel openssh-server openssh-clients gtest-devel gmock-devel zlib-devel",
    ),
    "vm": (
        "qemu-system-x86 nfs-kernel-server rpcbind open-iscsi tgt dmsetup lvm2 cryptsetup-bin keyutils flex bison bc libelf-dev mdadm xfsprogs btrfs-progs dosfstools fdisk ovmf mmdebstrap uidmap debian-archive-keyring e2fsprogs busybox-static kmod crash python3-drgn "
        "makedumpfile zstd xz-utils gzip",
        "qemu-system-x86-core nfs-utils rpcbind iscsi-initiator-utils scsi-target-utils device-mapper lvm2 cryptsetup keyutils flex bison bc elfutils-libelf-devel mdadm xfsprogs btrfs-progs dosfstools util-linux edk2-ovmf e2fsprogs busybox kmod glibc-static crash python3-drgn makedumpfile zstd xz gzip",
    ),
    "arm64": (
        "qemu-system-arm qemu-user-static qemu-efi-aarch64 g++-aarch64-linux-gnu",
        "qemu-system-aarch64-core qemu-user-static-aarch64 edk2-aarch64 gcc-c++-aarch64-linux-gnu",
    ),
    "rpm": (
        "rpm rpmlint debugedit elfutils",
        "rpm-build rpmlint cmake-rpm-macros systemd-rpm-macros",
    ),
    "deb": ("dpkg-dev lintian", "dpkg-dev"),
    "format": ("clang-format groff-base", "clang-tools-extra groff-base"),
    "tidy": ("clang-tidy", "clang-tools-extra"),
    "fuzz": ("clang", "clang compiler-rt"),
}


class SetupError(Exception):
    pass


def add_arguments(_parser) -> None:
    pass


def run(_arguments) -> int:
    if not ensure(*_PACKAGES):
        say("setup: every package is there")
    return 0


def ensure(*groups: str) -> bool:
    """Installs what is missing of these groups; False when nothing was. Raises SetupError."""
    debian = shutil.which("apt-get") is not None
    if not debian and not shutil.which("dnf"):
        raise SetupError(
            "this machine has neither apt-get nor dnf; see the package lists in tests/dev/setup.py"
        )
    wanted = sorted(
        {name for group in groups for name in _PACKAGES[group][0 if debian else 1].split()}
    )
    missing = _missing_debian(wanted) if debian else _missing_rpm(wanted)
    if not missing:
        return False
    say(f"setup: installing {len(missing)} packages: {' '.join(missing)}")
    if debian:
        _as_root(["apt-get", "-qq", "update"])
        _as_root(["apt-get", "-y", "install", "--no-install-recommends", *missing])
    else:
        _as_root(["dnf", "-y", "install", *missing])
    return True


def _missing_debian(wanted: list[str]) -> list[str]:
    listing = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    installed = {line.split()[0] for line in listing.splitlines() if line.endswith(" installed")}
    return [name for name in wanted if name not in installed]


def _missing_rpm(wanted: list[str]) -> list[str]:
    return [
        name
        for name in wanted
        if subprocess.run(
            ["rpm", "-q", "--whatprovides", name], capture_output=True, check=False
        ).returncode
    ]


def _as_root(command: list[str]) -> None:
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            raise SetupError(f"run as root: {' '.join(command)}")
        command = ["sudo", "--", *command]
    last = {"line": ""}
    output = []
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with (
        Ticker(lambda: f"setup: {last['line']}"),
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environment,
        ) as process,
    ):
        for line in process.stdout:
            output.append(line)
            last["line"] = line.strip()[:100]
    if process.returncode:
        raise SetupError(f"{' '.join(command)} failed:\n{''.join(output[-20:])}")
