# SPDX-License-Identifier: GPL-2.0-or-later
"""One guest that is armed and panics, or is told commands: boot, then judge."""

import pathlib
import time

from vm import checks, estimate_checks, layout_checks, page_checks, reader_checks, reference
from vm.boot import Evidence, Programs, boot
from vm.cases import CommandCase, PanicCase
from vm.fetcher import Fetcher
from vm.result import Result


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
    if "kexec.serial=" in evidence.case.append:
        checks.check_trampoline(evidence, result)
    if evidence.case.kernel_tells:
        layout_checks.check_layout(evidence, result)
    on_step("reading the crash disk")
    dump_folder = checks.find_dump(evidence, result)
    if dump_folder is None:
        return
    dmesg = checks.check_dmesg(dump_folder, evidence, result)
    dump = checks.check_files(dump_folder, evidence, result)
    if dump is None:
        return
    if evidence.case.estimate:
        estimate_checks.check_estimate(dump_folder, dump, evidence, result)
    on_step("making the unfiltered vmcore to compare with, from the guest's RAM")
    unfiltered = evidence.folder / "reference.elf"
    segments = reference.write_elf_vmcore(evidence.memory(), evidence.harness, unfiltered)
    readers = fetcher.readers()
    on_step("opening the dump with crash and drgn")
    reader_checks.check_readers(
        dump_folder / "vmcore", unfiltered, dmesg, readers, evidence, result
    )
    on_step("comparing its pages with the RAM and with what makedumpfile keeps")
    page_checks.check_pages(
        dump, unfiltered, segments, list(readers.values())[-1], programs, evidence, result
    )
