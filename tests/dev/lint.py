# SPDX-License-Identifier: GPL-2.0-or-later
"""Static checks: format, allowed includes, clang-tidy with the allow-list of .clang-tidy."""

import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

from dev import setup
from dev.build import build
from dev.tree import BUILD, ROOT, sources
from vm.progress import say

HELP = "check format, includes and, with clang-tidy, the sources"
_CACHE = BUILD / "tidy"  # one empty file for each translation unit that was found clean


def add_arguments(parser) -> None:
    parser.add_argument("--fix", action="store_true", help="reformat instead of complaining")


def run(arguments) -> int:
    setup.ensure("build", "format", "tidy")
    if arguments.fix:
        subprocess.run(["clang-format", "-i", *sources("*.cc", "*.h")], check=True)
    checks = {
        "format": format_ok,
        "includes": includes_ok,
        "try": try_ok,
        "manual": manual_ok,
        "clang-tidy": lambda: tidy_ok(build("dev")),
    }
    failed = [name for name, check in checks.items() if not check()]
    print(f"{len(checks) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def format_ok() -> bool:
    files = sources("*.cc", "*.h")
    return (
        not files
        or subprocess.run(["clang-format", "--dry-run", "-Werror", *files], check=False).returncode
        == 0
    )


def _script_ok(name: str) -> bool:
    command = [sys.executable, ROOT / ".ci" / name]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def includes_ok() -> bool:
    return _script_ok("check_includes.py")


def try_ok() -> bool:
    return _script_ok("check_try.py")


def manual_ok() -> bool:
    """groff formats each page without a warning."""
    ok = True
    for page in sources("docs/man/*.[58]"):
        if page.read_text().startswith(".so "):  # another name of a page
            continue
        command = ["groff", "-man", "-ww", "-Tutf8", "-z", page]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        print(result.stderr, end="")
        ok &= result.returncode == 0 and not result.stderr
    return ok


def tidy_ok(build_folder: pathlib.Path) -> bool:
    _CACHE.mkdir(parents=True, exist_ok=True)
    dependencies = _dependencies(build_folder)
    todo = []
    for unit in json.loads((build_folder / "compile_commands.json").read_text()):
        file = pathlib.Path(unit["file"])
        if file.is_relative_to(ROOT) and not file.is_relative_to(BUILD):
            stamp = _CACHE / _key(unit, dependencies[unit["output"]])
            if not stamp.exists():
                todo.append((file, stamp))
    say(f"lint: clang-tidy on {len(todo)} files that changed")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return all(list(pool.map(lambda item: _tidy(build_folder, *item), todo)))


def _tidy(build_folder: pathlib.Path, file: pathlib.Path, stamp: pathlib.Path) -> bool:
    result = subprocess.run(
        # The commands are GCC's, and clang does not know all of its warnings.
        [
            "clang-tidy",
            "--quiet",
            "--extra-arg=-Wno-unknown-warning-option",
            "-p",
            build_folder,
            file,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        print(result.stdout or result.stderr, flush=True)
        return False
    stamp.touch()
    return True


def _key(unit: dict, headers: list[pathlib.Path]) -> str:
    """Changes with whatever can change the outcome: the rules, the command, the file and the project's headers."""
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes() + unit["command"].encode())
    for path in [pathlib.Path(unit["file"]), *headers]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _dependencies(build_folder: pathlib.Path) -> dict[str, list[pathlib.Path]]:
    """Object -> the project's own headers that it was built from, as ninja recorded them."""
    listing = subprocess.run(
        ["ninja", "-C", build_folder, "-t", "deps"], capture_output=True, text=True, check=True
    ).stdout
    found = collections.defaultdict(list)
    current = ""
    for line in listing.splitlines():
        if line.startswith("    "):
            path = (build_folder / line.strip()).resolve()
            if path.is_relative_to(ROOT):
                found[current].append(path)
        elif ": " in line:
            current = line.partition(": ")[0]
    return found
