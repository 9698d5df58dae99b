# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs cases, several machines at once, while kernels for the next ones are still being fetched."""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import time
import traceback

from vm import guest_run
from vm.boot import Programs
from vm.cases import CommandCase, PanicCase
from vm.fetcher import Fetcher
from vm.apt import FetchError
from vm.progress import say
from vm.result import Result

_MIB_FOR_EACH = 3072


def run_cases(
    cases: list, programs: Programs, fetcher: Fetcher, folder: pathlib.Path
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


def _run_case(case, programs: Programs, fetcher: Fetcher, folder: pathlib.Path) -> Result:
    try:
        if isinstance(case, (PanicCase, CommandCase)):
            result, evidence = guest_run.run_case(case, programs, fetcher, folder)
            if result.passed:
                evidence.release_big_files()
        else:
            result = case.run(programs, fetcher, folder / case.name)
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
    if "arm_first" in figures:
        words.append(f"armed first in {figures['arm_first']} s, at boot in {figures['arm_boot']} s")
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
    ("arm_first", "s to arm first"),
    ("arm_boot", "at boot"),
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
