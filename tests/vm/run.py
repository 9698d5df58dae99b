# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs cases, several machines at once, while kernels for the next ones are still being fetched."""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import time
import traceback

from vm import arm64_dump, checks, fast_reboot, page_checks, reader_checks, reference, targets
from vm.boot import Evidence, Programs, boot
from vm.cases import CommandCase, PanicCase
from vm.fetcher import Fetcher
from vm.apt import FetchError
from vm.progress import say
from vm.result import Result

_MIB_FOR_EACH = 3072


def run_cases(
    cases: list[PanicCase | CommandCase], programs: Programs, fetcher: Fetcher, folder: pathlib.Path
) -> list[Result]:
    folder.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(
        _machines_at_once(), thread_name_prefix="vm"
    ) as pool:
        results = list(pool.map(lambda case: _run_case(case, programs, fetcher, folder), cases))
    (folder / "results.json").write_text(
        json.dumps([_as_json(result) for result in results], indent=2) + "\n"
    )
    return results


def run_case(
    case: PanicCase | CommandCase,
    programs: Programs,
    fetcher: Fetcher,
    folder: pathlib.Path,
    on_line=None,
    on_step=lambda text: None,
) -> tuple[Result, Evidence]:
    """One case: boot, then judge. The evidence stays on disk. `on_line` is told each serial line as (seconds,
    text), `on_step` what is being done."""
    result = Result(case.name, str(folder / case.name))
    kernel = fetcher.kernel(case.series)
    start = time.monotonic()
    result.figures |= {
        "kernel": kernel.release,
        "paging": "5-level" if case.machine.five_level else "4-level",
        "firmware": "UEFI" if case.machine.uefi else "BIOS",
        "crashkernel": case.crashkernel.replace("crashkernel=", ""),
    }
    evidence = boot(case, kernel, programs, folder / case.name, on_line)
    if isinstance(case, CommandCase):
        checks.check_commands(evidence, result)
    else:
        _judge_capture(evidence, programs, fetcher, result, on_step)
    result.seconds = round(time.monotonic() - start, 1)
    return result, evidence


def _judge_capture(
    evidence: Evidence, programs: Programs, fetcher: Fetcher, result: Result, on_step
) -> None:
    if not checks.check_armed(evidence, result) or not checks.check_capture_run(evidence, result):
        return
    on_step("reading the crash disk")
    dump_folder = checks.find_dump(evidence, result)
    if dump_folder is None:
        return
    dmesg = checks.check_dmesg(dump_folder, result)
    dump = checks.check_files(dump_folder, evidence, result)
    if dump is None:
        return
    on_step("making the unfiltered vmcore to compare with, from the guest's RAM")
    unfiltered = evidence.folder / "reference.elf"
    segments = reference.write_elf_vmcore(
        evidence.case.machine, evidence.ram, evidence.harness, unfiltered
    )
    readers = fetcher.readers()
    on_step("opening the dump with crash and drgn")
    reader_checks.check_readers(
        dump_folder / "vmcore", unfiltered, dmesg, readers, evidence, result
    )
    on_step("comparing its pages with the RAM and with what makedumpfile keeps")
    page_checks.check_pages(
        dump, unfiltered, segments, list(readers.values())[-1], programs, evidence, result
    )


def _run_case(case, programs: Programs, fetcher: Fetcher, folder: pathlib.Path) -> Result:
    try:
        if isinstance(case, targets.TargetCase):
            result = targets.run_case(case, programs, fetcher, folder / case.name)
        elif isinstance(case, fast_reboot.FastRebootCase):
            result = fast_reboot.run_case(case, programs.root, folder / case.name)
        elif isinstance(case, arm64_dump.Arm64Case):
            result = arm64_dump.run_case(
                case,
                fetcher.kernel(case.series),
                list(fetcher.readers().values())[-1],
                programs.collector,
                folder / case.name,
            )
        else:
            result, evidence = run_case(case, programs, fetcher, folder)
            if result.passed:
                evidence.release_big_files()
    except FetchError as error:
        result = Result(case.name, str(folder / case.name))
        result.check("the kernel and the readers can be had", False, str(error))
    except Exception as error:  # noqa: BLE001: one broken case must not hide what the others found
        result = Result(case.name, str(folder / case.name))
        result.check("the case ran", False, f"{type(error).__name__}: {error}")
        (folder / case.name).mkdir(parents=True, exist_ok=True)
        (folder / case.name / "error.txt").write_text(traceback.format_exc())
    say(one_line(result))
    for check in result.failures:
        say(f"    {result.case}: {check.name}: {check.detail}")
    return result


def one_line(result: Result) -> str:
    figures = result.figures
    words = [
        f"{'ok    ' if result.passed else 'FAILED'} {result.case}: {figures.get('kernel', '')}"
    ]
    if "logins" in figures:
        words.append(f"to login: {figures['logins']}")
    if "panic_to_vmcore" in figures:
        words.append(
            f"dmesg {figures['panic_to_dmesg']} s, vmcore {figures['panic_to_vmcore']} s after the panic"
        )
    if "pages_kept" in figures:
        words.append(
            f"{figures['pages_kept']} pages (makedumpfile {figures['pages_makedumpfile']})"
        )
    words.append(
        f"{len(result.checks) - len(result.failures)} of {len(result.checks)} checks, {result.seconds:.0f} s"
    )
    return ", ".join(words)


_COLUMNS = (
    ("case", "case"),
    ("kernel", "kernel"),
    ("paging", "paging"),
    ("firmware", "firmware"),
    ("crashkernel", "crashkernel"),
    ("crash", "crash"),
    ("drgn", "drgn"),
    ("pages_kept", "pages"),
    ("pages_makedumpfile", "makedumpfile"),
    ("pages_different", "difference"),
    ("panic_to_dmesg", "s to dmesg"),
    ("panic_to_vmcore", "s to vmcore"),
    ("image_packed", "image"),
    ("image_unpacked", "unpacked"),
)


def table(results: list[Result]) -> str:
    """The cases that captured, as a Markdown table."""
    rows = [[title for _, title in _COLUMNS]]
    for result in results:
        if "panic_to_vmcore" in result.figures:
            figures = {"case": result.case, **result.figures}
            rows.append([_cell(key, figures.get(key, "-")) for key, _ in _COLUMNS])
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _cell(key: str, value: object) -> str:
    return (
        f"{value / 1e6:.1f} MB"
        if key.startswith("image_") and isinstance(value, int)
        else str(value)
    )


def _as_json(result: Result) -> dict:
    return {
        "case": result.case,
        "passed": result.passed,
        "seconds": result.seconds,
        "folder": result.folder,
        "figures": result.figures,
        "checks": [dataclasses.asdict(check) for check in result.checks],
    }


def _machines_at_once() -> int:
    memory = _available_mib()
    return max(1, min(os.cpu_count() or 1, memory // _MIB_FOR_EACH, 8))


def _available_mib() -> int:
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return _MIB_FOR_EACH
