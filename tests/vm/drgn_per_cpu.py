# SPDX-License-Identifier: GPL-2.0-or-later
"""drgn_per_cpu.py VMCORE VMLINUX: the PFNs of the free pages on the lists of the CPUs (struct per_cpu_pages), as JSON."""

import json
import sys

import drgn
from drgn import container_of
from drgn.helpers.linux.cpumask import for_each_possible_cpu
from drgn.helpers.linux.list import list_for_each
from drgn.helpers.linux.mm import page_to_pfn
from drgn.helpers.linux.percpu import per_cpu_ptr

_KINDS = 3  # MIGRATE_PCPTYPES
_SMALL_ORDERS = 4  # PAGE_ALLOC_COSTLY_ORDER + 1
_HUGE_ORDER = 9


def _zones(program):
    for node in program["node_data"]:
        if node:
            yield from node.node_zones


def _lists(zone, cpu):
    if hasattr(zone, "per_cpu_pageset"):
        pages = per_cpu_ptr(zone.per_cpu_pageset, cpu)
    else:
        pages = per_cpu_ptr(zone.pageset, cpu).pcp
    for index, head in enumerate(pages.lists):
        small = index < _KINDS * _SMALL_ORDERS
        yield head, index // _KINDS if small else _HUGE_ORDER


def main() -> None:
    program = drgn.Program()
    program.set_core_dump(sys.argv[1])
    program.load_debug_info([sys.argv[2]])
    pfns = []
    for zone in _zones(program):
        if not zone.present_pages:
            continue
        for cpu in for_each_possible_cpu(program):
            for head, order in _lists(zone, cpu):
                for node in list_for_each(head.address_of_()):
                    first = page_to_pfn(container_of(node, "struct page", "lru")).value_()
                    pfns += range(first, first + (1 << order))
    json.dump(pfns, sys.stdout)


main()
