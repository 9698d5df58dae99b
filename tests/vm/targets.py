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
from vm.iscsi_server import IscsiServer
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
WWN = "5000c500a0b1c2d3"  # of the disk with several paths


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
    crashkernel: str = "crashkernel=256M"
    share: bool = False  # a virtiofs share with the tag "dumps"
    paths: int = 0  # so many ways to one SCSI disk of 512 MiB, each through an adapter of its own
    # A second guest, or this host; what it was sent is in "export" afterwards.
    server: NfsServer | SshServer | IscsiServer | None = None
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

CASES = (
    _RAW,
    _on_file_system("xfs", "mkfs.xfs -q", full_only=True),
    _on_file_system("btrfs", "mkfs.btrfs -q", full_only=True),
    _on_file_system("vfat", "mkfs.vfat", "fmask=0177", full_only=True),
    _VIRTIOFS,
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
    if case.paths:
        guest.make_raw_disk(folder / "shared.img", 512, [])
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


def _path(image: pathlib.Path, number: int) -> tuple[str, ...]:
    """QEMU's arguments for one of the ways to a disk."""
    drive = f"file={image},if=none,format=raw,cache=unsafe,file.locking=off,id=drive{number}"
    disk = f"scsi-hd,bus=adapter{number}.0,drive=drive{number},share-rw=on,serial=shared,wwn=0x{WWN},id=path{number}"
    return ("-device", f"virtio-scsi-pci,id=adapter{number}", "-drive", drive, "-device", disk)


def _run(case: TargetCase, kernel, folder: pathlib.Path, script: str, log: str) -> qemu.Run:
    files = {
        "run.sh": cpio.file(script.replace(EXPORT, str(folder / "export"))),
        "etc/kdump.conf": cpio.file(case.kdump_conf.replace(EXPORT, str(folder / "export"))),
        "etc/sysconfig/kdump": cpio.file(boot.sysconfig(case)),
        **{f"etc/{name}": cpio.file(text, 0o755) for name, text in case.files},
    }
    if isinstance(case.server, (SshServer, IscsiServer)):
        more = case.server.guest_files(folder)
        files.update({f"etc/{name}": entry for name, entry in more.items()})
    guest.boot_initramfs(kernel, files, folder / "initramfs")
    names = ["root.img", "crash.img", "harness.img"]
    names += [f"disk{number}.img" for number in range(len(case.disks))]
    with contextlib.ExitStack() as outside:
        devices = outside.enter_context(_shared(case, folder))
        for number in range(case.paths):
            devices += _path(folder / "shared.img", number)
        if case.server:
            devices += outside.enter_context(case.server.running(kernel, folder))
        return qemu.run(
            case.machine,
            kernel.vmlinuz,
            folder / "initramfs",
            f"console=ttyS0 root=/dev/vda rw panic=5 no_timer_check {case.crashkernel}",
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
    if isinstance(case.server, (NfsServer, SshServer)) and case.dump != "export":
        whole = list((evidence.folder / "export").rglob("vmcore"))
        result.check("nothing on the server looks whole that is not", not whole, str(whole))
    mode = stat.S_IMODE(found[0].stat().st_mode)
    result.check("vmcore has mode 0600", mode == 0o600, f"{mode:04o}")
    try:
        dump = KdumpFile(found[0])
        result.check("its header is not marked incomplete", not dump.incomplete)
        # The newest one knows the newer kernels, too.
        reader = list(fetcher.readers().values())[0 if case.series == "6.1" else -1]
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
