# SPDX-License-Identifier: GPL-2.0-or-later
"""Other people's readers open the dump and tell what really happened in the guest."""

import pathlib

from vm.boot import Evidence
from vm.readers import CrashReport, DrgnReport, ReaderError, Readers
from vm.result import Result

_TASK = "panic-trigger"
_GIVES_UP = "it gives up"


def check_readers(
    vmcore: pathlib.Path,
    unfiltered: pathlib.Path,
    dmesg: list[str],
    readers: dict[str, Readers],
    evidence: Evidence,
    result: Result,
) -> None:
    """Every crash and drgn at hand. A reader that fails the same way on the unfiltered memory judges nothing
    (it does not know this kernel); one of each must judge, but for crash with a kernel too new for any.
    """
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
            ok = problems == limits or (_gives_up(problems) and _gives_up(limits))
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
        if tool == "drgn" or evidence.case.crash_knows or len(unable) < len(readers):
            result.check(
                f"a {tool} names the task, unwinds it, lists all tasks and the log",
                bool(judges),
                "; ".join(unable),
            )


def _problems(
    read, reader: Readers, vmcore: pathlib.Path, dmesg: list[str], evidence: Evidence
) -> list[str]:
    """What a reader could not tell or told wrong."""
    try:
        report = read(reader, vmcore, evidence.kernel.vmlinux)
    except ReaderError as error:
        return [f"{_GIVES_UP} ({error})"]
    pid = int((evidence.harness / "panic_pid").read_text())
    pids = {int(text) for text in (evidence.harness / "pids").read_text().split()}
    problems = []
    if (report.pid, report.comm) != (pid, _TASK):
        problems.append(f"it names the task {report.pid} {report.comm}, not {pid} {_TASK}")
    absent = [name for name in evidence.case.trigger.frames if name not in report.frames]
    if absent:
        problems.append(f"its stack has no {', '.join(absent)}: {report.frames[:8]}")
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


def _gives_up(problems: list[str]) -> bool:
    return any(problem.startswith(_GIVES_UP) for problem in problems)
