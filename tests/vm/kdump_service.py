# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian host on which kdump is a service: enabled, rebooted, panicked, rebooted; how long it takes to be armed."""

import dataclasses
import pathlib
import re
import shutil
import time

from vm import service_guest
from vm.boot import Programs
from vm.console import Console
from vm.fetcher import Fetcher
from vm.packages import Kernel
from vm.readers import ReaderError, Readers
from vm.result import Result

_LOGIN_DEADLINE = 400.0
_CAPTURE_DEADLINE = 400.0
_CHANGE = "mkdir -p /etc/kdump.conf.d && echo 'keep_dumps 9' > /etc/kdump.conf.d/50-test.conf"
_ARMED = "cat /sys/kernel/kexec_crash_loaded"


@dataclasses.dataclass(frozen=True)
class ServiceCase:
    """`unit` is enabled, and the panicked machine says these lines in turn."""

    name: str
    unit: str
    ours: bool
    said_of_dmesg: str
    said_of_vmcore: str
    crashkernel: str = "crashkernel=256M"
    memory_mib: int = 2048
    full_only: bool = True
    series: str = "6.1"

    def run(self, programs: Programs, fetcher: Fetcher, folder: pathlib.Path) -> Result:
        readers = list(fetcher.readers().values())[-1]
        return _run_case(self, programs.debs, fetcher.kernel(self.series), readers, folder)


CASES = (
    ServiceCase(
        "service",
        "kdump.service",
        True,
        r"kdump-agent: saved vmcore-dmesg\.txt",
        r"kdump-agent: saved vmcore \(",
    ),
    # What Debian has, for comparison: its own checks are its own business.
    ServiceCase(
        "service-kdump-tools",
        "kdump-tools.service",
        False,
        r"saved dmesg content in",
        r"saved vmcore in",
    ),
)


def _run_case(
    case: ServiceCase,
    debs: tuple[pathlib.Path, ...],
    kernel: Kernel,
    readers: Readers,
    folder: pathlib.Path,
) -> Result:
    """The disk stays when a check failed."""
    result = Result(case.name, str(folder))
    result.figures |= {"kernel": kernel.release, "crashkernel": case.crashkernel[12:]}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    start = time.monotonic()
    guest = service_guest.make(debs if case.ours else (), kernel, folder)
    with Console(guest.qemu(case.crashkernel, case.memory_mib), folder) as console:
        console.wait_for_login(_LOGIN_DEADLINE)
        _first_time(case, console, result)
        if case.ours:
            _always_armed(console, result)
            _log_levels(console, result)
        console.send("systemctl reboot")
        console.wait_for_login(_LOGIN_DEADLINE)
        _at_boot(case, console, result)
        _panic(case, console, result)
        console.wait_for_login(_LOGIN_DEADLINE)
        wait_for_boot(console)
        result.check("armed again after the capture", console.run(_ARMED)[1] == "1")
        if case.ours:
            _what_happened(console, result)
        console.send("systemctl poweroff")
        result.check("it powers off", console.wait_for_end(180))
    _judge_dump(case, kernel, readers, guest, folder, result)
    result.seconds = round(time.monotonic() - start, 1)
    if result.passed:
        guest.remove()
    return result


def _first_time(case: ServiceCase, console: Console, result: Result) -> None:
    """With no image there yet."""
    wait_for_boot(console)
    if not case.ours:  # the package has made one when it was installed
        console.run("rm -f /var/lib/kdump/initrd* /var/lib/kdump/vmlinuz*")
    result.check("nothing is loaded before", console.run(_ARMED)[1] == "0")
    code, output = console.run(f"systemctl enable --now {case.unit}", 400)
    result.check(f"systemctl enable --now {case.unit}", code == 0, output)
    result.check("armed the first time", console.run(_ARMED)[1] == "1", _journal(case, console))
    result.figures["arm_first"] = _seconds(case.unit, console)[0]


def _always_armed(console: Console, result: Result) -> None:
    """What must not leave a gap, and what must be loaded anew."""
    for number, (command, said) in enumerate(
        (
            ("systemctl restart kdump", "stays loaded until the new one replaces it"),
            ("systemctl reload kdump", "Starting kdump: [OK]"),
            (_CHANGE + " && systemctl restart kdump", "Rebuilding /boot/initramfs-"),
            ("udevadm trigger --action=add /sys/devices/system/cpu/cpu1", "Starting kdump: [OK]"),
        )
    ):
        mark = f"mark-{number}"
        console.run(f"echo {mark} | systemd-cat -t mark; journalctl --sync")
        code, output = console.run(command, 200)
        result.check(command, code == 0, output)
        since = f"journalctl -b -o cat | sed '1,/^{mark}$/d' | grep -F '{said}'"
        code, output = console.run(
            f"for i in 1 2 3 4 5 6 7 8; do {since} && break; sleep 2; done", 60
        )
        result.check(f"{command}: {said}", said in output, output)
        result.check(f"{command}: armed", console.run(_ARMED)[1] == "1")
    _new_times_rebuild_nothing(console, result)
    code, output = console.run("kdumpctl verify", 60)
    result.check("kdumpctl verify", code == 0, output)
    unloaded = console.run("journalctl -b -u kdump -o cat | grep -F 'kexec: unloaded'")[0]
    result.check("it was never unloaded", unloaded == 1)
    result.check(
        "panic_on_oops is set", console.run("cat /proc/sys/kernel/panic_on_oops")[1] == "1"
    )


def _new_times_rebuild_nothing(console: Console, result: Result) -> None:
    """A start that has nothing to do does it at once, by itself."""
    console.run("touch /etc/kdump.conf /etc/fstab /usr/libexec/kdump/kdump-agent; sync")
    console.run("date +%s.%N > /run/before; kdumpctl start; date +%s.%N > /run/after")
    output = console.run("cat /run/before /run/after")[1].split()
    result.figures["start_again"] = round(float(output[1]) - float(output[0]), 2)
    code, output = console.run("kdumpctl status --why", 60)
    result.check("new times change nothing", "The capture image is current" in output, output)


def _log_levels(console: Console, result: Result) -> None:
    """Each log gets the messages of its level: start warns that something is loaded, reload informs."""
    console.run("cp /etc/sysconfig/kdump /root/sysconfig")
    levels = "KDUMP_STDLOGLVL=1\\nKDUMP_SYSLOGLVL=3\\nKDUMP_KMSGLOGLVL=2\\n"
    console.run(f"printf '{levels}' > /etc/sysconfig/kdump; dmesg -C")
    code, output = console.run("kdumpctl start; kdumpctl reload; journalctl --sync", 200)
    result.check("KDUMP_STDLOGLVL=1 hides what is no error", output == "", output)
    warning, message = "WARNING: Kdump already running", "kexec: loaded kdump kernel"
    output = console.run("journalctl -b -t kdump _TRANSPORT=syslog -o cat")[1]
    both = warning in output and message in output and "command line:" not in output
    result.check("KDUMP_SYSLOGLVL=3 is in the journal", both, output)
    output = console.run("journalctl -b -t kdump _TRANSPORT=syslog -p warning -o cat")[1]
    result.check("and has priorities", warning in output and message not in output, output)
    output = console.run("dmesg")[1]
    one = warning in output and message not in output
    result.check("KDUMP_KMSGLOGLVL=2 is in dmesg", one, output)
    console.run("cp /root/sysconfig /etc/sysconfig/kdump; systemctl restart kdump", 200)


def _what_happened(console: Console, result: Result) -> None:
    """The boot after a panic."""
    code, output = console.run("kdumpctl last")
    result.check("kdumpctl last", code == 0 and "saved /var/crash/" in output, output)
    result.check("it knows why", "panic: Kernel panic - not syncing" in output, output)
    code, output = console.run("journalctl -b -u kdump -o cat | grep -F 'Last capture'")
    result.check("the journal tells it", code == 0, output)
    code, output = console.run("kdumpctl estimate")
    result.check("kdumpctl estimate has measured", "Needed by the capture of" in output, output)
    code, output = console.run("kdumpctl status --json")
    result.check("kdumpctl status --json", code == 0 and '"operational": true' in output, output)


def _at_boot(case: ServiceCase, console: Console, result: Result) -> None:
    wait_for_boot(console)
    result.check("armed at boot", console.run(_ARMED)[1] == "1", _journal(case, console))
    result.figures["arm_boot"], result.figures["armed_after_basic"] = _seconds(case.unit, console)
    if case.ours:
        code, output = console.run("kdumpctl status")
        result.check("kdumpctl status", code == 0 and "Kdump is operational" in output, output)
        rebuilt = console.run("journalctl -b -u kdump -o cat | grep -F Rebuilding")[0]
        result.check("the image was current", rebuilt == 1)


def _panic(case: ServiceCase, console: Console, result: Result) -> None:
    console.send("sync; echo c > /proc/sysrq-trigger")
    console.wait_for("Kernel panic - not syncing", 60)
    panic = console.seconds
    console.wait_for(case.said_of_dmesg, _CAPTURE_DEADLINE)
    result.figures["panic_to_dmesg"] = round(console.seconds - panic, 1)
    console.wait_for(case.said_of_vmcore, _CAPTURE_DEADLINE)
    result.figures["panic_to_vmcore"] = round(console.seconds - panic, 1)


def _judge_dump(
    case: ServiceCase,
    kernel: Kernel,
    readers: Readers,
    guest: service_guest.ServiceGuest,
    folder: pathlib.Path,
    result: Result,
) -> None:
    found = service_guest.read_dumps(guest.disk, folder / "dumps")
    if not result.check("one dump in /var/crash", len(found) == 1, str(found)):
        return
    names = {path.name for path in found[0].iterdir()}
    if case.ours:
        wanted = {"vmcore", "vmcore-dmesg.txt", "kexec-dmesg.log"}
        result.check("vmcore, its messages and the agent's log", names == wanted, str(names))
    dump = next(path for path in found[0].iterdir() if re.match(r"vmcore$|dump\.", path.name))
    result.figures["vmcore_bytes"] = dump.stat().st_size
    try:
        crash, drgn = readers.crash(dump, kernel.vmlinux), readers.drgn(dump, kernel.vmlinux)
    except ReaderError as error:
        result.check("crash and drgn open the dump", False, str(error))
        return
    result.figures |= {name: readers.version(name) for name in ("crash", "drgn")}
    result.check("crash names the shell that panicked", crash.comm == "bash", str(crash.comm))
    result.check("drgn names it too", drgn.comm == "bash", drgn.comm)
    result.check("drgn names the release", drgn.release == kernel.release, drgn.release)


def wait_for_boot(console: Console) -> None:
    """Until all services have started."""
    console.run("systemctl is-system-running --wait", 300)


def _seconds(unit: str, console: Console) -> tuple[float, float]:
    """How long the unit took to start, and how long after basic.target (before it: negative) it had."""

    def stamp(name: str, which: str) -> float:
        return int(console.run(f"systemctl show -P {which}TimestampMonotonic {name}")[1]) / 1e6

    active = stamp(unit, "ActiveEnter")
    return (
        round(active - stamp(unit, "InactiveExit"), 2),
        round(active - stamp("basic.target", "ActiveEnter"), 2),
    )


def _journal(case: ServiceCase, console: Console) -> str:
    return console.run(f"journalctl -b -o cat -u {case.unit} | tail -n 20")[1]
