# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian host whose own initramfs loads the panic kernel (rd.earlykdump): it panics before its root is mounted."""

import copy
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
_MAKE_DEADLINE = 600.0
_CRASHKERNEL = "crashkernel=256M"
_MEMORY_MIB = 2048
_ARMED = "cat /sys/kernel/kexec_crash_loaded"
_OK = "kdump: Starting kdump: [OK]"
# Before the root file system is mounted, when the kernel's command line says so.
_PANIC = """#!/bin/sh
[ "${1:-}" != prereqs ] || exit 0
read -r line </proc/cmdline
case "$line" in *panic.early*) echo c >/proc/sysrq-trigger ;; esac
"""


@dataclasses.dataclass(frozen=True)
class EarlyKdumpCase:
    name: str
    panic: str  # where that script must lie in the guest
    make: str  # what makes the initramfs of RELEASE
    remedy: str  # what kdumpctl tells to do when it is out of date
    packages: tuple[str, ...] = ()  # besides the guest's own
    series: str = "6.1"
    full_only: bool = True
    ours: bool = True  # needs the packages

    def run(self, programs: Programs, fetcher: Fetcher, folder: pathlib.Path) -> Result:
        readers = list(fetcher.readers().values())[-1]
        kernel = fetcher.kernel(self.series)
        result = Result(self.name, str(folder))
        result.figures |= {"kernel": kernel.release, "crashkernel": _CRASHKERNEL[12:]}
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        start = time.monotonic()
        guest = service_guest.make(programs.debs, kernel, folder, packages=self.packages)
        early = _make_initramfs(self, kernel, guest, result)
        if early:
            _panic_before_the_root(early, result)
            _ordinary_boot(self, early, result)
            _judge_dump(kernel, readers, guest, result)
        result.seconds = round(time.monotonic() - start, 1)
        if result.passed:
            guest.remove()
            early.remove()
        return result


CASES = (
    EarlyKdumpCase(
        "early-kdump",
        "/root/panic.sh",
        "dracut --force --add earlykdump "
        "--include /root/panic.sh /lib/dracut/hooks/pre-mount/10-panic.sh /boot/initrd.img-RELEASE RELEASE",
        "dracut -f",
        ("dracut",),
    ),
    EarlyKdumpCase(
        "early-kdump-initramfs-tools",
        "/etc/initramfs-tools/scripts/local-top/panic",
        # Fewer modules and fast compression, which matter on emulated processors.
        "printf 'MODULES=dep\\nCOMPRESS=gzip\\n' > /etc/initramfs-tools/conf.d/quick && "
        "echo EARLYKDUMP=y > /etc/initramfs-tools/conf.d/earlykdump && update-initramfs -u -k RELEASE",
        "update-initramfs -u",
    ),
)


def _console(guest: service_guest.ServiceGuest, words: str, folder: str, *options) -> Console:
    (guest.folder / folder).mkdir()
    command = guest.qemu(f"{_CRASHKERNEL} {words}", _MEMORY_MIB)
    return Console([*command, *options], guest.folder / folder)


def _make_initramfs(
    case: EarlyKdumpCase, kernel: Kernel, guest: service_guest.ServiceGuest, result: Result
) -> service_guest.ServiceGuest | None:
    """The same guest, started with an initramfs that it has made."""
    path = f"/boot/initrd.img-{kernel.release}"
    with _console(guest, "", "making") as console:
        console.wait_for_login(_LOGIN_DEADLINE)
        wait_for_boot(console)
        code, output = console.run("systemctl enable --now kdump", 400)
        result.check("systemctl enable --now kdump", code == 0, output)
        console.run(f"cat > {case.panic} <<'END'\n{_PANIC}END\nchmod 755 {case.panic}")
        start = console.seconds
        code, output = console.run(case.make.replace("RELEASE", kernel.release), _MAKE_DEADLINE)
        made = code == 0 and "kdump: The initramfs gets" in output
        result.check("the initramfs is made", made, output)
        result.figures["make_initramfs"] = round(console.seconds - start, 1)
        code, output = console.run(f"stat -c %a {path}")
        result.check("it is for root alone", output == "600", output)
        console.send("systemctl poweroff")
        result.check("it powers off", console.wait_for_end(180))
    early = copy.copy(guest)
    early.initrd = guest.folder / "initrd-early"
    subprocess.run(
        ["debugfs", "-R", f"dump {path} {early.initrd}", guest.disk],
        capture_output=True,
        check=True,
    )
    return early if made else None


def _panic_before_the_root(early: service_guest.ServiceGuest, result: Result) -> None:
    with _console(early, "rd.earlykdump panic.early", "panic", "-no-reboot") as console:
        before = console.wait_for("Kernel panic - not syncing", _LOGIN_DEADLINE)
        result.check("loaded before the panic", _OK in before, before[-1500:])
        result.check("the root was not mounted", "mounted filesystem" not in before, before[-1500:])
        panic = console.seconds
        console.wait_for(r"kdump-agent: saved vmcore-dmesg\.txt", 400)
        result.figures["panic_to_dmesg"] = round(console.seconds - panic, 1)
        console.wait_for(r"kdump-agent: saved vmcore \(", 400)
        result.figures["panic_to_vmcore"] = round(console.seconds - panic, 1)
        result.check("it reboots", console.wait_for_end(180))


def _ordinary_boot(case: EarlyKdumpCase, early: service_guest.ServiceGuest, result: Result) -> None:
    with _console(early, "rd.earlykdump", "boot") as console:
        console.wait_for_login(_LOGIN_DEADLINE)
        wait_for_boot(console)
        result.check("armed", console.run(_ARMED)[1] == "1")
        output = console.run(
            "journalctl -b -o short-monotonic | "
            f"grep -m 2 -E '{_OK[:20]}|Starting kdump.service|Mounted sysroot.mount' "
        )[1]
        result.check("loaded before kdump.service", _OK in output.split("\n")[0], output)
        _service_replaces_it(console, result)
        code, output = console.run("kdumpctl last")
        result.check("kdumpctl last", code == 0 and "saved /var/crash/" in output, output)
        output = console.run("kdumpctl status")[1]
        current = "Early kdump: the copy in the initramfs is current" in output
        result.check("kdumpctl status: it is current", current, output)
        console.run("echo KDUMP_STDLOGLVL=3 >> /etc/sysconfig/kdump")
        code, output = console.run("kdumpctl verify", 60)
        said = "/etc/sysconfig/kdump" in output and f'Run "{case.remedy}"' in output
        result.check("kdumpctl verify: it is out of date", code == 1 and said, output)
        console.send("systemctl poweroff")
        result.check("it powers off again", console.wait_for_end(180))


def _service_replaces_it(console: Console, result: Result) -> None:
    """Without building anything, and without being told to by the events of the boot."""
    stamp = console.run(f"dmesg | grep -F -m 1 '{_OK}'")[1]
    result.figures["armed_at"] = stamp.partition("]")[0].strip("[ ")
    output = console.run("journalctl -b -u kdump -o cat")[1]
    result.check(
        "kdump.service builds nothing", _OK in output and "Rebuilding" not in output, output
    )
    code, output = console.run("journalctl -b -u kdump-hotplug -o cat | grep .")
    result.check("no event loads it again", code == 1 or "No entries" in output, output)


def _judge_dump(
    kernel: Kernel, readers: Readers, guest: service_guest.ServiceGuest, result: Result
) -> None:
    found = service_guest.read_dumps(guest.disk, guest.folder / "dumps")
    if not result.check("one dump in /var/crash", len(found) == 1, str(found)):
        return
    dmesg = (found[0] / "vmcore-dmesg.txt").read_text(errors="backslashreplace")
    result.check("its messages tell of the load", _OK in dmesg, dmesg[-1500:])
    try:
        crash = readers.crash(found[0] / "vmcore", kernel.vmlinux)
        drgn = readers.drgn(found[0] / "vmcore", kernel.vmlinux)
    except ReaderError as error:
        result.check("crash and drgn open the dump", False, str(error))
        return
    result.check("crash and drgn name the same task", crash.comm == drgn.comm, str(crash.comm))
    result.check("drgn names the release", drgn.release == kernel.release, drgn.release)
