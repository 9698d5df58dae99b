# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that judges the tree: unit and command-line tests, static checks, virtual machines."""

import dataclasses
import fnmatch
import os
import subprocess
import xml.etree.ElementTree

from dev import build, deb, lint, package_cases, setup
from dev.tree import BUILD
from vm import guest, run as vm_run
from vm.boot import Programs
from vm import (
    arm64_capture,
    arm64_dump,
    damage,
    early_kdump,
    fast_reboot,
    fault_cases,
    iscsi_cases,
    kdump_service,
    load_faults,
    low_memory,
    nfs_cases,
    rehearsal,
    service_days,
    smallest,
    ssh_cases,
    storage_cases,
    targets,
)
from vm.arm64_capture import Arm64CaptureCase
from vm.cases import CASES as PANIC_CASES
from vm.fetcher import Fetcher
from vm.progress import elapsed, say

HELP = "build, then run the unit, command-line, static and VM tests"
# What is built with threads; the rest would tell ThreadSanitizer nothing.
_THREADED = ("base", "capture", "agent")
CASES = (
    *PANIC_CASES,
    *targets.CASES,
    *storage_cases.CASES,
    *iscsi_cases.CASES,
    *nfs_cases.CASES,
    *ssh_cases.CASES,
    *fault_cases.CASES,
    *fast_reboot.CASES,
    *kdump_service.CASES,
    *service_days.CASES,
    *early_kdump.CASES,
    *arm64_dump.CASES,
    *arm64_capture.CASES,
    *smallest.CASES,
    *damage.CASES,
    *load_faults.CASES,
    *rehearsal.CASES,
    *low_memory.CASES,
)
_STATIC = {
    "format": lint.format_ok,
    "includes": lint.includes_ok,
    "try": lint.try_ok,
    "manual": lint.manual_ok,
}


@dataclasses.dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, passed: int, failed: int, skipped: int = 0) -> None:
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    @property
    def line(self) -> str:
        return f"{self.passed} passed, {self.failed} failed" + (
            f", {self.skipped} skipped" if self.skipped else ""
        )


def add_arguments(parser) -> None:
    parser.add_argument(
        "--full",
        action="store_true",
        help="the whole VM matrix, and the unit tests under sanitizers",
    )
    parser.add_argument("--no-vm", action="store_true", help="without virtual machines")
    parser.add_argument(
        "--only",
        metavar="NAME",
        help="tests whose name contains NAME (or matches it, with * and ?)",
    )
    parser.add_argument(
        "--list",
        action="store_true",
        help="list the static checks and VM cases, and the built ctest tests",
    )


def run(arguments) -> int:
    if arguments.list:
        return _list()
    cases = _cases(arguments)
    packages = _packages(arguments)
    static = {name: check for name, check in _STATIC.items() if _selected(name, arguments)}
    groups = ["build", "format"]
    if cases:
        groups.append("vm")
    if any(isinstance(case, (arm64_dump.Arm64Case, Arm64CaptureCase)) for case in cases):
        groups.append("arm64")
    if packages:
        groups += ["vm", "rpm", "deb"]
    setup.ensure(*groups)
    fetcher = Fetcher(_series(cases)) if cases else None
    tally = Tally()
    try:
        _run_ctest("dev", arguments, tally)
        for name, check in static.items():
            ok = check()
            say(f"{'ok    ' if ok else 'FAILED'} {name}")
            tally.add(ok, not ok)
        if arguments.full and not arguments.only:
            _run_ctest("asan", arguments, tally)
            _run_ctest("tsan", arguments, tally, _THREADED)
        for name in packages:
            passed = package_cases.run(name).passed
            tally.add(passed, not passed)
        if fetcher:
            _run_vm(cases, fetcher, tally)
    except subprocess.CalledProcessError as error:
        say(f"FAILED {' '.join(map(str, error.cmd))}")
        tally.add(0, 1)
    finally:
        if fetcher:
            fetcher.close()
    if not tally.passed and not tally.failed:
        say(f"no test is called {arguments.only} (some cases run with --full only, see --list)")
        tally.add(0, 1)
    print(tally.line)
    return 1 if tally.failed else 0


def _series(cases) -> list[str]:
    """The kernels that they need."""
    return [name for case in cases for name in (case.series, *getattr(case, "further_series", ()))]


def _cases(arguments) -> list:
    if arguments.no_vm:
        return []
    wanted = [case for case in CASES if _selected(case.name, arguments)]
    return [c for c in wanted if arguments.full or not c.full_only or c.name == arguments.only]


def _packages(arguments) -> list[str]:
    """They are installed in a guest's tree, so that --no-vm goes without them."""
    return [
        name
        for name, full_only in package_cases.CASES.items()
        if not arguments.no_vm
        and _selected(name, arguments)
        and (arguments.full or not full_only or name == arguments.only)
    ]


def _selected(name: str, arguments) -> bool:
    only = arguments.only
    return only is None or only in name or fnmatch.fnmatchcase(name, only)


def _run_ctest(preset: str, arguments, tally: Tally, folders: tuple[str, ...] = ()) -> None:
    """Counts each test (of these folders alone); the output of those that fail is shown."""
    folder = build.build(preset, tuple(f"unit_{name}" for name in folders))
    report = folder / "ctest.xml"
    report.unlink(missing_ok=True)
    pattern = (
        ["-R", fnmatch.translate(f"*{arguments.only}*")[4:-3]]
        if arguments.only
        else ["--no-tests=error"]
    )
    if folders:
        pattern += ["-R", rf"^unit\.({'|'.join(folders)})$"]
    result = subprocess.run(
        [
            "ctest",
            "--test-dir",
            folder,
            "-j",
            str(os.cpu_count() or 1),
            "--output-on-failure",
            "--output-junit",
            report,
            *pattern,
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if not report.exists():
        if result.returncode == 0:  # --only names none of them
            return
        print(result.stdout + result.stderr)
        tally.add(0, 1)
        return
    suite = xml.etree.ElementTree.parse(report).getroot()
    total, failed, skipped = (int(suite.get(name, 0)) for name in ("tests", "failures", "skipped"))
    if total == 0 and arguments.only:
        return
    if failed or result.returncode:
        print(result.stdout + result.stderr)
    tally.add(total - failed - skipped, max(failed, 1 if result.returncode else 0), skipped)
    counts = f"{total - failed - skipped} passed, {failed} failed, {skipped} skipped"
    verdict = "ok    " if result.returncode == 0 else "FAILED"
    say(f"{verdict} unit and command-line tests ({preset}): {counts}")


def _run_vm(cases, fetcher: Fetcher, tally: Tally) -> None:
    folder = BUILD / "vm"
    programs = prepare_programs(folder, cases)
    if any(getattr(case, "ours", False) for case in cases):
        debs = deb.pack(BUILD / "dev", folder / "debs")
        programs = dataclasses.replace(programs, debs=tuple(debs))
    say(f"VM tests: {len(cases)} cases, logs and results.json in {folder}")
    results = vm_run.run_cases(cases, programs, fetcher, folder)
    passed = sum(result.passed for result in results)
    tally.add(passed, len(results) - passed)
    print("\n" + vm_run.table(results) + "\n")
    say(
        f"VM tests: {passed} of {len(results)} cases in {elapsed() / 60:.1f} minutes since the start"
    )


def prepare_programs(folder, cases=()) -> Programs:
    """Installs the development build beside the guests' disks, which are made anew."""
    programs = Programs(folder / "installed", folder / "guest-programs", folder / "disks")
    guest.remove_root_disks(programs.disks)
    guest.install_programs(BUILD / "dev", programs.root)
    guest.compile_programs(programs.guest)
    guest.copy_stripped(BUILD / "dev/tests/support/kexec_probe/kexec_probe", programs.guest)
    if any(isinstance(case, Arm64CaptureCase) for case in cases):
        programs = dataclasses.replace(programs, arm64=folder / "installed-arm64")
        guest.install_programs(build.build_arm64(), programs.arm64)
    return programs


def _list() -> int:
    for name in _STATIC:
        print(f"static  {name}")
    for name, full_only in package_cases.CASES.items():
        print(f"{'full   ' if full_only else 'package'} {name}")
    for case in CASES:
        print(f"{'vm full' if case.full_only else 'vm     '} {case.name}")
    if (BUILD / "dev" / "build.ninja").exists():
        listing = subprocess.run(
            ["ctest", "--test-dir", BUILD / "dev", "-N"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        for line in listing.splitlines():
            if line.strip().startswith("Test "):
                print(f"ctest   {line.partition(': ')[2]}")
    return 0
