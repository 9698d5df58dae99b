# SPDX-License-Identifier: GPL-2.0-or-later
"""What the guest boots from: a root disk for a kernel and a set of programs, and a boot initramfs for a case."""

import contextlib
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import uuid

from vm import cpio
from vm.packages import Kernel
from vm.userland import HostUserland

_SCRIPTS = pathlib.Path(__file__).parent / "guest"
_BOOT_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")
CRASH_DISK_UUID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "crash-disk.kdump-toolkit"))
CRASH_DISK_LABEL = "crashdisk"
_CRASH_DISK_MIB = 4096
_HARNESS_DISK_MIB = 256
# What busybox lacks for making dump targets, and for serving them.
_TOOLS = (
    "lvm",
    "iscsistart",
    "dmsetup",
    "mdadm",
    "sfdisk",
    "ssh",
    "ssh-keygen",
    "rpcbind",
    "rpc.nfsd",
    "rpc.mountd",
    "exportfs",
    "cryptsetup",
    "keyctl",
    "tune2fs",
)


def install_programs(build: pathlib.Path, into: pathlib.Path) -> None:
    """`cmake --install` of a build, as a package would do it."""
    shutil.rmtree(into, ignore_errors=True)
    subprocess.run(
        ["cmake", "--install", build, "--strip"],
        env={**os.environ, "DESTDIR": str(into)},
        check=True,
        stdout=subprocess.DEVNULL,
    )


def compile_programs(into: pathlib.Path) -> None:
    """The guests' own small programs."""
    into.mkdir(parents=True, exist_ok=True)
    for source in _SCRIPTS.glob("*.c"):
        command = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-static"]
        subprocess.run([*command, "-o", into / source.stem, source], check=True)


def copy_stripped(program: pathlib.Path, into: pathlib.Path) -> None:
    """One that is built with the tests."""
    subprocess.run(["strip", "-o", into / program.name, program], check=True)


_building = threading.Lock()


def root_disk(
    kernel: Kernel,
    programs: pathlib.Path,
    own: pathlib.Path | None,
    folder: pathlib.Path,
    userland=HostUserland(),
) -> pathlib.Path:
    """A disk image with a small distribution: merged /usr, busybox, our programs with their libraries, the kernel
    with all its modules. Made once for a kernel; cases run on a snapshot of it."""
    disk = folder / f"root-{kernel.release}.img"
    with _building:
        if disk.exists():
            return disk
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".root-", dir=folder) as temporary:
            root = pathlib.Path(temporary) / "root"
            _fill_root(root, kernel, programs, own, userland)
            unfinished = pathlib.Path(temporary) / "disk"
            make_disk(unfinished, 2048, root=root)
            unfinished.rename(disk)
    return disk


def remove_root_disks(folder: pathlib.Path) -> None:
    """The programs have changed: the next cases make new ones."""
    for disk in folder.glob("root-*.img"):
        disk.unlink()


def _fill_root(
    root: pathlib.Path,
    kernel: Kernel,
    programs: pathlib.Path,
    own: pathlib.Path | None,
    userland,
) -> None:
    for name in (
        "usr/bin",
        "usr/sbin",
        "usr/lib",
        "usr/lib64",
        "proc",
        "sys",
        "dev",
        "run",
        "tmp",
        "root",
        "boot",
        "etc/sysconfig",
        "var/crash",
        "var/lib",
        "harness",
        "mnt",
    ):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "var/lock").symlink_to("../run/lock")
    (root / "var/run").symlink_to("../run")
    _install_busybox(root, userland)
    shutil.copytree(programs, root, dirs_exist_ok=True, symlinks=True)
    if own:
        shutil.copytree(own, root / "usr/bin", dirs_exist_ok=True)
    tools = userland.tools(_TOOLS)
    for tool in tools:
        shutil.copy(tool, root / "usr/sbin" / tool.name)
    userland.install_libraries(
        root,
        tools + [path for path in programs.rglob("*") if path.is_file() and not path.is_symlink()],
    )
    shutil.copytree(kernel.modules, root / "usr/lib/modules" / kernel.release, copy_function=_link)
    for path in (kernel.vmlinuz, kernel.folder / "boot" / f"config-{kernel.release}"):
        if path.exists():
            _link(path, root / "boot" / path.name)
    for script, program in (("init.sh", "init"), ("panic-trigger.sh", "panic-trigger")):
        shutil.copyfile(_SCRIPTS / script, root / "usr/sbin" / program)
        (root / "usr/sbin" / program).chmod(0o755)
    etc = {
        "fstab": f"/dev/vda / ext4 defaults 0 1\nUUID={CRASH_DISK_UUID} /var/crash ext4 defaults 0 2\n",
        "machine-id": uuid.uuid5(uuid.NAMESPACE_DNS, "guest.kdump-toolkit").hex + "\n",
        "hostname": "guest\n",
        "passwd": "root:x:0:0:root:/root:/bin/sh\n",
        "group": "root:x:0:\n",
        "os-release": 'ID=kdump-guest\nNAME="kdump test guest"\n',
    }
    for name, text in etc.items():
        (root / "etc" / name).write_text(text)


def _install_busybox(root: pathlib.Path, userland) -> None:
    shutil.copy(userland.busybox, root / "usr/bin/busybox")
    for applet in userland.applets():
        link = root / "usr" / applet.removeprefix("usr/")
        if (
            link.parent.is_dir()
            and not link.is_symlink()
            and link.name not in ("busybox", "init", "linuxrc")
        ):
            link.symlink_to("/usr/bin/busybox")


def _link(source, target) -> None:
    with contextlib.suppress(OSError):
        os.link(source, target)
        return
    shutil.copy2(source, target)


def make_disk(
    path: pathlib.Path, mib: int, root: pathlib.Path | None = None, options: tuple[str, ...] = ()
) -> None:
    path.unlink(missing_ok=True)
    with open(path, "wb") as disk:
        disk.truncate(mib << 20)
    source = ["-d", str(root)] if root else []
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", *options, *source, str(path)], check=True)


def make_raw_disk(path: pathlib.Path, mib: int, formatter: list[str]) -> None:
    """An empty disk, or one that a program of this host formats."""
    path.unlink(missing_ok=True)
    with open(path, "wb") as disk:
        disk.truncate(mib << 20)
    if formatter:
        subprocess.run([*formatter, path], check=True, capture_output=True)


def make_crash_disk(path: pathlib.Path, mib: int = _CRASH_DISK_MIB) -> None:
    make_disk(path, mib, options=("-U", CRASH_DISK_UUID, "-L", CRASH_DISK_LABEL))


def make_harness_disk(path: pathlib.Path) -> None:
    make_disk(path, _HARNESS_DISK_MIB)


def boot_initramfs(
    kernel: Kernel,
    case_files: dict[str, cpio.Entry],
    path: pathlib.Path,
    userland=HostUserland(),
) -> None:
    """busybox and the root disk's drivers, plus the case's own files under /case."""
    entries = {
        "init": cpio.file((_SCRIPTS / "boot_init.sh").read_bytes(), 0o755),
        "bin/busybox": cpio.file(userland.busybox.read_bytes(), 0o755),
        "case/etc": cpio.directory(),
        **{name: cpio.directory() for name in ("proc", "dev", "newroot")},
        **{f"case/{name}": entry for name, entry in case_files.items()},
    }
    order = []
    for module in _with_dependencies(kernel.modules, _BOOT_MODULES):
        data = (kernel.modules / module).read_bytes()
        name = pathlib.PurePath(module).name
        if name.endswith(".xz"):
            name, data = name.removesuffix(".xz"), lzma.decompress(data)
        order.append(name)
        entries[f"modules/{name}"] = cpio.file(data)
    entries["modules/order"] = cpio.file("\n".join(order) + "\n")
    path.write_bytes(cpio.archive(entries))


def _with_dependencies(modules: pathlib.Path, wanted: tuple[str, ...]) -> list[str]:
    """Paths below the modules folder in the order to load; a module that is built in has none."""
    needs, path_of = {}, {}
    for line in (modules / "modules.dep").read_text().splitlines():
        path, _, dependencies = line.partition(":")
        needs[path] = dependencies.split()
        path_of[pathlib.PurePath(path).name.split(".ko")[0].replace("-", "_")] = path
    order: list[str] = []

    def add(path: str) -> None:
        for dependency in needs[path]:
            add(dependency)
        if path not in order:
            order.append(path)

    for name in wanted:
        if name in path_of:
            add(path_of[name])
    return order
