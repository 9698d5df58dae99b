# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of cases. Adding one here is all it takes: the runner, the checks and the report know no case by name."""

import dataclasses
import pathlib

from vm.guest import CRASH_DISK_LABEL, CRASH_DISK_UUID
from vm.qemu import Machine

# As shipped: no target, so the one that holds /var/crash; here the crash disk is mounted there.
_BY_PATH = (pathlib.Path(__file__).parents[2] / "config" / "kdump.conf").read_text()
_BY_UUID = f"ext4 UUID={CRASH_DISK_UUID}\npath /crash\n"
# With the collector's command line that RHEL ships.
_BY_LABEL = f"""ext4 LABEL={CRASH_DISK_LABEL}
path /var/crash
core_collector makedumpfile -l --message-level 7 -d 31
"""
_BY_DEVICE = "ext4 /dev/vdb\npath /dumps\n"


@dataclasses.dataclass(frozen=True)
class Trigger:
    """What makes the kernel panic, and what it leaves."""

    word: str  # panic-trigger's argument
    serial: str  # regular expression: the line at which it panics
    log: tuple[str, ...]  # lines of the kernel log
    frames: tuple[str, ...]  # functions on the panicking task's stack


SYSRQ = Trigger(
    "sysrq",
    r"sysrq: Trigger a crash",
    ("sysrq: Trigger a crash", "Kernel panic - not syncing: sysrq triggered crash"),
    ("sysrq_handle_crash", "write_sysrq_trigger"),
)
_NMI = Trigger(
    "nmi",
    r"^@vm ask nmi",  # what an NMI handler prints does not reach the console before the jump
    ("Kernel panic - not syncing: NMI: Not continuing",),
    ("exc_nmi",),
)


@dataclasses.dataclass(frozen=True)
class PanicCase:
    """Arm, panic, capture, and judge the dump."""

    name: str
    series: str
    five_level: bool = False
    uefi: bool = False
    crashkernel: str = "crashkernel=256M"
    memory_mib: int = 2048
    cpu: int = 0  # the one that panics
    workload_mib: int = 0
    syscall: str = "kexec_file_load"  # or kexec_load: what KEXEC_ARGS asks for
    kdump_conf: str = _BY_PATH
    dump_folder: str = "."  # where the configuration puts dumps, on the crash disk
    crash_knows: bool = True  # whether a released crash can read this kernel's memory at all
    full_only: bool = False
    cmdline: str = ""  # more words for the kernel that panics
    model: str = "max,-cx16"  # QEMU's CPU
    cpus: int = 2
    trigger: Trigger = SYSRQ
    plugs: tuple[str, ...] = ()  # what comes while kdump is armed: "cpu", "memory", "cpu1_again"
    reload: bool = False  # whether kdumpctl must be told of it
    append: str = ""  # more words for the capture kernel (KDUMP_COMMANDLINE_APPEND)
    kexec_args: str = ""  # KEXEC_ARGS, where -s or -c is not all
    unified: bool = False  # the host has a unified kernel image and no vmlinuz
    before_panic: str = ""  # shell lines
    damaged: bool = False  # a bit of what is loaded changes before the panic
    kernel_tells: bool = False  # the kernel prints its own layout, which must be ours
    estimate: bool = (
        False  # what a dump would take is told before the panic, and held against the dump
    )

    @property
    def machine(self) -> Machine:
        return Machine(
            self.memory_mib, self.five_level, self.uefi, self.cpus, self.model, bool(self.plugs)
        )


@dataclasses.dataclass(frozen=True)
class Step:
    """A command in the guest, and what it must do."""

    name: str
    command: str
    exit_code: int
    says: tuple[str, ...] = ()  # regular expressions for its output
    loaded: bool | None = None  # whether a panic kernel is loaded afterwards
    prepare: str = ""  # shell lines before
    restore: str = ""  # shell lines after


@dataclasses.dataclass(frozen=True)
class CommandCase:
    """Commands in a running system, without a panic."""

    name: str
    series: str
    steps: tuple[Step, ...]
    crashkernel: str = "crashkernel=256M"
    kdump_conf: str = _BY_PATH
    memory_mib: int = 2048
    full_only: bool = False
    cmdline: str = ""  # more words for the kernel

    @property
    def machine(self) -> Machine:
        return Machine(self.memory_mib, five_level=False, uefi=False)


def _configuration(text: str) -> str:
    return f"cat > /etc/kdump.conf <<'END'\n{text}END"


_RESTORE_CONFIGURATION = "cp /case/etc/kdump.conf /etc/kdump.conf"
_RESTORE_SYSCONFIG = "cp /case/etc/sysconfig/kdump /etc/sysconfig/kdump"

_BAD_INPUT = (
    Step("start", "kdumpctl start", 0, (r"Starting kdump: \[OK\]",), loaded=True),
    Step("status", "kdumpctl status", 0, ("Kdump is operational",), loaded=True),
    Step("plan", "kdumpctl plan --json", 0, ('"syscall": "kexec_', '"elfcorehdr"'), loaded=True),
    Step(
        "malformed-conf",
        "kdumpctl restart",
        1,
        (r"/etc/kdump\.conf:2", r"/etc/kdump\.conf:3", "no_such_option"),
        loaded=True,
        prepare=_configuration("path /var/crash\nno_such_option 1\nfinal_action explode\n"),
        restore=_RESTORE_CONFIGURATION,
    ),
    Step(
        "no-conf",
        "kdumpctl restart",
        1,
        (r"/etc/kdump\.conf",),
        loaded=True,
        prepare="rm /etc/kdump.conf",
        restore=_RESTORE_CONFIGURATION,
    ),
    Step(
        "unreadable-conf",
        "kdumpctl restart",
        1,
        (r"/etc/kdump\.conf",),
        loaded=True,
        prepare="rm /etc/kdump.conf; mkdir /etc/kdump.conf",
        restore=f"rmdir /etc/kdump.conf; {_RESTORE_CONFIGURATION}",
    ),
    Step(
        "missing-kernel",
        "kdumpctl restart",
        1,
        (r"9\.9\.9-none",),
        loaded=True,
        prepare="echo 'KDUMP_KERNELVER=\"9.9.9-none\"' >> /etc/sysconfig/kdump",
        restore=_RESTORE_SYSCONFIG,
    ),
    # The kernel itself would load it: only user space can refuse.
    Step(
        "truncated-kernel",
        "kdumpctl restart",
        1,
        ("vmlinuz",),
        loaded=True,
        prepare="kernel=/boot/vmlinuz-$(uname -r); mv $kernel /tmp/vmlinuz; "
        "head -c $(($(stat -c %s /tmp/vmlinuz) / 2)) /tmp/vmlinuz > $kernel",
        restore="mv /tmp/vmlinuz /boot/vmlinuz-$(uname -r)",
    ),
    Step(
        "missing-target",
        "kdumpctl restart",
        1,
        ("01234567-89ab-cdef-0123-456789abcdef",),
        loaded=True,
        prepare=_configuration("ext4 UUID=01234567-89ab-cdef-0123-456789abcdef\n"),
        restore=_RESTORE_CONFIGURATION,
    ),
    # The image is current, and mounts the target by itself: armed, with a warning.
    Step(
        "read-only-target",
        "kdumpctl restart",
        0,
        ("WARNING", "/var/crash", "read-only", "remount,rw"),
        loaded=True,
        prepare="mount -o remount,ro /var/crash",
    ),
    Step(
        "read-only-target-rebuild",
        "kdumpctl rebuild",
        1,
        ("/var/crash|vdb", "read-only"),
        loaded=True,
        restore="mount -o remount,rw /var/crash",
    ),
    Step("restart-after-repair", "kdumpctl restart", 0, (r"Starting kdump: \[OK\]",), loaded=True),
    Step("stop", "kdumpctl stop", 0, (r"Stopping kdump: \[OK\]",), loaded=False),
    Step("status-stopped", "kdumpctl status", 3, ("Kdump is not operational",), loaded=False),
    Step(
        "no-room",
        "kdumpctl start",
        1,
        (r"\d+ ?(MiB|MB|M|KiB|KB|kB|bytes)\b", r"Starting kdump: \[FAILED\]"),
        loaded=False,
        prepare="echo $((16 << 20)) > /sys/kernel/kexec_crash_size",
    ),
)

# Without Secure Boot's keys no signature can be checked, so a locked down kernel loads nothing.
_LOCKED_DOWN = (
    Step(
        "start",
        "kdumpctl start",
        1,
        (r"locked down \(integrity\)", "mokutil", r"Starting kdump: \[FAILED\]"),
        loaded=False,
    ),
    Step(
        "start-kexec_load",
        "kdumpctl start",
        1,
        ("KEXEC_ARGS is not followed", r"locked down \(integrity\)"),
        loaded=False,
        prepare='sed -i \'s/KEXEC_ARGS="-s"/KEXEC_ARGS="-c"/\' /etc/sysconfig/kdump',
    ),
)

_NO_RESERVATION = (
    Step(
        "start",
        "kdumpctl start",
        1,
        ("No memory reserved for crash kernel", r"Starting kdump: \[FAILED\]"),
        loaded=False,
    ),
    Step("status", "kdumpctl status", 3, ("Kdump is not operational",), loaded=False),
)


def _matrix():
    """Every kernel x paging x firmware, with memory in use; the cases of the quick run are not repeated."""
    for series in ("5.10", "6.1", "6.12", "sid"):
        for five_level in (False, True):
            for uefi in (False, True):
                paging, firmware = ("5level" if five_level else "4level"), (
                    "uefi" if uefi else "bios"
                )
                yield PanicCase(
                    f"{series}-{paging}-{firmware}-workload",
                    series,
                    five_level,
                    uefi,
                    cpu=1 if uefi else 0,
                    syscall="kexec_file_load" if five_level else "kexec_load",
                    workload_mib=600,
                    crash_knows=series != "sid",
                    full_only=True,
                )


def _loads():
    """Each system call on plain and on new CPUs, with each firmware and kind of reservation."""
    for syscall in ("kexec_load", "kexec_file_load"):
        for uefi in (False, True):
            for model in ("qemu64", "max,-cx16"):
                for high in (False, True):
                    words = [
                        "6.1",
                        syscall.removeprefix("kexec_").replace("_", "-"),
                        "uefi" if uefi else "bios",
                        model.partition(",")[0],
                        "high" if high else "low",
                    ]
                    crashkernel = "crashkernel=256M"
                    if high:
                        crashkernel = "crashkernel=256M,high crashkernel=128M,low"
                    yield PanicCase(
                        "-".join(words),
                        "6.1",
                        uefi=uefi,
                        five_level=model != "qemu64",
                        crashkernel=crashkernel,
                        memory_mib=6144 if high else 2048,
                        syscall=syscall,
                        model=model,
                        full_only=True,
                    )


_ON_SERIAL = PanicCase("6.12-serial", "6.12", syscall="kexec_load", append="kexec.serial=ttyS0")
# What runs between the two kernels: with a serial line, after damage, and with a port where no line is.
_TRAMPOLINE = (
    _ON_SERIAL,
    dataclasses.replace(_ON_SERIAL, name="6.12-serial-damaged", damaged=True),
    dataclasses.replace(_ON_SERIAL, name="6.12-serial-absent", append="kexec.serial=ttyS3"),
)

# Hosts that differ in one thing from those above.
_SINGULAR = (
    PanicCase("6.1-nmi", "6.1", cpus=1, cmdline="unknown_nmi_panic", trigger=_NMI),
    PanicCase("6.1-lockdown-integrity", "6.1", append="lockdown=integrity"),
    PanicCase("6.12-lockdown-confidentiality", "6.12", append="lockdown=confidentiality"),
    PanicCase("6.12-unified", "6.12", unified=True),
    PanicCase("6.12-unified-kexec_load", "6.12", unified=True, syscall="kexec_load"),
    PanicCase("6.12-layout", "6.12", kexec_args="-s -d", kernel_tells=True),
    PanicCase("6.12-layout-uefi", "6.12", uefi=True, kexec_args="-s -d", kernel_tells=True),
    *_TRAMPOLINE,
    # More than kexec_file_load hands on: -s is not followed, and the panic kernel gets all of them.
    PanicCase(
        "6.12-many-ranges",
        "6.12",
        cmdline=f"memmap={','.join(f'4K${1024 + mib}M' for mib in range(140))}",
        syscall="kexec_load",
        kexec_args="-s",
    ),
    PanicCase("6.1-plugged-reloaded", "6.1", plugs=("cpu", "memory"), reload=True),
    # QEMU 7.2 tells 6.12 of no CPU that could come, and a CPU that came unasked wakes up from the NMI of the panic.
    PanicCase(
        "6.12-plugged-followed", "6.12", plugs=("memory", "cpu1_again"), syscall="kexec_load"
    ),
    PanicCase("6.12-plugged-followed-file", "6.12", plugs=("memory", "cpu1_again")),
)

CASES: tuple[PanicCase | CommandCase, ...] = (
    PanicCase("6.1-4level-bios", "6.1", estimate=True),
    PanicCase(
        "6.1-5level-bios-cpu1",
        "6.1",
        five_level=True,
        cpu=1,
        syscall="kexec_load",
        kdump_conf=_BY_UUID,
        dump_folder="crash",
    ),
    CommandCase("6.1-bad-input", "6.1", _BAD_INPUT),
    CommandCase("6.1-no-reservation", "6.1", _NO_RESERVATION, crashkernel=""),
    CommandCase(
        "6.1-locked-down", "6.1", _LOCKED_DOWN, cmdline="lockdown=integrity", full_only=True
    ),
    PanicCase(
        "6.1-high-low",
        "6.1",
        crashkernel="crashkernel=256M,high crashkernel=128M,low",
        memory_mib=6144,
        syscall="kexec_load",
    ),
    PanicCase(
        "6.12-4level-bios",
        "6.12",
        kdump_conf=_BY_LABEL,
        dump_folder="var/crash",
        workload_mib=300,
        estimate=True,
    ),
    PanicCase(
        "6.12-5level-uefi",
        "6.12",
        five_level=True,
        uefi=True,
        cpu=1,
        syscall="kexec_load",
        kdump_conf=_BY_DEVICE,
        dump_folder="dumps",
    ),
    PanicCase("sid-5level-bios", "sid", five_level=True, workload_mib=300, crash_knows=False),
    *_matrix(),
    *_loads(),
    *(dataclasses.replace(case, full_only=True) for case in _SINGULAR),
)
DEMO = "6.1-4level-bios"
