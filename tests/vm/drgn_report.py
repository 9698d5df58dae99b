# SPDX-License-Identifier: GPL-2.0-or-later
"""drgn_report.py VMCORE VMLINUX: what drgn reads from a dump, as JSON. Runs under the python that has drgn."""

import json
import sys

import drgn
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.printk import get_printk_records


def printable(text: bytes) -> str:
    """As crash and makedumpfile show it: a dot for each byte that a terminal could take for something else."""
    return "".join(chr(byte) if 32 <= byte < 127 or byte in b"\t\n" else "." for byte in text)


def main() -> None:
    program = drgn.Program()
    program.set_core_dump(sys.argv[1])
    program.load_debug_info([sys.argv[2]])
    thread = program.crashed_thread()
    tasks = [
        (task.pid.value_(), task.comm.string_().decode("ascii", "replace"))
        for task in for_each_task(program)
    ]
    modules = [
        module.name.string_().decode()
        for module in list_for_each_entry("struct module", program["modules"].address_of_(), "list")
    ]
    log = [(record.timestamp, printable(record.text)) for record in get_printk_records(program)]
    report = {
        "release": program["init_uts_ns"].name.release.string_().decode(),
        "pid": thread.tid,
        "comm": thread.object.comm.string_().decode(),
        "frames": [
            frame.name if hasattr(frame, "name") and frame.name else "??"
            for frame in thread.stack_trace()
        ],
        "tasks": tasks,
        "modules": modules,
        "log": log,
    }
    json.dump(report, sys.stdout)


main()
