#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that no TRY() stands behind another element inside the braces of an initializer.

usage: check_try.py [ROOT]

TRY() returns out of a statement expression. Where it does so from within braces, g++ 12 never destroys the elements before it:
`Pair{TRY(a()), TRY(b())}` leaks the first when the second fails (LeakSanitizer tells). Give each value its name first.
"""
import pathlib
import re
import sys

SKIPPED = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.DOTALL)
# What stands before a brace that opens a block and not an initializer.
BLOCK = re.compile(
    r"(\)|\b(else|do|try|const|noexcept|override|mutable)|[;{}:])\s*(->\s*[\w:<>, *&]+)?$"
)


def blank(match):
    """As many characters, none of which means anything; line ends stay."""
    return re.sub(r"[^\n]", " ", match.group())


def findings(text):
    """The lines of TRY()s behind another element."""
    text = SKIPPED.sub(blank, text)
    braces = []  # per open bracket: its kind, and whether an element of an initializer is complete
    for i, char in enumerate(text):
        if char in "({[":
            block = char == "{" and BLOCK.search(text[max(0, i - 120) : i].rstrip())
            braces.append(["block" if block else char, False])
        elif char in ")}]" and braces:
            braces.pop()
        elif char == ";" and braces and braces[-1][0] == "{":
            braces[-1][0] = "block"  # statements, whatever stood before the brace
        elif char == "," and braces and braces[-1][0] == "{":
            braces[-1][1] = True
        elif text.startswith("TRY(", i) and not (text[i - 1].isalnum() or text[i - 1] == "_"):
            for kind, behind in reversed(braces):
                if kind == "block":
                    break
                if kind == "{" and behind:
                    yield text.count("\n", 0, i) + 1
                    break


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1])
    found = False
    for folder in ("base", "config", "capture", "mkdumprd", "kdumpctl"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            for line in findings(path.read_text(encoding="utf-8")):
                print(
                    f"{path.relative_to(root)}:{line}: TRY() behind another element inside braces",
                    file=sys.stderr,
                )
                found = True
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
