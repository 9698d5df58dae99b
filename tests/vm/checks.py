# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold after a case. Each function looks at one thing and adds its checks and figures to the result."""

import pathlib
import re
import stat
import subprocess

from vm import disk
from vm.boot import Evidence, Programs
from vm.cases import CommandCase
from vm.kdump_file import FormatError, KdumpFile
from vm.result import Result

_DUMP_NAME = re.compile(r"127\.0\.0\.1-\d{4}-\d\d-\d\d-\d\d:\d\d:\d\d")


def check_commands(evidence: Evidence, result: Result) -> None:
    """A case of commands: each one's exit code, words, and what it left loaded."""
    case = evidence.case
    assert isinstance(case, CommandCase)
    result.check(
        "the guest ran to its end",
        evidence.run.when("^@vm done") is not None and not evidence.run.timed_out,
        "see serial.log",
    )
    for step in case.steps:
        output, code = evidence.output_of(step.name), evidence.exit_of(step.name)
        missing = [pattern for pattern in step.says if not re.search(pattern, output)]
        result.check(
            f"{step.name}: exit code {step.exit_code}",
            code == step.exit_code,
            f"it was {code}: {_tail(output)}",
        )
        result.check(
            f"{step.name}: says what is wrong", not missing, f"no {missing} in: {_tail(output)}"
        )
        if step.loaded is not None:
            loaded = evidence.loaded_after(step.name)
            result.check(
                f"{step.name}: panic kernel {'loaded' if step.loaded else 'not loaded'} afterwards",
                loaded == step.loaded,
            )


def check_armed(evidence: Evidence, result: Result) -> bool:
    start, status = evidence.output_of("start"), evidence.output_of("status")
    armed = result.check(
        "kdumpctl start",
        evidence.exit_of("start") == 0 and "Starting kdump: [OK]" in start,
        _tail(start),
    )
    armed &= result.check(
        "kdumpctl status",
        evidence.exit_of("status") == 0 and "Kdump is operational" in status,
        _tail(status),
    )
    result.check(
        f"it was loaded by {evidence.case.syscall}",
        f"({evidence.case.syscall})" in status,
        _tail(status),
    )
    if armed and evidence.case.workload_mib:
        result.check(
            "the workload ran",
            evidence.exit_of("workload") == 0,
            _tail(evidence.output_of("workload")),
        )
    for what in evidence.case.plugs if armed else ():
        result.check(f"plugged in: {what}", not evidence.run.when(f"@vm no {what} came"))
    if armed and evidence.case.reload:
        result.check(
            "kdumpctl reload", evidence.exit_of("reload") == 0, _tail(evidence.output_of("reload"))
        )
    measure_image(evidence, result)
    return armed


def measure_image(evidence: Evidence, result: Result) -> None:
    images = list(evidence.harness.glob("initramfs-*kdump.img"))
    if images:
        result.figures["image_packed"] = images[0].stat().st_size
        result.figures["image_unpacked"] = _unpacked_size(images[0])


def check_capture_run(evidence: Evidence, result: Result) -> bool:
    """The serial line: panicked, saved the log first, saved the dump, rebooted by itself."""
    run = evidence.run
    panic = run.when(evidence.case.trigger.serial)
    if not result.check("the kernel panicked", panic is not None, _last_lines(run.lines)):
        return False
    dmesg = run.when(r"kdump-agent: saved vmcore-dmesg\.txt", panic)
    vmcore = run.when(r"kdump-agent: saved vmcore(?!-)", panic)
    ok = result.check("the agent saved vmcore-dmesg.txt", dmesg is not None, _last_lines(run.lines))
    ok &= result.check("the agent saved vmcore", vmcore is not None, _last_lines(run.lines))
    result.check(
        "the machine rebooted by itself",
        not run.timed_out and run.exit_code == 0,
        f"QEMU exit code {run.exit_code}",
    )
    if ok:
        result.check("vmcore-dmesg.txt came before vmcore", dmesg < vmcore)
        result.figures["panic_to_dmesg"] = round(dmesg - panic, 1)
        result.figures["panic_to_vmcore"] = round(vmcore - panic, 1)
    return ok


def check_trampoline(evidence: Evidence, result: Result) -> None:
    """What ran between the two kernels told ttyS0, where it was to, that it was reached, and of damage."""
    case, run = evidence.case, evidence.run
    panic = run.when(case.trigger.serial)
    reached = run.when("^kexec: on the way into the panic kernel", panic) is not None
    result.check("the serial line: on the way", reached == ("ttyS0" in case.append), str(reached))
    changed = run.when("^kexec: what was loaded has been overwritten", panic) is not None
    result.check("the serial line: overwritten or not", changed == case.damaged, str(changed))


def find_dump(evidence: Evidence, result: Result) -> pathlib.Path | None:
    """The dump's folder on the crash disk."""
    result.check("the crash disk was unmounted cleanly", disk.was_unmounted(evidence.crash_disk))
    disk.extract(evidence.crash_disk, evidence.crash_files)
    parent = evidence.crash_files / evidence.case.dump_folder
    found = (
        [path for path in parent.glob("*") if _DUMP_NAME.fullmatch(path.name)]
        if parent.is_dir()
        else []
    )
    everything = sorted(
        str(path.relative_to(evidence.crash_files)) for path in evidence.crash_files.rglob("*")
    )
    if not result.check(
        "one folder 127.0.0.1-DATE", len(found) == 1, f"the disk holds {everything}"
    ):
        return None
    files = {path.name for path in found[0].iterdir()}
    for name in ("vmcore", "vmcore-dmesg.txt", "kexec-dmesg.log"):
        result.check(
            f"{name} exists",
            name in files and (found[0] / name).stat().st_size > 0,
            f"the folder holds {sorted(files)}",
        )
    left = [name for name in files if "incomplete" in name]
    result.check("nothing incomplete is left", not left, str(left))
    return found[0] if {"vmcore", "vmcore-dmesg.txt"} <= files else None


def check_files(dump_folder: pathlib.Path, evidence: Evidence, result: Result) -> KdumpFile | None:
    vmcore = dump_folder / "vmcore"
    mode = stat.S_IMODE(vmcore.stat().st_mode)
    result.check("vmcore has mode 0600", mode == 0o600, f"{mode:04o}")
    result.figures["vmcore_bytes"] = vmcore.stat().st_size
    try:
        dump = KdumpFile(vmcore)
    except (FormatError, OSError, ValueError) as error:
        result.check("vmcore is a kdump-compressed file", False, str(error))
        return None
    result.check("format version 6", dump.version == 6, str(dump.version))
    result.check("the header is not marked incomplete", not dump.incomplete)
    result.check("dump level 31", dump.dump_level == 31, str(dump.dump_level))
    result.check(
        "the header names the kernel", dump.utsname[2] == evidence.kernel.release, str(dump.utsname)
    )
    plugged = evidence.case.plugs.count("cpu")
    result.check(
        "one register note for each CPU", dump.cpus == evidence.case.cpus + plugged, str(dump.cpus)
    )
    return dump


def check_dmesg(dump_folder: pathlib.Path, evidence: Evidence, result: Result) -> list[str]:
    text = (dump_folder / "vmcore-dmesg.txt").read_text(errors="backslashreplace")
    for words in evidence.case.trigger.log:
        result.check(f'vmcore-dmesg.txt has "{words}"', words in text)
    return text.splitlines()


def _unpacked_size(image: pathlib.Path) -> int:
    data = image.read_bytes()
    tool = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd", b"\xfd7": "xz"}.get(data[:2])
    if tool is None:
        return len(data)
    return len(subprocess.run([tool, "-dc"], input=data, capture_output=True, check=True).stdout)


def _tail(text: str) -> str:
    return " | ".join(text.strip().splitlines()[-6:]) or "(no output)"


def _last_lines(lines: list[tuple[float, str]]) -> str:
    return "the serial line ended with: " + " | ".join(text for _, text in lines[-4:])
