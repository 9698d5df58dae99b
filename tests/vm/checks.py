# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold after a case. Each function looks at one thing and adds its checks and figures to the result."""

import pathlib
import re
import stat
import subprocess

from vm import disk, pages, reference
from vm.boot import Evidence, Programs
from vm.cases import CommandCase
from vm.kdump_file import FormatError, KdumpFile
from vm.readers import CrashReport, DrgnReport, ReaderError, Readers
from vm.result import Result

_PANIC = r"sysrq: Trigger a crash"
_DUMP_NAME = re.compile(r"127\.0\.0\.1-\d{4}-\d\d-\d\d-\d\d:\d\d:\d\d")
_UNWIND_THROUGH = "sysrq_handle_crash"
_TASK = "panic-trigger"


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
    if evidence.case.workload_mib:
        result.check(
            "the workload ran",
            evidence.exit_of("workload") == 0,
            _tail(evidence.output_of("workload")),
        )
    images = list(evidence.harness.glob("initramfs-*kdump.img"))
    if images:
        result.figures["image_packed"] = images[0].stat().st_size
        result.figures["image_unpacked"] = _unpacked_size(images[0])
    return armed


def check_capture_run(evidence: Evidence, result: Result) -> bool:
    """The serial line: panicked, saved the log first, saved the dump, rebooted by itself."""
    run = evidence.run
    panic = run.when(_PANIC)
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
    result.check(
        "one register note for each CPU", dump.cpus == evidence.case.machine.cpus, str(dump.cpus)
    )
    return dump


def check_dmesg(dump_folder: pathlib.Path, result: Result) -> list[str]:
    text = (dump_folder / "vmcore-dmesg.txt").read_text(errors="backslashreplace")
    for words in ("sysrq: Trigger a crash", "Kernel panic - not syncing: sysrq triggered crash"):
        result.check(f'vmcore-dmesg.txt has "{words}"', words in text)
    return text.splitlines()


def check_readers(
    vmcore: pathlib.Path,
    unfiltered: pathlib.Path,
    dmesg: list[str],
    readers: dict[str, Readers],
    evidence: Evidence,
    result: Result,
) -> None:
    """Every crash and drgn at hand. A reader that fails the same way on the unfiltered memory judges nothing
    (it does not know this kernel); one of each must judge, but for crash when none of them can."""
    for tool, read in (("crash", Readers.crash), ("drgn", Readers.drgn)):
        judges, unable = [], []
        for place, reader in readers.items():
            try:
                version = reader.version(tool)
            except ReaderError as error:
                result.check(f"{tool} ({place}) starts", False, str(error))
                continue
            problems = _problems(read, reader, vmcore, dmesg, evidence)
            # The log is compared with vmcore-dmesg.txt, so the unfiltered memory answers the same question.
            limits = _problems(read, reader, unfiltered, dmesg, evidence) if problems else []
            ok = problems == limits
            result.check(
                f"{tool} {version} ({place}) reads the dump as it reads the whole memory",
                ok,
                "; ".join(problem for problem in problems if problem not in limits),
            )
            if not problems:
                judges.append(version)
            elif ok:
                unable.append(f"{version}: {'; '.join(problems)}")
        result.figures[tool] = ", ".join(judges) or f"none ({'; '.join(unable)})"
        result.figures[f"{tool}_unable"] = unable
        if tool == "drgn" or len(unable) < len(readers):
            result.check(
                f"a {tool} names the task, unwinds it, lists all tasks and the log",
                bool(judges),
                "; ".join(unable),
            )


def check_pages(
    dump: KdumpFile,
    unfiltered: pathlib.Path,
    segments,
    readers: Readers,
    programs: Programs,
    evidence: Evidence,
    result: Result,
) -> None:
    """Three filters, one memory: the dump from the capture kernel, our collector here, makedumpfile here."""
    machine = evidence.case.machine
    exists = pages.difference(dump.existing, pages.existing_bitmap(segments), segments)
    result.check(
        "the dump's first bitmap is the RAM of /proc/iomem", not exists.unexplained, exists.text
    )
    wrong = pages.wrong_pages(dump, machine, evidence.ram)
    result.check("every page holds what memory held", not wrong, "; ".join(wrong))

    here = evidence.folder / "vmcore-collected-here"
    collector = subprocess.run(
        [programs.collector, "--level", "31", "--codec", "zstd", unfiltered, here],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if result.check(
        "kdump-collect filters the ELF vmcore",
        collector.returncode == 0,
        _tail(collector.stderr + collector.stdout),
    ):
        result.check(
            "it leaves the same pages here as in the capture kernel",
            not (same := pages.difference(dump.kept, KdumpFile(here).kept, segments)).unexplained,
            same.text,
        )
    theirs = evidence.folder / "vmcore-makedumpfile"
    try:
        readers.makedumpfile(["-d", "31", unfiltered, theirs])
        peer = pages.difference(dump.kept, KdumpFile(theirs).kept, segments)
    except (ReaderError, FormatError, OSError) as error:
        result.check("makedumpfile -d 31 filters the same memory", False, str(error))
        return
    result.figures["makedumpfile"] = readers.version("makedumpfile")
    result.figures["pages_kept"], result.figures["pages_makedumpfile"] = peer.ours, peer.theirs
    result.figures["pages_different"] = peer.text
    result.check("the kept pages are makedumpfile's", not peer.unexplained, peer.text)
    result.check(
        "the filter left something out, and not everything",
        0 < peer.ours < len(reference_pages(segments)),
        str(peer.ours),
    )
    for path in (here, theirs):
        path.unlink(missing_ok=True)


def reference_pages(segments: list[reference.Segment]) -> range:
    return range(sum((segment.end_page - segment.first_page) // 4096 for segment in segments))


def _problems(
    read, reader: Readers, vmcore: pathlib.Path, dmesg: list[str], evidence: Evidence
) -> list[str]:
    """What a reader could not tell or told wrong, in words that do not depend on addresses."""
    try:
        report = read(reader, vmcore, evidence.kernel.vmlinux)
    except ReaderError as error:
        return [f"it gives up ({re.sub(r'(0x)?[0-9a-f]{8,}', 'ADDRESS', str(error))})"]
    pid = int((evidence.harness / "panic_pid").read_text())
    pids = {int(text) for text in (evidence.harness / "pids").read_text().split()}
    problems = []
    if (report.pid, report.comm) != (pid, _TASK):
        problems.append(f"it names the task {report.pid} {report.comm}, not {pid} {_TASK}")
    if _UNWIND_THROUGH not in report.frames or "write_sysrq_trigger" not in report.frames:
        problems.append(f"its stack has no {_UNWIND_THROUGH}: {report.frames[:8]}")
    problems += _task_problems(dict(report.tasks), pids, pid)
    problems += _log_problems(report, dmesg)
    return problems


def _task_problems(tasks: dict[int, str], pids: set[int], panic_pid: int) -> list[str]:
    """Kernel workers end between the list and the panic: one of twenty may have."""
    absent = [
        name
        for pid, name in ((1, "init"), (2, "kthreadd"), (panic_pid, _TASK))
        if tasks.get(pid) != name
    ]
    problems = [f"its task list has no {', '.join(absent)}"] if absent else []
    lost = pids - tasks.keys()
    if len(lost) > len(pids) // 20:
        problems.append(f"its task list lacks {len(lost)} of {len(pids)} tasks: {sorted(lost)[:5]}")
    return problems


def _log_problems(report: CrashReport | DrgnReport, dmesg: list[str]) -> list[str]:
    if isinstance(report, CrashReport):
        theirs = report.log
    else:
        theirs = [
            line for nanoseconds, text in report.log for line in _log_lines(nanoseconds, text)
        ]
    if theirs == dmesg:
        return []
    for number, (ours, other) in enumerate(zip(dmesg, theirs), 1):
        if ours != other:
            return [f"its log differs in line {number}: {other!r}, vmcore-dmesg.txt: {ours!r}"]
    return [f"its log has {len(theirs)} lines, vmcore-dmesg.txt {len(dmesg)}"]


def _log_lines(nanoseconds: int, text: str) -> list[str]:
    """A record as crash and makedumpfile print it: its further lines are indented by the width of the time."""
    stamp = f"[{nanoseconds // 1_000_000_000:5d}.{nanoseconds // 1000 % 1_000_000:06d}] "
    first, *further = text.split("\n")
    return [stamp + first, *(" " * len(stamp) + line for line in further)]


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
