# SPDX-License-Identifier: GPL-2.0-or-later
"""drgn_heads.py VMCORE VMLINUX PFN...: the PFN of the head of each page's compound page (its own, without one), as JSON."""

import json
import sys

import drgn
from drgn.helpers.linux.mm import compound_head, page_to_pfn, pfn_to_page


def main() -> None:
    program = drgn.Program()
    program.set_core_dump(sys.argv[1])
    program.load_debug_info([sys.argv[2]])
    pfns = [int(text) for text in sys.argv[3:]]
    heads = [page_to_pfn(compound_head(pfn_to_page(program, pfn))).value_() for pfn in pfns]
    json.dump(heads, sys.stdout)


main()
