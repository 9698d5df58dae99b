#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that every #include of a project header is an allowed edge (docs/architecture.md).

usage: check_includes.py [ROOT]

A file belongs to the longest folder named in EDGES that contains it. It may include headers of its own folder and of the
folders listed for it. A new edge is a decision: docs/decisions/.
"""
import pathlib
import re
import sys

EDGES = {
    "base": [],
    "config": ["base"],
    "capture/vmcore": ["base"],
    "capture/kernel": ["capture/vmcore", "base"],
    "capture/debuginfo": ["capture/kernel", "capture/vmcore", "base"],
    "capture/filter": ["capture/kernel", "capture/vmcore", "base"],
    "capture/format": ["capture/filter", "capture/vmcore", "base"],
    "capture": ["capture/vmcore", "capture/kernel", "capture/filter", "capture/format", "base"],
    "capture/agent": ["config", "base"],
    "capture/ssh": ["capture/vmcore", "base"],
    "capture/network": ["config", "base"],
    "mkdumprd": ["config", "base"],
    "kdumpctl/boot": ["config", "base"],
    "kdumpctl/kexec": ["base"],
    "kdumpctl": ["kdumpctl/boot", "kdumpctl/kexec", "config", "base"],
}
# Headers of other people's libraries that only these files may include.
SOLE_INCLUDERS = {
    r"(gelf|libelf)\.h": {"base/elf_file.cc"},
    r"openssl/.*": {"base/sha256.cc"},
    r"(dwarf|elfutils/libdwf?l?)\.h": {"capture/debuginfo/dwarf_types.cc"},
    r"libssh/.*": {"capture/ssh/session.cc"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)


def folder_of(path):
    """The longest folder in EDGES that holds this path, or None."""
    for parent in pathlib.PurePosixPath(path).parents:
        if str(parent) in EDGES:
            return str(parent)
    return None


def findings(root):
    # Tests may include everything, so only the product folders are looked at.
    folders = ("base", "config", "capture", "mkdumprd", "kdumpctl")
    for path in sorted(p for folder in folders for p in (root / folder).rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        name = path.relative_to(root).as_posix()
        here = folder_of(name)
        for quote, header in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if quote == '"':
                if not (root / header).is_file():
                    yield f'{name}: "{header}" does not exist from the repository root'
                    continue
                there = folder_of(header)
                if there is None:
                    yield f'{name}: "{header}" lies in no folder that product code may include'
                elif there != here and there not in EDGES[here]:
                    yield f'{name}: {here} may not include {there} ("{header}")'
            for pattern, allowed in SOLE_INCLUDERS.items():
                if re.fullmatch(pattern, header) and name not in allowed:
                    yield f"{name}: <{header}> is included by {', '.join(sorted(allowed))} alone"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    found = list(findings(root))
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)


main()
