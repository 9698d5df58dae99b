# SPDX-License-Identifier: GPL-2.0-or-later
"""Dump targets, hooks and what happens when they fail: each case panics, and drgn opens what was saved."""

import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile
import time

from vm import boot, checks, cpio, disk, guest, qemu
from vm.guest import CRASH_DISK_UUID
from vm.kdump_file import FormatError, KdumpFile
from vm.nfs_server import NfsServer
from vm.ssh_server import EXPORT, SshServer
from vm.qemu import Machine
from vm.readers import ReaderError
from vm.result import Result

_VIRTIOFSD = next(
    (
        path
        for path in ("/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd")
        if os.path.exists(path)
    ),
    "virtiofsd",
)
_PANIC = r"sysrq: Trigger a crash"
TO_CRASH_DISK = f"ext4 UUID={CRASH_DISK_UUID}\npath /\n"
SAVED = r"kdump-agent: saved vmcore \("


@dataclasses.dataclass(frozen=True)
class TargetCase:
    """Arm, panic, capture as the configuration says, and look at the serial line and at what was left."""

    name: str
    kdump_conf: str = TO_CRASH_DISK
    series: str = "6.1"
    files: tuple[tuple[str, str], ...] = ()  # executables of the guest below /etc: (path, text)
    disks: tuple[tuple[str, ...], ...] = ()  # vdd, vde ...: MiB, then what formats it on this host
    prepare: str = ""  # shell lines in the guest before kdumpctl start
    console: tuple[str, ...] = (
        SAVED,
        "kdump-agent: final action: reboot",
    )  # after the panic, in this order
    never: tuple[str, ...] = ()
    left: tuple[
        tuple[str, str], ...
    ] = ()  # (name of a file on the crash disk, pattern for its text)
    # Where the dump is: there, "share", "export", "second boot" (`after` puts it into /harness/dump) or "".
    dump: str = "crash disk"
    after: str = ""  # shell lines of a boot after the capture
    uefi: bool = False
    share: bool = False  # a virtiofs share with the tag "dumps"
    # A second guest, or this host; what it was sent is in "export" afterwards.
    server: NfsServer | SshServer | None = None
    refused: tuple[str, ...] = ()  # not armed, and kdumpctl start says so, in these words
    seconds: float = 600.0  # until it is given up
    full_only: bool = False

    @property
    def machine(self) -> Machine:
        return Machine(1024, five_level=False, uefi=self.uefi)

    def run(self, programs, fetcher, folder: pathlib.Path) -> Result:
        return run_case(self, programs, fetcher, folder)


def script(*lines: str) -> str:
    return "#!/bin/sh\n" + "".join(f"{line}\n" for line in lines)


_HOOKS = TargetCase(
    "hooks",
    kdump_conf=TO_CRASH_DISK + "kdump_pre /etc/kdump/decide\nkdump_post /etc/kdump/after\n"
    "extra_bins /usr/bin/workload\nextra_modules loop\nfinal_action poweroff\n",
    files=(
        ("kdump/decide", script("echo the first hook", "test -x /usr/bin/workload")),
        ("kdump/pre.d/10-a", script("echo pre.d runs and fails", "exit 7")),
        (
            "kdump/post.d/10-b",
            script("ls /kdumproot | grep incomplete", "echo post.d was told $1"),
        ),
        ("kdump/post.d/README", "not executable"),
        (
            "kdump/after",
            script("echo kdump_post was told $1 >/kdumproot/told; cat /kdumproot/told"),
        ),
    ),
    prepare="chmod -x /etc/kdump/post.d/README",
    console=(
        r"kdump-agent: running /etc/kdump/decide",
        "the first hook",
        "pre.d runs and fails",
        r"WARNING: /etc/kdump/pre\.d/10-a failed: exit code 7",
        r"kdump-agent: saved vmcore-dmesg\.txt",
        SAVED,
        "post.d was told 0",
        "kdump_post was told 0",
        "kdump-agent: final action: poweroff",
    ),
    never=("README",),
    left=(("told", "kdump_post was told 0"), ("kexec-dmesg.log", "post.d was told 0")),
)

_DECLINED = TargetCase(
    "hook-declines",
    kdump_conf=TO_CRASH_DISK + "kdump_pre /etc/kdump/decide\nfailure_action halt\n",
    files=(("kdump/decide", script("exit 1")),),
    console=("kdump_pre wants no dump", "kdump-agent: final action: reboot"),
    never=("saving vmcore", "failure action"),
    left=(("kexec-dmesg.log", "kdump_pre wants no dump"),),
    dump="",
    full_only=True,
)

# The crash disk is emptied of its file system between arming and the panic.
_ROOTFS = TargetCase(
    "dump-to-rootfs",
    kdump_conf=TO_CRASH_DISK
    + "failure_action dump_to_rootfs\nkdump_emergency /etc/kdump/emergency\n",
    files=(("kdump/emergency", script("echo never needed")),),
    console=(
        f"did not appear|UUID={CRASH_DISK_UUID}",
        "trying the next dump target: / on /dev/vda",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    never=("never needed",),
    prepare="on_panic='umount /var/crash; dd if=/dev/zero of=/dev/vdb bs=1M count=1; sync'",
    dump="second boot",
    after="cp -r /127.0.0.1-* /harness/dump",
)

_FULL = TargetCase(
    "target-full-emergency",
    kdump_conf=TO_CRASH_DISK + "failure_action poweroff\nkdump_emergency /etc/kdump/emergency\n"
    "kdump_post /etc/kdump/after\n",
    files=(
        ("kdump/emergency", script("echo the emergency hook")),
        ("kdump/after", script("echo kdump_post was told $1")),
    ),
    prepare="dd if=/dev/zero of=/var/crash/spare bs=1M count=4; dd if=/dev/zero of=/var/crash/filler bs=1M; "
    "rm /var/crash/spare; sync",
    console=(
        r"kdump-agent: saved vmcore-dmesg\.txt",
        "ERROR: cannot save vmcore: no room for a dump: the smallest needs about",
        "kdump_post was told 1",
        "the last messages of the crashed kernel:",
        "the emergency hook",
        "kdump-agent: failure action: poweroff",
    ),
    never=(SAVED, "saving vmcore$"),
    left=(
        ("vmcore-dmesg.txt", "sysrq: Trigger a crash"),
        ("kexec-dmesg.log", "cannot save vmcore"),
    ),
    dump="",
)

# Three old dumps and hardly anything else: two of them stay.
_NEARLY_FULL = TargetCase(
    "target-nearly-full",
    kdump_conf=TO_CRASH_DISK + "keep_dumps 9\n",
    prepare="for year in 2020 2021 2022; do old=/var/crash/127.0.0.1-$year-01-01-00:00:00; mkdir $old; "
    "dd if=/dev/zero of=$old/old bs=1M count=64; done; dd if=/dev/zero of=/var/crash/filler bs=1M count=28; sync",
    console=(
        r"kdump-agent: saved vmcore-dmesg\.txt",
        r"removed the old dump 127\.0\.0\.1-2020-01-01-00:00:00 to make room",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    never=("removed the old dump 127.0.0.1-2022",),
)

_HUNG = TargetCase(
    "hook-killed-and-target-gone",
    kdump_conf=f"ext4 UUID={CRASH_DISK_UUID}\npath /\nfailure_action poweroff\n"
    "kdump_emergency /etc/kdump/emergency\n",
    files=(("kdump/emergency", script("echo the emergency hook", "kill -9 $$")),),
    prepare="on_panic='umount /var/crash; dd if=/dev/zero of=/dev/vdb bs=1M count=1; sync'",
    console=(
        f"the dump target UUID={CRASH_DISK_UUID} did not appear within 60 s",
        "the emergency hook",
        "WARNING: /etc/kdump/emergency failed: killed by signal 9",
        "kdump-agent: final action: poweroff",
    ),
    never=(SAVED,),
    dump="",
    full_only=True,
)

# A partition of a disk: the next boot's kdumpctl start makes files of it.
_RAW = TargetCase(
    "raw",
    kdump_conf="raw /dev/vdd1\n",
    disks=(("512", "sh", "-c", "echo type=linux | sfdisk -q --label gpt $0"),),
    console=("kdump-agent: saved vmcore on /dev/vdd1", "kdump-agent: final action: reboot"),
    dump="second boot",
    after="run start kdumpctl start; run again kdumpctl import; ls /var/crash/*/vmcore-dmesg.txt; "
    "cp -r /var/crash/20* /harness/dump",
)


def _on_file_system(fs_type: str, mkfs: str, options: str = "rw", **others) -> TargetCase:
    """The dump path on a disk with this file system, mounted there."""
    return TargetCase(
        f"target-{fs_type}",
        kdump_conf="path /dumps/crash\n",
        disks=(("512", *mkfs.split()),),
        prepare=f"mkdir -p /dumps; modprobe {fs_type}; mount -t {fs_type} /dev/vdd /dumps; mkdir -p /dumps/crash",
        dump="second boot",
        after=f"mkdir -p /dumps; modprobe {fs_type}; mount -t {fs_type} -o {options} /dev/vdd /dumps; "
        "cp -r /dumps/crash /harness/dump",
        **others,
    )


_VIRTIOFS = TargetCase(
    "target-virtiofs",
    kdump_conf="virtiofs dumps\n",
    prepare="modprobe virtiofs; mkdir -p /share; mount -t virtiofs dumps /share; mkdir -p /share/var/crash",
    share=True,
    dump="share",
    full_only=True,
)

_LVM = TargetCase(
    "target-lvm",
    kdump_conf="path /dumps/crash\n",
    disks=(("256",), ("256",)),
    files=(
        ("lvm/lvm.conf", "activation { udev_sync = 0 udev_rules = 0 }\n"),
    ),  # the guest has no udev
    # Of two parts, one on each disk; the group changes after arming, so that its metadata then is out of date.
    prepare="modprobe dm_mod; mkdir -p /run/lvm /run/lock/lvm /dumps; lvm vgcreate "
    "vg /dev/vdd /dev/vde; lvm lvcreate -y -Zn -L 200M -n small vg /dev/vdd; "
    "lvm lvcreate -y -Zn -L 250M -n dumps vg; "
    "mke2fs /dev/mapper/vg-dumps; mount -t ext4 /dev/mapper/vg-dumps /dumps; mkdir /dumps/crash; "
    "on_panic='lvm lvremove -y vg/small; lvm lvextend -L +20M vg/dumps; sync'",
    console=("set up the logical volume vg-dumps", SAVED, "kdump-agent: final action: reboot"),
    dump="second boot",
    after="modprobe dm_mod; mkdir -p /run/lvm /run/lock/lvm /dumps; lvm vgchange -ay vg; "
    "mount -t ext4 /dev/mapper/vg-dumps /dumps && cp -r /dumps/crash /harness/dump",
)

# The pool lies on both disks; the volume grows into it. thin_check is not in the guest.
_MAKE_THIN = (
    "modprobe dm_thin_pool; mkdir -p /run/lvm /run/lock/lvm /dumps; lvm vgcreate vg /dev/vdd /dev/vde; "
    "lvm lvcreate -y -Zn -L {pool} -T vg/pool; lvm lvcreate -y -V 400M -T vg/pool -n dumps; "
    "mke2fs -E nodiscard /dev/mapper/vg-dumps; mount -t ext4 /dev/mapper/vg-dumps /dumps; mkdir /dumps/crash; "
)
_LVM_THIN = dataclasses.replace(
    _LVM,
    name="target-lvm-thin",
    files=(
        (
            "lvm/lvm.conf",
            'activation { udev_sync = 0 udev_rules = 0 }\nglobal { thin_check_executable = "" }\n',
        ),
    ),
    prepare=_MAKE_THIN.format(pool="300M"),
    console=(
        r"the thin pool vg/pool has \d+",
        "set up the logical volume vg-dumps",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    after="modprobe dm_thin_pool; " + _LVM.after,
)
# Eight MiB are left in the pool and hundreds in the file system: writes fail at once, and the next target is tried.
_LVM_THIN_FULL = dataclasses.replace(
    _LVM_THIN,
    name="target-lvm-thin-full",
    kdump_conf=f"path /dumps/crash\nfallback_target ext4 UUID={CRASH_DISK_UUID}\n",
    prepare=_MAKE_THIN.format(pool="64M")
    + "mkdir -p /var/crash/dumps/crash; "
    + "on_panic='dd if=/dev/zero of=/dumps/filler bs=1M count=44; sync; lvm lvs -a; df /dumps'",
    console=(
        r"the thin pool vg/pool has \d+",
        "set up the logical volume vg-dumps",
        "cannot save vmcore",
        "trying the next dump target",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    dump="crash disk",
    after="",
)

_RAID1 = TargetCase(
    "target-raid1",
    kdump_conf="path /dumps/crash\n",
    disks=(("256",), ("256",)),
    prepare="modprobe raid1; mkdir -p /run/mdadm /dumps; mdadm --create /dev/md0 --run --level=1 --raid-devices=2 "
    "--metadata=1.2 /dev/vdd /dev/vde; mke2fs /dev/md0; mount -t ext4 /dev/md0 /dumps; mkdir /dumps/crash",
    console=("started the md array .*: /dev/md127", SAVED, "kdump-agent: final action: reboot"),
    dump="second boot",
    after="modprobe raid1; mkdir -p /run/mdadm /dumps; mdadm --assemble /dev/md0 /dev/vdd /dev/vde; "
    "mount -t ext4 /dev/md0 /dumps && cp -r /dumps/crash /harness/dump",
)

# An encrypted volume with the dump path on it. The guest has no udev, and its processor no time for Argon2.
_LUKS_UUID = "03813836-56e6-1ab3-b58e-27507ac41937"
_OPEN_LUKS = (
    "export DM_DISABLE_UDEV=1; mkdir -p /run/cryptsetup /dumps; modprobe dm_crypt; "
    "printf secret | cryptsetup open --key-file=- /dev/vdd luks-dumps; "
)
_LUKS = TargetCase(
    "target-luks2",
    series="dm-crypt",
    kdump_conf="path /dumps/crash\n",
    disks=(
        (
            "256",
            "sh",
            "-c",
            "printf secret | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "
            f"--sector-size 4096 --uuid {_LUKS_UUID} --key-file=- $0",
        ),
    ),
    # The key is where systemd leaves it with link-volume-key=.
    prepare=_OPEN_LUKS
    + "mke2fs -b 4096 /dev/mapper/luks-dumps; mount -t ext4 /dev/mapper/luks-dumps /dumps; mkdir /dumps/crash; "
    "mount -t configfs configfs /sys/kernel/config; printf secret | cryptsetup luksDump -q --dump-volume-key "
    "--key-file=- --volume-key-file /run/volume-key /dev/vdd; "
    f"keyctl padd logon kdump-cryptsetup:vk-{_LUKS_UUID} @u </run/volume-key",
    console=(
        "opened the encrypted volume luks-dumps",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    dump="second boot",
    after=f"{_OPEN_LUKS}mount -t ext4 /dev/mapper/luks-dumps /dumps && cp -r /dumps/crash /harness/dump",
    full_only=True,
)
_LUKS_WITHOUT_KEY = dataclasses.replace(
    _LUKS,
    name="target-luks2-no-key",
    prepare=_LUKS.prepare.partition("printf secret | cryptsetup luksDump")[0],
    refused=("The key of the encrypted dump target is not in root's keyring", "setup-crypttab"),
)
_LUKS_REFUSED = dataclasses.replace(
    _LUKS,
    name="target-luks2-refused",
    series="6.1",
    prepare=_LUKS.prepare.partition("printf secret | cryptsetup luksDump")[0],
    refused=("an encrypted volume", "CONFIG_CRASH_DM_CRYPT", "Use a file system on a plain disk"),
    full_only=False,
)

CASES = (
    _RAW,
    _LUKS,
    _LUKS_WITHOUT_KEY,
    _LUKS_REFUSED,
    _on_file_system("xfs", "mkfs.xfs -q", full_only=True),
    _on_file_system("btrfs", "mkfs.btrfs -q", full_only=True),
    _on_file_system("vfat", "mkfs.vfat", "fmask=0177", full_only=True),
    _VIRTIOFS,
    _LVM,
    _LVM_THIN,
    _LVM_THIN_FULL,
    _RAID1,
    _HOOKS,
    _DECLINED,
    _ROOTFS,
    _FULL,
    _NEARLY_FULL,
    _HUNG,
)


def run_case(case: TargetCase, programs, fetcher, folder: pathlib.Path) -> Result:
    result = Result(case.name, str(folder))
    kernel = fetcher.kernel(case.series)
    start = time.monotonic()
    evidence = _boot(case, kernel, programs, folder)
    result.figures["kernel"] = kernel.release
    if case.refused:
        _check_refused(case, evidence, result)
    elif _check_armed(evidence, result):
        _check_image(case, evidence, result)
        _check_console(case, evidence, result)
        _check_left(case, evidence, result)
        if case.after:
            _boot_again(case, kernel, folder)
            disk.extract(folder / "harness.img", evidence.harness)
        if case.dump:
            _check_dump(case, evidence, fetcher, result)
    result.seconds = round(time.monotonic() - start, 1)
    if result.passed:
        evidence.release_big_files()
        for path in folder.glob("*.img"):
            path.unlink()
    return result


def _boot(case: TargetCase, kernel, programs, folder: pathlib.Path) -> boot.Evidence:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    root = guest.root_disk(kernel, programs.root, programs.guest, programs.disks)
    # A root of its own, that can be written to.
    shutil.copyfile(root, folder / "root.img")
    guest.make_crash_disk(folder / "crash.img", mib=256)
    guest.make_harness_disk(folder / "harness.img")
    for number, (mib, *formatter) in enumerate(case.disks):
        guest.make_raw_disk(folder / f"disk{number}.img", int(mib), formatter)
    script = (
        f"on_panic=\n{case.prepare}\nrun start kdumpctl start\n"
        "facts\n"
        'if [ "$(cat /harness/start.exit)" = 0 ]; then\n'
        'eval "$on_panic"\npanic-trigger\nfi\n'
    )
    run = _run(case, kernel, folder, script, "serial.log")
    evidence = boot.Evidence(case, kernel, run, folder)
    disk.extract(folder / "harness.img", evidence.harness)
    return evidence


def _boot_again(case: TargetCase, kernel, folder: pathlib.Path) -> None:
    """What a case did to the crash disk must not keep the guest from booting."""
    guest.make_crash_disk(folder / "crash.img", mib=256)
    _run(case, kernel, folder, f"mkdir -p /harness\n{case.after}\n", "second.log")


@contextlib.contextmanager
def _shared(case: TargetCase, folder: pathlib.Path):
    """QEMU's arguments for the case's share, which is served meanwhile."""
    if not case.share:
        yield ()
        return
    (folder / "share").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="virtiofs-") as place:  # a socket's name is short
        socket = pathlib.Path(place) / "socket"
        with subprocess.Popen(
            [
                _VIRTIOFSD,
                f"--socket-path={socket}",
                "-o",
                f"source={folder / 'share'},sandbox=chroot,cache=none",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as server:
            try:
                yield (
                    "-chardev",
                    f"socket,id=share,path={socket}",
                    "-device",
                    "vhost-user-fs-pci,chardev=share,tag=dumps",
                )
            finally:
                server.terminate()


def _run(case: TargetCase, kernel, folder: pathlib.Path, script: str, log: str) -> qemu.Run:
    files = {
        "run.sh": cpio.file(script.replace(EXPORT, str(folder / "export"))),
        "etc/kdump.conf": cpio.file(case.kdump_conf.replace(EXPORT, str(folder / "export"))),
        "etc/sysconfig/kdump": cpio.file(boot.sysconfig(case)),
        **{f"etc/{name}": cpio.file(text, 0o755) for name, text in case.files},
    }
    if isinstance(case.server, SshServer):
        more = case.server.guest_files(folder)
        files.update({f"etc/{name}": entry for name, entry in more.items()})
    guest.boot_initramfs(kernel, files, folder / "initramfs")
    names = ["root.img", "crash.img", "harness.img"]
    names += [f"disk{number}.img" for number in range(len(case.disks))]
    with contextlib.ExitStack() as outside:
        devices = outside.enter_context(_shared(case, folder))
        if case.server:
            devices += outside.enter_context(case.server.running(kernel, folder))
        return qemu.run(
            case.machine,
            kernel.vmlinuz,
            folder / "initramfs",
            "console=ttyS0 root=/dev/vda rw panic=5 no_timer_check crashkernel=256M",
            [f"file={folder / name}" for name in names],
            folder / "ram",
            folder / log,
            case.seconds,
            devices=devices,
        )


def _check_armed(evidence: boot.Evidence, result: Result) -> bool:
    return result.check(
        "kdumpctl start",
        evidence.exit_of("start") == 0,
        " | ".join(evidence.output_of("start").splitlines()[-6:]),
    )


def _check_refused(case: TargetCase, evidence: boot.Evidence, result: Result) -> None:
    output = evidence.output_of("start")
    result.check("kdumpctl start fails", evidence.exit_of("start") == 1, output[-300:])
    for pattern in case.refused:
        result.check(f"it says: {pattern}", bool(re.search(pattern, output)), output[-600:])


def _check_image(case: TargetCase, evidence: boot.Evidence, result: Result) -> None:
    """With a network in it, too, an image has to be small."""
    checks.measure_image(evidence, result)
    limits = {"image_packed": 9, "image_unpacked": 25} if case.server else {}
    for key, megabytes in limits.items():
        size = result.figures.get(key, 0) / 1e6
        result.check(f"{key} is at most {megabytes} MB", 0 < size <= megabytes, f"{size:.1f} MB")


def _check_console(case: TargetCase, evidence: boot.Evidence, result: Result) -> None:
    run = evidence.run
    at = run.when(_PANIC)
    if not result.check("the kernel panicked", at is not None):
        return
    panic = at
    texts = [text for when, text in run.lines if when >= panic]
    place = 0
    for pattern in case.console:
        found = next((i for i in range(place, len(texts)) if re.search(pattern, texts[i])), None)
        result.check(f"the console says: {pattern}", found is not None, " | ".join(texts[-4:]))
        place = place if found is None else found
    for pattern in case.never:
        unwanted = [text for text in texts if re.search(pattern, text)]
        result.check(f"the console does not say: {pattern}", not unwanted, str(unwanted[:2]))
    result.check(
        "the machine went down by itself",
        not run.timed_out and run.exit_code == 0,
        "see serial.log",
    )
    for key, pattern in (
        ("panic_to_dmesg", r"saved vmcore-dmesg\.txt"),
        ("panic_to_vmcore", SAVED),
    ):
        when = run.when(pattern, panic)
        if when is not None:
            result.figures[key] = round(when - panic, 1)


def _check_left(case: TargetCase, evidence: boot.Evidence, result: Result) -> None:
    if case.left or case.dump == "crash disk":
        disk.extract(evidence.crash_disk, evidence.crash_files)
    for name, pattern in case.left:
        found = sorted(evidence.crash_files.rglob(name))
        text = found[0].read_text(errors="replace") if found else ""
        result.check(f"{name} says: {pattern}", bool(re.search(pattern, text)), text[-300:])
    if not case.dump:
        whole = (
            sorted(evidence.crash_files.rglob("vmcore")) if evidence.crash_files.exists() else []
        )
        result.check("nothing looks whole that is not", not whole, str(whole))


def _check_dump(case: TargetCase, evidence: boot.Evidence, fetcher, result: Result) -> None:
    place = {
        "crash disk": evidence.crash_files,
        "share": evidence.folder / "share",
        "export": evidence.folder / "export",
        "second boot": evidence.harness / "dump",
    }[case.dump]
    found = sorted(place.rglob("vmcore")) if place.is_dir() else []
    everything = (
        sorted(str(path.relative_to(place)) for path in place.rglob("*")) if found == [] else []
    )
    if not result.check("one vmcore", len(found) == 1, str(everything or found)):
        return
    if case.server and case.dump != "export":
        whole = list((evidence.folder / "export").rglob("vmcore"))
        result.check("nothing on the server looks whole that is not", not whole, str(whole))
    mode = stat.S_IMODE(found[0].stat().st_mode)
    result.check("vmcore has mode 0600", mode == 0o600, f"{mode:04o}")
    try:
        dump = KdumpFile(found[0])
        result.check("its header is not marked incomplete", not dump.incomplete)
        # The newest one knows the newest kernels.
        reader = list(fetcher.readers().values())[-1 if case.series == "dm-crypt" else 0]
        report = reader.drgn(found[0], evidence.kernel.vmlinux)
    except (FormatError, ReaderError, OSError, ValueError) as error:
        result.check("drgn opens it", False, str(error))
        return
    pid = int((evidence.harness / "panic_pid").read_text())
    result.check(
        "drgn names the task that panicked",
        (report.pid, report.comm) == (pid, "panic-trigger"),
        f"{report.pid} {report.comm}",
    )
    result.figures["vmcore_bytes"] = found[0].stat().st_size
    result.figures["drgn"] = f"{len(report.tasks)} tasks"
