# SPDX-License-Identifier: GPL-2.0-or-later
"""Our layout of a panic kernel against the kernel's own, as it prints it for kexec_file_load (KEXEC_FILE_DEBUG)."""

import json
import re

from vm.boot import Evidence
from vm.result import Result

# Types of the firmware memory map (arch/x86/include/asm/e820/types.h) by our names.
_TYPES = {"RAM": 1, "reserved": 2, "ACPI tables": 3, "ACPI NVS": 4, "unusable": 5}


def check_layout(evidence: Evidence, result: Result) -> None:
    plan = json.loads((evidence.harness / "plan.out").read_text())
    dmesg = (evidence.harness / "dmesg").read_text(errors="replace")
    reserved = (plan["reserved"]["start"], plan["reserved"]["start"] + plan["reserved"]["size"])

    ours = [(e["start"], e["start"] + e["size"], _TYPES[e["type"]]) for e in plan["e820"]]
    printed = re.findall(r"\b([0-9a-f]{16})-([0-9a-f]{16}) \((\d+)\)", dmesg)
    theirs = [(int(start, 16), int(end, 16) + 1, int(kind)) for start, end, kind in printed]
    result.check("the kernel printed its memory map", bool(theirs), dmesg[-300:])
    _compare("memory map", _outside(ours, reserved), _outside(theirs, reserved), result)

    loads = re.findall(
        r"Crash PT_LOAD ELF header.*?vaddr=0x([0-9a-f]+), paddr=0x([0-9a-f]+), sz=0x([0-9a-f]+)",
        dmesg,
    )
    theirs = [tuple(int(number, 16) for number in load) for load in loads]
    ours = [(s["virtual"], s["start"], s["size"]) for s in plan["vmcore"] if s["kind"] == "ram"]
    result.check("the kernel printed its PT_LOADs", bool(theirs), dmesg[-300:])
    _compare("PT_LOADs", ours, theirs, result)


def _outside(entries: list[tuple], reserved: tuple[int, int]) -> list[tuple]:
    """The reservation counts as one range: what is hidden in it (the elfcorehdr) lies where each loader puts it."""
    inside = [e for e in entries if reserved[0] <= e[0] and e[1] <= reserved[1]]
    return [e for e in entries if e not in inside] + (
        [(*reserved, "reservation")] if inside else []
    )


def _compare(what: str, ours: list[tuple], theirs: list[tuple], result: Result) -> None:
    def shown(entries) -> str:
        return ", ".join(
            "-".join(f"{n:#x}" if isinstance(n, int) else n for n in e) for e in sorted(entries)
        )

    only_ours, only_theirs = set(ours) - set(theirs), set(theirs) - set(ours)
    result.check(
        f"{what}: the kernel's",
        not only_ours and not only_theirs,
        f"only ours: {shown(only_ours)}; only the kernel's: {shown(only_theirs)}",
    )
    result.figures[f"{what} compared"] = len(theirs)
