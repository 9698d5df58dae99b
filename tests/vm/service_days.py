# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to a host with kdump.service in its life: a dump disk that goes away, a kernel file that is gone, a typing
error, another kernel. It stays armed, and says what is wrong."""

import dataclasses
import pathlib
import shutil
import subprocess
import time

from vm import service_guest
from vm.boot import Programs
from vm.console import Console
from vm.fetcher import Fetcher
from vm.kdump_service import wait_for_boot
from vm.packages import Kernel
from vm.readers import ReaderError, Readers
from vm.result import Result

_LOGIN_DEADLINE = 400.0
_CRASHKERNEL = "crashkernel=256M"
_MEMORY_MIB = 2048
_LABEL = "dumps"
_ARMED = "cat /sys/kernel/kexec_crash_loaded"
_DRIVER = "/sys/bus/virtio/drivers/virtio_blk"


@dataclasses.dataclass(frozen=True)
class ServiceDaysCase:
    name: str = "service-days"
    series: str = "6.1"
    further_series: tuple[str, ...] = ("6.12",)
    full_only: bool = True
    ours: bool = True  # needs the packages

    def run(self, programs: Programs, fetcher: Fetcher, folder: pathlib.Path) -> Result:
        readers = list(fetcher.readers().values())[-1]
        first, second = fetcher.kernel(self.series), fetcher.kernel(self.further_series[0])
        result = Result(self.name, str(folder))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        start = time.monotonic()
        result.figures |= {"kernel": second.release, "crashkernel": _CRASHKERNEL[12:]}
        guest = service_guest.make(programs.debs, first, folder, (second,))
        dumps = _dump_disk(folder)
        _life_with(first, guest, dumps, result)
        _after_an_upgrade(first, second, guest.with_kernel(second), dumps, result)
        _judge_dump(second, readers, dumps, result)
        result.seconds = round(time.monotonic() - start, 1)
        if result.passed:
            for path in (*folder.glob("vmlinuz-*"), *folder.glob("initrd-*"), dumps):
                path.unlink()
            guest.remove()
        return result


CASES = (ServiceDaysCase(),)


def _dump_disk(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "dumps.img"
    tree = folder / "tree"
    (tree / "crash").mkdir(parents=True)
    command = ["mke2fs", "-q", "-F", "-t", "ext4", "-L", _LABEL, "-d", tree, path, "300M"]
    subprocess.run(command, check=True)
    shutil.rmtree(tree)
    return path


def _console(
    guest: service_guest.ServiceGuest, dumps: pathlib.Path, folder: pathlib.Path
) -> Console:
    folder.mkdir()
    drive = ["-drive", f"file={dumps},if=virtio,format=raw,cache=unsafe"]
    return Console(guest.qemu(_CRASHKERNEL, _MEMORY_MIB) + drive, folder)


def _life_with(
    kernel: Kernel, guest: service_guest.ServiceGuest, dumps: pathlib.Path, result: Result
) -> None:
    with _console(guest, dumps, guest.folder / "first") as console:
        console.wait_for_login(_LOGIN_DEADLINE)
        wait_for_boot(console)
        console.run(f"mkdir /dumps; echo 'LABEL={_LABEL} /dumps ext4 nofail 0 2' >> /etc/fstab")
        console.run("mount /dumps")
        console.run(f"printf 'ext4 LABEL={_LABEL}\\npath /crash\\n' > /etc/kdump.conf")
        code, output = console.run("systemctl enable --now kdump", 400)
        result.check("systemctl enable --now kdump", code == 0, output)
        result.check("armed", console.run(_ARMED)[1] == "1")
        _without_the_dump_disk(console, result)
        _without_the_kernel(kernel, console, result)
        _with_a_typing_error(console, result)
        console.send("systemctl poweroff")
        result.check("it powers off", console.wait_for_end(180))


def _restart(console: Console, result: Result, what: str, said: str) -> None:
    """A restart that cannot do its work: the host stays armed, and `systemctl status` says why not."""
    code, _ = console.run("systemctl restart kdump", 300)
    result.check(f"{what}: the restart fails", code != 0)
    result.check(f"{what}: armed all the same", console.run(_ARMED)[1] == "1")
    output = console.run("systemctl status kdump --no-pager -l -n 30")[1]
    result.check(f"{what}: systemctl status says {said}", said in output, output)


def _restart_again(console: Console, result: Result, what: str) -> None:
    code, output = console.run("systemctl restart kdump", 300)
    result.check(f"{what}: and it can be restarted again", code == 0, output)


def _without_the_dump_disk(console: Console, result: Result) -> None:
    what = "without the dump disk"
    console.run("umount /dumps")
    device = console.run("basename $(readlink -f /sys/class/block/vdb/device)")[1]
    console.run(f"echo {device} > {_DRIVER}/unbind")
    gone = console.run("test -e /dev/vdb")[0]
    result.check(f"{what}: it is gone", gone != 0, device)
    # The image is current: a target that cannot be reached now may be there when it matters.
    code, output = console.run("systemctl restart kdump", 300)
    result.check(f"{what}: the image that is there is loaded", code == 0, output)
    result.check(f"{what}: armed", console.run(_ARMED)[1] == "1")
    output = console.run("systemctl status kdump --no-pager -l -n 30")[1]
    said = "WARNING" in output and _LABEL in output
    result.check(f"{what}: systemctl status warns of it", said, output)
    code, output = console.run("kdumpctl verify", 60)
    result.check(f"{what}: kdumpctl verify fails", code == 1 and _LABEL in output, output)
    console.run(f"echo {device} > {_DRIVER}/bind")
    console.run("mount /dumps")
    _restart_again(console, result, what)
    code, output = console.run("kdumpctl status --why")
    result.check(f"{what}: the image is current again", "is current" in output, output)


def _without_the_kernel(kernel: Kernel, console: Console, result: Result) -> None:
    path = f"/boot/vmlinuz-{kernel.release}"
    console.run(f"mv {path} /root/kernel")
    _restart(console, result, "without the kernel", kernel.release)
    console.run(f"mv /root/kernel {path}")
    _restart_again(console, result, "without the kernel")


def _with_a_typing_error(console: Console, result: Result) -> None:
    console.run("cp /etc/kdump.conf /root/good; echo 'kep_dumps 3' >> /etc/kdump.conf")
    _restart(console, result, "with a typing error", "/etc/kdump.conf:3")
    # As at the next boot.
    console.run("kdumpctl stop")
    _restart(console, result, "with a typing error, nothing loaded", "is there was loaded as it is")
    console.run("cp /root/good /etc/kdump.conf")
    _restart_again(console, result, "with a typing error")


def _after_an_upgrade(
    old: Kernel,
    new: Kernel,
    guest: service_guest.ServiceGuest,
    dumps: pathlib.Path,
    result: Result,
) -> None:
    with _console(guest, dumps, guest.folder / "second") as console:
        console.wait_for_login(_LOGIN_DEADLINE)
        wait_for_boot(console)
        output = console.run("journalctl -b -u kdump -o cat | tail -n 20")[1]
        result.check("another kernel: armed at boot", console.run(_ARMED)[1] == "1", output)
        image = f"initramfs-{new.release}kdump.img"
        result.check(
            "another kernel: its image was built", f"Rebuilding /boot/{image}" in output, output
        )
        hook = f"/etc/kernel/postrm.d/kdump-toolkit {old.release}"
        code, output = console.run(f"rm /boot/vmlinuz-{old.release} && {hook} && ls /boot")
        left = f"initramfs-{old.release}kdump" in output
        result.check("the removed kernel's image goes with it", code == 0 and not left, output)
        console.send("sync; echo c > /proc/sysrq-trigger")
        console.wait_for("Kernel panic - not syncing", 60)
        console.wait_for(r"kdump-agent: saved vmcore \(", 400)
        console.wait_for_login(_LOGIN_DEADLINE)
        code, output = console.run("kdumpctl last")
        result.check("kdumpctl last", code == 0 and "saved /dumps/crash/" in output, output)
        console.send("systemctl poweroff")
        result.check("it powers off again", console.wait_for_end(180))


def _judge_dump(kernel: Kernel, readers: Readers, dumps: pathlib.Path, result: Result) -> None:
    found = service_guest.read_dumps(dumps, dumps.parent / "dumps", "/crash")
    if not result.check("one dump on the dump disk", len(found) == 1, str(found)):
        return
    try:
        crash = readers.crash(found[0] / "vmcore", kernel.vmlinux)
    except ReaderError as error:
        result.check("crash opens the dump", False, str(error))
        return
    result.check("crash names the shell that panicked", crash.comm == "bash", str(crash.comm))
