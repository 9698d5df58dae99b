# SPDX-License-Identifier: GPL-2.0-or-later
"""Reboots of a systemd guest: which of them go through the firmware, and what they leave behind."""

import dataclasses
import pathlib
import shutil
import time

from vm import disk, qemu, systemd_guest
from vm.boot import Programs
from vm.console import Console
from vm.result import Result

_LOGIN_DEADLINE = 300.0
_POWER_OFF_DEADLINE = 180.0
_KEXEC_LOADER = "208"  # 0xd0: another Linux was the boot loader (Documentation/arch/x86/boot.rst)


@dataclasses.dataclass(frozen=True)
class Reboot:
    """One reboot, and what must be true after it."""

    command: str
    fast: bool
    cmdline: str  # a word that the command line must hold afterwards
    prepare: tuple[str, ...] = ()  # commands before, each of which must succeed
    afterwards: tuple[str, ...] = ()  # commands after it, each of which must succeed


@dataclasses.dataclass(frozen=True)
class FastRebootCase:
    name: str
    layout: str  # of /boot, see systemd_guest
    reboots: tuple[Reboot, ...]
    uefi: bool = False
    full_only: bool = True
    series: str = "6.1"

    def run(self, programs: Programs, _fetcher, folder: pathlib.Path) -> Result:
        """The disks stay when a check failed."""
        result = Result(self.name, str(folder))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        start = time.monotonic()
        disks = systemd_guest.make_disks(programs.root, self.layout, folder)
        with Console(_qemu(disks, self.uefi), folder, self.uefi) as console:
            logins = [f"power-on {console.wait_for_login(_LOGIN_DEADLINE):.0f} s"]
            for number, reboot in enumerate(self.reboots, 1):
                seconds = _reboot(reboot, number, console, result)
                logins.append(f"{reboot.command} {seconds:.0f} s")
            passes = console.firmware_passes()
            console.send("systemctl poweroff")
            result.check("poweroff ends the machine", console.wait_for_end(_POWER_OFF_DEADLINE))
            result.check("poweroff makes no further pass", console.firmware_passes() == passes)
        for image in (disks.root, disks.boot):
            result.check(f"{image.name} was unmounted", disk.was_unmounted(image))
        result.figures["logins"] = ", ".join(logins)
        result.seconds = round(time.monotonic() - start, 1)
        if result.passed:
            for image in (disks.root, disks.boot, disks.kernel, disks.initrd):
                image.unlink()
        return result


_MAKE_GRUB_CFG = "mkdir -p /boot/grub && grub-mkconfig -o /boot/grub/grub.cfg"
_LOAD_KEXEC = "sed -i s/LOAD_KEXEC=false/LOAD_KEXEC=true/ /etc/default/kexec"
_FAST_REBOOT = "kdumpctl fast-reboot --yes"
# As `bootctl set-oneshot guest-once.efi` sets it: attributes, then UTF-16.
_ONE_SHOT_VARIABLE = (
    "/sys/firmware/efi/efivars/LoaderEntryOneShot-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
)
_ONE_SHOT = (
    r"printf '\007\0\0\0"
    + "".join(rf"{letter}\0" for letter in "guest-once.efi")
    + rf"\0\0' > {_ONE_SHOT_VARIABLE}"
)

CASES = (
    FastRebootCase(
        "fast-reboot-bls",
        "red_hat",
        (Reboot(_FAST_REBOOT, True, "via=menu"),),
    ),
    FastRebootCase(
        "fast-reboot-bls-once-and-cold",
        "red_hat",
        (
            Reboot(
                _FAST_REBOOT,
                True,
                "via=once",
                prepare=(
                    "grub-editenv /boot/grub2/grubenv set next_entry=guest-0-once",
                    "kdumpctl kexec list | grep -q '^\\* guest-0-once'",
                ),
                afterwards=("! grep -q next_entry /boot/grub2/grubenv",),
            ),
            Reboot("coldreboot", False, "via=firmware", prepare=("kdumpctl kexec load",)),
        ),
    ),
    FastRebootCase(
        "fast-reboot-debian",
        "debian",
        (
            Reboot(
                _FAST_REBOOT,
                True,
                "via=menu",
                prepare=(_MAKE_GRUB_CFG, "! kdumpctl fast-reboot < /dev/null"),
            ),
            Reboot("systemctl reboot", True, "via=menu", prepare=(_LOAD_KEXEC,)),
            Reboot("coldreboot", False, "via=firmware"),
            Reboot("reboot", True, "via=firmware"),  # an empty APPEND repeats the command line
        ),
    ),
    FastRebootCase(
        "fast-reboot-uefi-bls",
        "red_hat",
        (Reboot(_FAST_REBOOT, True, "via=menu"),),
        uefi=True,
    ),
    FastRebootCase(
        "fast-reboot-uefi-unified",
        "unified",
        (
            Reboot(_FAST_REBOOT, True, "via=menu", afterwards=("test -d /sys/firmware/efi",)),
            Reboot(
                _FAST_REBOOT,
                True,
                "via=once",
                prepare=(_ONE_SHOT, "kdumpctl kexec list | grep -q '^\\* guest-once.efi'"),
                afterwards=(f"test ! -e {_ONE_SHOT_VARIABLE}",),
            ),
            Reboot("coldreboot", False, "via=firmware", prepare=("kdumpctl kexec load",)),
        ),
        uefi=True,
    ),
)


def _reboot(reboot: Reboot, number: int, console: Console, result: Result) -> float:
    """Seconds from the command to the next login."""
    name = f"{number}. {reboot.command}"
    for command in reboot.prepare:
        code, output = console.run(command, 180)
        result.check(f"{name}: before: {command}", code == 0, output)
    boot_id = console.run("cat /proc/sys/kernel/random/boot_id")[1]
    passes, start = console.firmware_passes(), console.seconds
    console.send(reboot.command)
    seconds = console.wait_for_login(_LOGIN_DEADLINE) - start
    through_firmware = console.firmware_passes() > passes
    result.check(f"{name}: firmware", through_firmware != reboot.fast, str(through_firmware))
    result.check(
        f"{name}: another boot",
        console.run("cat /proc/sys/kernel/random/boot_id")[1] != boot_id,
    )
    _, loader = console.run("cat /proc/sys/kernel/bootloader_type")
    result.check(f"{name}: boot loader", loader.endswith(_KEXEC_LOADER) == reboot.fast, loader)
    _, cmdline = console.run("cat /proc/cmdline")
    result.check(f"{name}: command line", reboot.cmdline in cmdline.split(), cmdline)
    code, journal = console.run("dmesg | grep -E 'recovery complete|orphan cleanup'")
    result.check(f"{name}: file systems were clean", code == 1, journal)
    # The service ends after the login; only then is the fast reboot off the record.
    code, output = console.run(
        "systemctl is-system-running --wait; test ! -e /var/lib/kdump/fast-reboot.json", 180
    )
    result.check(f"{name}: it is noted that the host came up", code == 0, output)
    for command in reboot.afterwards:
        code, output = console.run(command)
        result.check(f"{name}: after: {command}", code == 0, output)
    return seconds


def _qemu(disks: systemd_guest.Disks, uefi: bool) -> list[str]:
    command = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-accel", "tcg,thread=multi"]
    command += ["-cpu", "max,-cx16,-la57", "-smp", "2", "-m", "1024M", "-display", "none"]
    command += ["-serial", "stdio", "-nic", "none"]
    if uefi:
        command += ["-bios", qemu.firmware()]
    command += ["-kernel", str(disks.kernel), "-initrd", str(disks.initrd)]
    command += ["-append", "console=ttyS0 root=LABEL=guestroot ro via=firmware"]
    for image in (disks.root, disks.boot):
        command += ["-drive", f"file={image},if=virtio,format=raw,cache=unsafe"]
    return command
