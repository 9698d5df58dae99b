# SPDX-License-Identifier: GPL-2.0-or-later
"""`kdumpctl test --qemu`: an image that a guest has built is tried on this machine, as on a host where it lies in /boot."""

import dataclasses
import pathlib
import re
import shutil
import subprocess
import time

from vm import checks
from vm.boot import Programs, boot
from vm.cases import CommandCase, Step
from vm.fetcher import Fetcher
from vm.packages import Kernel
from vm.result import Result

_DEADLINE = 900.0
_BUILD = (
    Step("rebuild", "kdumpctl rebuild", 0, ()),
    Step("image", "cp /boot/initramfs-*kdump.img /harness/", 0, ()),
)
# This machine's files under an overlay: what is added is gone with the mount namespace.
_ENTER = """
set -eu
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
for folder in proc sys dev; do mount --rbind "/$folder" "$1/root/$folder"; done
mkdir -p "$1/root/etc/sysconfig" "$1/root/usr/lib/modules" "$1/root/boot" "$1/root/var/tmp"
cp -r "$2/." "$1/root/"
shift 2
exec chroot "$TOP/root" "$@"
"""


@dataclasses.dataclass(frozen=True)
class RehearsalCase:
    name: str
    series: str
    full_only: bool = False

    def run(self, programs: Programs, fetcher: Fetcher, folder: pathlib.Path) -> Result:
        start = time.monotonic()
        result = Result(self.name, str(folder / self.name))
        kernel = fetcher.kernel(self.series)
        result.figures["kernel"] = kernel.release
        build = CommandCase(self.name, self.series, _BUILD)
        evidence = boot(build, kernel, programs, folder / self.name, None)
        checks.check_commands(evidence, result)
        images = list(evidence.harness.glob("initramfs-*kdump.img"))
        if result.check("there is an image", len(images) == 1, str(images)):
            files = _host_files(programs, kernel, images[0], evidence.folder / "host")
            _try(files, evidence.folder / "overlay", result)
            shutil.rmtree(files)
        if result.passed:
            evidence.release_big_files()
        result.seconds = round(time.monotonic() - start, 1)
        return result


CASES = (RehearsalCase("6.1-test-qemu", "6.1"), RehearsalCase("6.12-test-qemu", "6.12", True))


def _host_files(
    programs: Programs, kernel: Kernel, image: pathlib.Path, into: pathlib.Path
) -> pathlib.Path:
    """What a host with the toolkit has besides this machine's own files."""
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(programs.root, into, symlinks=True)
    for name in ("boot", "etc/sysconfig", "usr/lib/modules"):
        (into / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(kernel.vmlinuz, into / "boot")
    shutil.copy(image, into / "boot")
    shutil.copytree(kernel.modules, into / "usr/lib/modules" / kernel.release, symlinks=True)
    (into / "etc/kdump.conf").write_text("path /var/crash\n")
    (into / "etc/sysconfig/kdump").write_text(
        f'KDUMP_KERNELVER="{kernel.release}"\nKDUMP_COMMANDLINE="ro crashkernel=1G quiet"\n'
        'KDUMP_COMMANDLINE_REMOVE="quiet"\nKDUMP_COMMANDLINE_APPEND="irqpoll nr_cpus=1 panic=10"\n'
    )
    return into


def _try(files: pathlib.Path, overlay: pathlib.Path, result: Result) -> None:
    overlay.mkdir(exist_ok=True)
    command = ["unshare", "-m", "sh", "-c", _ENTER, "sh", str(overlay), str(files)]
    command += ["sh", "-c", "kdumpctl test --qemu --emulate --reserved 192M && kdumpctl estimate"]
    try:
        ended = subprocess.run(
            command,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TOP": str(overlay)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_DEADLINE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        result.check("kdumpctl test --qemu ends", False, str(error.stdout)[-2000:])
        return
    output = ended.stdout
    result.check("kdumpctl test --qemu: exit code 0", ended.returncode == 0, output[-2000:])
    for said in (
        r"command line: ro irqpoll nr_cpus=1 panic=10 .*console=ttyS0",
        r"vmcore: sound; kdump-compressed",
        r"every page of it can be read; Kernel panic - not syncing: sysrq triggered crash",
        r"memory of the panic kernel: .* free at the lowest, 192\.0 MiB reserved",
        r"Not proved by this test:",
        r"The test in QEMU has passed",
        r"Needed by the test in QEMU of 20\d\d-.*: \d+M",
    ):
        result.check(f"it says: {said}", re.search(said, output) is not None, output[-2000:])
    for key, said in (("panic_to_dmesg", "dmesg.txt saved"), ("panic_to_vmcore", "vmcore saved")):
        found = re.search(said + r", ([0-9.]+) s after the panic", output)
        if found:
            result.figures[key] = float(found.group(1))
