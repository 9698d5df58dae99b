# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks of a guest that Debian's systemd runs: a root and a /boot of its own, with the programs under test installed."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from vm.apt import Apt, FetchError, last_error
from vm.packages import cache_folder
from vm.progress import say
from vm.unified_image import unified_image

_PACKAGES = (
    "systemd systemd-sysv udev dbus kmod initramfs-tools linux-image-cloud-amd64 grub2-common grub-pc-bin busybox e2fsprogs "
    "login zstd libfmt9 libelf1 libarchive13 libssl3 libdeflate0 liblzo2-2 libsnappy1v5 libdw1 libnl-route-3-200 libfdt1 "
    "libssh-4"
).split()
_SUITE = "bookworm"
_AUTOLOGIN = """[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --noclear --keep-baud 115200 %I vt220
"""
_FSTAB = "LABEL=guestroot / ext4 defaults 0 1\nLABEL=guestboot /boot ext4 defaults 0 2\n"
_DEFAULT_KEXEC = """LOAD_KEXEC=false
KERNEL_IMAGE="/vmlinuz"
INITRD="/initrd.img"
APPEND=""
USE_GRUB_CONFIG=false
"""
# Timers and services that have nothing to do here and cost emulated seconds.
_MASKED = (
    "e2scrub_reap.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "fstrim.timer",
)


def base_tar(further: tuple[str, ...] = ()) -> pathlib.Path:
    """The installed packages, made once. Raises FetchError."""
    wanted = (*_PACKAGES, *further)
    name = hashlib.sha256(" ".join(wanted).encode()).hexdigest()[:12]
    path = cache_folder() / "systemd" / f"{_SUITE}-{name}.tar"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    apt = Apt(_SUITE, cache_folder())
    apt.update()
    say(f"systemd guest: installing Debian {_SUITE}, some minutes")
    unfinished = path.with_suffix(f".{os.getpid()}")  # of this run: others may be at it, too
    mode = "root" if os.geteuid() == 0 else "unshare"
    command = ["mmdebstrap", f"--mode={mode}", "--variant=minbase", "--format=tar"]
    command += [
        "--aptopt=Acquire::Check-Valid-Until false",
        "--aptopt=APT::Install-Recommends false",
    ]
    if further:  # when the kernel is there: kdump-tools need it in their hooks
        install = f"apt-get install --yes --no-install-recommends {' '.join(further)}"
        command += [f'--customize-hook=chroot "$1" env DEBIAN_FRONTEND=noninteractive {install}']
    command += [f"--include={','.join(_PACKAGES)}", _SUITE, str(unfinished), str(apt.sources)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        unfinished.unlink(missing_ok=True)
        raise FetchError(f"installing the systemd guest: {last_error(result.stderr)}")
    unfinished.rename(path)
    return path


class Disks:
    """root.img and boot.img in a folder, and what QEMU loads in the place of a boot loader."""

    def __init__(self, folder: pathlib.Path):
        self.root = folder / "root.img"
        self.boot = folder / "boot.img"
        self.kernel = folder / "vmlinuz"
        self.initrd = folder / "initrd.img"


def make_disks(programs: pathlib.Path, layout: str, folder: pathlib.Path) -> Disks:
    """`layout` of /boot: "debian" (initrd.img-*, room for a grub.cfg), "red_hat" (BLS entries, a grubenv and
    initramfs-*.img), "unified" (unified kernel images alone)."""
    disks = Disks(folder)
    with tempfile.TemporaryDirectory(prefix=".systemd-", dir=folder) as temporary:
        base = pathlib.Path(temporary)
        overlay = base / "overlay"
        _fill_overlay(overlay, programs)
        root = base / "root"
        root.mkdir()
        packed = base / "overlay.tar"
        _run(["tar", "--owner=0", "--group=0", "--format=gnu", "-C", overlay, "-cf", packed, "."])
        # Files of root and of others need a user namespace when an ordinary user makes the disks.
        inside = [] if os.geteuid() == 0 else ["mmdebstrap", "--unshare-helper"]
        _run([*inside, "tar", "-x", "--exclude=./dev/*", "-f", base_tar(), "-C", root])
        _run([*inside, "tar", "-x", "--keep-directory-symlink", "-f", packed, "-C", root])
        for target, pattern in ((disks.kernel, "vmlinuz-*"), (disks.initrd, "initrd.img-*")):
            shutil.copyfile(next((root / "boot").glob(pattern)), target)
        boot = root / "boot"
        if fill := {"red_hat": _fill_red_hat_boot, "unified": _fill_unified_boot}.get(layout):
            release = next(boot.glob("vmlinuz-*")).name.removeprefix("vmlinuz-")
            boot = base / "boot"
            fill(boot, root / "boot", release)
        _run([*inside, *_mke2fs("guestboot"), "-d", boot, disks.boot, "256M"])
        _run([*inside, "sh", "-c", 'rm -rf --one-file-system "$1"/boot/*', "sh", root])
        _run([*inside, *_mke2fs("guestroot"), "-d", root, disks.root, "1500M"])
        _run([*inside, "rm", "-rf", "--one-file-system", root])
    return disks


def _fill_overlay(overlay: pathlib.Path, programs: pathlib.Path) -> None:
    shutil.copytree(programs, overlay, symlinks=True)
    files = {
        "etc/fstab": _FSTAB,
        "etc/default/kexec": _DEFAULT_KEXEC,
        "etc/default/grub": 'GRUB_CMDLINE_LINUX="console=ttyS0 via=menu"\n',
    }
    fill_common(overlay, files)
    wants = overlay / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir()
    (wants / "kdump-fast-reboot.service").symlink_to(
        "/usr/lib/systemd/system/kdump-fast-reboot.service"
    )


def fill_common(overlay: pathlib.Path, files: dict[str, str]) -> None:
    """These files, and what every guest has: a shell on the serial line that logs itself in, and no idle work."""
    files = {
        "etc/systemd/system/serial-getty@ttyS0.service.d/autologin.conf": _AUTOLOGIN,
        "etc/hostname": "guest\n",
        **files,
    }
    for name, text in files.items():
        (overlay / name).parent.mkdir(parents=True, exist_ok=True)
        (overlay / name).write_text(text)
    for name in _MASKED:
        (overlay / "etc/systemd/system" / name).symlink_to("/dev/null")


def _fill_red_hat_boot(boot: pathlib.Path, debian: pathlib.Path, release: str) -> None:
    entries = boot / "loader/entries"
    entries.mkdir(parents=True)
    (boot / "grub2").mkdir()
    shutil.copyfile(debian / f"vmlinuz-{release}", boot / f"vmlinuz-{release}")
    shutil.copyfile(debian / f"initrd.img-{release}", boot / f"initramfs-{release}.img")
    for name, words in ((f"guest-{release}", "via=menu"), ("guest-0-once", "via=once")):
        (entries / f"{name}.conf").write_text(
            f"title Guest ({name})\nversion {release}\nlinux /vmlinuz-{release}\n"
            f"initrd /initramfs-{release}.img $tuned_initrd\noptions $kernelopts {words} rhgb quiet\n"
        )
    variables = (
        "# GRUB Environment Block\nkernelopts=root=LABEL=guestroot ro console=ttyS0 \n"
        f"saved_entry=guest-{release}\n"
    )
    (boot / "grub2/grubenv").write_text(variables.ljust(1024, "#"))


def _fill_unified_boot(boot: pathlib.Path, debian: pathlib.Path, release: str) -> None:
    images = boot / "EFI/Linux"
    images.mkdir(parents=True)
    (boot / "loader").mkdir()
    (boot / "loader/loader.conf").write_text("timeout 3\ndefault guest-menu*\n")
    for name in ("menu", "once"):
        words = f"root=LABEL=guestroot ro console=ttyS0 via={name} rhgb quiet"
        sections = {
            ".osrel": b'ID=guest\nPRETTY_NAME="Guest"\n',
            ".cmdline": words.encode(),
            ".uname": release.encode(),
            ".linux": (debian / f"vmlinuz-{release}").read_bytes(),
            ".initrd": (debian / f"initrd.img-{release}").read_bytes(),
        }
        (images / f"guest-{name}.efi").write_bytes(unified_image(sections))


def _mke2fs(label: str) -> list[str]:
    return ["mke2fs", "-q", "-F", "-t", "ext4", "-L", label]


def _run(command: list) -> None:
    words = [str(word) for word in command]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    if result.returncode:
        raise OSError(f"{' '.join(words[:4])}: {last_error(result.stderr)}")
