# SPDX-License-Identifier: GPL-2.0-or-later
"""One panic and its capture, for a person to watch."""

import re
import shlex

from dev import build, setup
from dev.test import prepare_programs
from dev.tree import BUILD
from vm import guest_run
from vm.boot import Evidence
from vm.cases import CASES, DEMO
from vm.fetcher import Fetcher
from vm.progress import Ticker, elapsed, say
from vm.readers import Readers, ReaderError
from vm.result import Result

HELP = "boot a real kernel, panic it, capture it, and open the dump"

# What the guest's serial line says -> what to tell; None: the line itself.
_STORY = (
    (r"^@vm run start", "the guest is up; in it: kdumpctl start"),
    (r"^@vm run status", "in it: kdumpctl status"),
    (r"^kdump: ", None),
    (r"sysrq: Trigger a crash", "the guest writes c to /proc/sysrq-trigger"),
    (r"Kernel panic - not syncing", None),
    (r"kdump-agent: ", None),
    (r"^kdump-collect: ", None),
    (r"reboot: Restarting system", "the capture kernel reboots the machine"),
)


def add_arguments(parser) -> None:
    parser.add_argument(
        "case",
        nargs="?",
        default=DEMO,
        choices=[case.name for case in CASES if hasattr(case, "cpu")],
        metavar="CASE",
        help=f"another case of ./dev test --list (default: {DEMO})",
    )


def run(arguments) -> int:
    case = next(case for case in CASES if case.name == arguments.case)
    say(
        "demo: a real kernel panics in a virtual machine; its memory is captured, filtered, saved and opened"
    )
    setup.ensure("build", "vm")
    fetcher = Fetcher([case.series])
    try:
        build.build("dev", build.PROGRAMS)
        folder = BUILD / "demo"
        programs = prepare_programs(folder)
        with Ticker(lambda: "demo: waiting for the kernel and its debug symbols", every=15):
            kernel = fetcher.kernel(case.series)
        say(
            f"demo: booting Linux {kernel.release} under QEMU's software emulation, {case.memory_mib} MiB of memory, "
            f"{case.crashkernel}"
        )
        step = "running the guest"

        def on_step(text: str) -> None:
            nonlocal step
            step = text
            say(f"demo: {text}")

        with Ticker(lambda: f"demo: still {step}", every=20):
            result, evidence = guest_run.run_case(case, programs, fetcher, folder, _tell, on_step)
        readers = fetcher.readers()
    finally:
        fetcher.close()
    for check in result.failures:
        say(f"FAILED {check.name}: {check.detail}")
    _show(result, evidence, list(readers.values())[-1])
    say(
        f"demo: {len(result.checks) - len(result.failures)} of {len(result.checks)} checks passed, {elapsed() / 60:.1f} minutes"
    )
    return 0 if result.passed else 1


def _tell(at: float, line: str) -> None:
    for pattern, words in _STORY:
        if re.search(pattern, line):
            say(f"  {at:5.1f} s  {words or line}")
            return


def _show(result: Result, evidence: Evidence, readers: Readers) -> None:
    vmcores = list(evidence.crash_files.glob("**/vmcore"))
    if not vmcores:
        print(f"\nNo vmcore was captured; the serial line is in {evidence.folder / 'serial.log'}\n")
        return
    folder, figures = vmcores[0].parent, result.figures
    print("\nCaptured files:")
    for path in sorted(folder.iterdir()):
        print(f"  {path.stat().st_size:>11,} bytes  {path}")
    memory = evidence.case.memory_mib << 20
    print(
        f"\nThe guest had {memory:,} bytes of memory; {figures.get('pages_kept', 0):,} pages are in the dump, "
        f"compressed to {100 * figures['vmcore_bytes'] / memory:.1f} % of the memory."
    )
    print(
        f"From the panic to vmcore-dmesg.txt {figures['panic_to_dmesg']} s, to vmcore {figures['panic_to_vmcore']} s; "
        f"the capture image has {figures.get('image_packed', 0):,} bytes."
    )
    print("\nWhat the kernel said (vmcore-dmesg.txt):")
    lines = (folder / "vmcore-dmesg.txt").read_text(errors="replace").splitlines()
    panic = next(
        (number for number, line in enumerate(lines) if "sysrq: Trigger a crash" in line),
        max(0, len(lines) - 8),
    )
    print("\n".join(f"  {line}" for line in lines[panic : panic + 8]))
    try:
        report = readers.crash(vmcores[0], evidence.kernel.vmlinux)
        print(f"\nWhat crash {readers.version('crash')} says (bt):")
        print("\n".join(f"  {line}" for line in report.backtrace.splitlines()[:14]))
    except ReaderError as error:
        print(f"\ncrash does not open it: {error}")
    command = [*readers.command("crash"), str(evidence.kernel.vmlinux), str(vmcores[0])]
    script = BUILD / "demo" / "crash"
    script.write_text(f"#!/bin/sh\nexec {shlex.join(command)}\n")
    script.chmod(0o755)
    print(f"\nTo look around in it yourself, with crash:\n  {script}\n")
