# SPDX-License-Identifier: GPL-2.0-or-later
"""The disk of a Debian guest on which kdump is a package: ours, or Debian's kdump-tools to compare with."""

import pathlib
import shutil
import subprocess
import tempfile

from package.root_tree import RootTree
from vm import systemd_guest
from vm.packages import Kernel

_LABEL = "guestroot"
_DISK_MIB = 2500
_KDUMP_TOOLS = ("kdump-tools", "makedumpfile", "procps")


class ServiceGuest:
    """root.img in a folder, and what QEMU loads in the place of a boot loader."""

    def __init__(self, folder: pathlib.Path):
        self.disk = folder / "root.img"
        self.kernel = folder / "vmlinuz"
        self.initrd = folder / "initrd.img"
        self.folder = folder

    def with_kernel(self, kernel: Kernel) -> "ServiceGuest":
        """The same disk, started with one of the further kernels."""
        other = ServiceGuest(self.folder)
        other.kernel = self.folder / f"vmlinuz-{kernel.release}"
        other.initrd = self.folder / f"initrd-{kernel.release}"
        return other

    def qemu(self, crashkernel: str, memory_mib: int) -> list[str]:
        command = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none"]
        command += ["-accel", "tcg,thread=multi", "-cpu", "max,-cx16,-la57", "-smp", "2"]
        command += ["-m", f"{memory_mib}M", "-serial", "stdio", "-nic", "none"]
        command += ["-kernel", str(self.kernel), "-initrd", str(self.initrd)]
        command += ["-append", f"console=ttyS0 root=LABEL={_LABEL} ro {crashkernel}"]
        return command + ["-drive", f"file={self.disk},if=virtio,format=raw,cache=unsafe"]

    def remove(self) -> None:
        for path in (self.disk, self.kernel, self.initrd):
            path.unlink(missing_ok=True)


def make(
    debs: tuple[pathlib.Path, ...],
    kernel: Kernel,
    folder: pathlib.Path,
    further: tuple[Kernel, ...] = (),
    packages: tuple[str, ...] = (),
) -> ServiceGuest:
    """With these packages, their service disabled; without any, with kdump-tools. The further kernels and Debian's own
    packages of those names are installed too. Raises FetchError, CommandError."""
    guest = ServiceGuest(folder)
    with tempfile.TemporaryDirectory(prefix=".service-", dir=folder) as temporary:
        base = pathlib.Path(temporary)
        tar = systemd_guest.base_tar(packages if debs else _KDUMP_TOOLS)
        tree = RootTree.unpacked(base / "root", tar)
        try:
            _add_host_files(tree, base / "overlay")
            if debs:
                tree.inside("dpkg", "-i", *tree.copy_in(debs))
                tree.inside("systemctl", "disable", "kdump.service")
            else:
                tree.inside("sed", "-i", "s/^USE_KDUMP=.*/USE_KDUMP=1/", "/etc/default/kdump-tools")
                tree.inside("systemctl", "disable", "kdump-tools.service")
            for one in (kernel, *further):
                _provide_kernel(tree, one)
                files = guest if one is kernel else guest.with_kernel(one)
                boot = tree.folder / "boot"
                shutil.copyfile(boot / f"vmlinuz-{one.release}", files.kernel)
                initrd = boot / f"initrd.img-{one.release}"
                tree.outside(["install", "-m", "644", initrd, files.initrd])
            tree.outside(["rm", "-f", tree.folder / "dev/null"])
            options = ["-q", "-F", "-t", "ext4", "-L", _LABEL, "-d", tree.folder]
            tree.outside(["mke2fs", *options, guest.disk, f"{_DISK_MIB}M"])
        finally:
            tree.remove()
    return guest


def read_dumps(
    disk: pathlib.Path, into: pathlib.Path, folder: str = "/var/crash"
) -> list[pathlib.Path]:
    """The folders of dumps on the disk of a guest that is off."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    command = ["debugfs", "-R", f"rdump {folder} {into}", disk]
    subprocess.run(command, capture_output=True, check=True)
    return sorted(path for path in (into / "crash").iterdir() if path.is_dir())


def _add_host_files(tree: RootTree, overlay: pathlib.Path) -> None:
    systemd_guest.fill_common(overlay, {"etc/fstab": f"LABEL={_LABEL} / ext4 defaults 0 1\n"})
    packed = overlay.with_suffix(".tar")
    subprocess.run(["tar", "--owner=0", "--group=0", "-C", overlay, "-cf", packed, "."], check=True)
    tree.outside(["tar", "-x", "--keep-directory-symlink", "-f", packed, "-C", tree.folder])


def _provide_kernel(tree: RootTree, kernel: Kernel) -> None:
    """The one whose debug symbols are at hand, should the tree have another point release."""
    boot = tree.folder / "boot"
    if (boot / f"vmlinuz-{kernel.release}").exists():
        return
    tree.outside(["cp", "-r", kernel.modules, tree.folder / "usr/lib/modules"])
    tree.outside(["cp", kernel.vmlinuz, kernel.config, boot])
    if tree.exists("/usr/sbin/update-initramfs"):
        tree.inside("update-initramfs", "-c", "-k", kernel.release)
    else:
        image = f"/boot/initrd.img-{kernel.release}"
        tree.inside("dracut", "--force", "--no-hostonly", image, kernel.release)
