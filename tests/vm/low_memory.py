# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kernel before 5.5 keeps below 640 KiB is in its dump, though the panic kernel uses that memory for itself.

The kernel is a newer one that a panic kernel is loaded for as if it were old: what it leaves there is compared."""

import dataclasses
import pathlib
import time

from vm import boot, checks
from vm.boot import Evidence, Programs
from vm.cases import PanicCase
from vm.fetcher import Fetcher
from vm.kdump_file import FormatError, KdumpFile
from vm.result import Result

_PAGE = 4096
_END = 0xA0000
# Where kdumpctl has found the panic kernel's files; the loader alone is told that the kernel is old.
_LOAD_AGAIN = """
line=$(sed -n 's/^  "command_line": "\\(.*\\)",$/\\1/p' /run/kdump/armed.json)
run backup kexec_probe load /boot/vmlinuz-$(uname -r) /boot/initramfs-$(uname -r)kdump.img "$line" backup
"""


@dataclasses.dataclass(frozen=True)
class LowMemoryCase:
    name: str
    series: str
    full_only: bool = True

    def run(self, programs: Programs, fetcher: Fetcher, folder: pathlib.Path) -> Result:
        kernel = fetcher.kernel(self.series)
        result = Result(self.name, str(folder))
        result.figures["kernel"] = kernel.release
        start = time.monotonic()
        panic = PanicCase(
            self.name, self.series, syscall="kexec_load", before_panic=_LOAD_AGAIN, cpu=1
        )
        left: list[bytes] = []

        def remember(_, text: str) -> bool:
            if text.startswith("@vm panic"):
                with open(folder / "ram", "rb") as ram:
                    left.append(ram.read(_END))
            return False

        evidence = boot.boot(panic, kernel, programs, folder, remember)
        said = evidence.output_of("backup")
        loaded = evidence.exit_of("backup") == 0 and "  backup " in said
        result.check("a backup is planned", loaded, said[-500:])
        if checks.check_armed(evidence, result) and checks.check_capture_run(evidence, result):
            _compare(evidence, left[0], result)
        result.seconds = round(time.monotonic() - start, 1)
        if result.passed:
            evidence.release_big_files()
        return result


CASES = (LowMemoryCase("6.12-low-memory", "6.12"),)


def _compare(evidence: Evidence, left: bytes, result: Result) -> None:
    folder = checks.find_dump(evidence, result)
    if folder is None or checks.check_files(folder, evidence, result) is None:
        return
    low_end = _END // _PAGE - 1  # the last page is the firmware's in part
    try:
        dump = KdumpFile(folder / "vmcore")
        pages = {pfn: page for pfn, page in dump.pages() if pfn < low_end}
    except FormatError as error:
        result.check("every page unpacks", False, str(error))
        return
    memory = {pfn: left[pfn * _PAGE : (pfn + 1) * _PAGE] for pfn in range(1, low_end)}
    used = {pfn: page for pfn, page in memory.items() if any(page)}
    result.check("the kernel left something in low memory", bool(used))
    lost = sorted(set(used) - set(pages))
    result.check("all of it is in the dump", not lost, str([hex(pfn) for pfn in lost]))
    wrong = [pfn for pfn, page in pages.items() if memory.get(pfn) != page]
    result.check("as the kernel left it", not wrong, str([hex(pfn) for pfn in wrong]))
    result.figures["low pages"] = f"{len(used)} used, {len(pages)} dumped"
