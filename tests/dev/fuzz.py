# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the libFuzzer targets of tests/fuzz, with AddressSanitizer and UndefinedBehaviorSanitizer."""

import pathlib
import re
import subprocess

from dev import build, setup
from dev.tree import BUILD, ROOT
from vm.progress import say

HELP = "fuzz the readers of what a crashed kernel left"
_SEEDS = ROOT / "tests" / "fuzz" / "corpus"
_SECONDS = 60


def targets() -> list[str]:
    return sorted(
        path.name.removesuffix("_fuzz.cc") for path in (ROOT / "tests/fuzz").glob("*_fuzz.cc")
    )


def add_arguments(parser) -> None:
    parser.add_argument(
        "target",
        nargs="?",
        default="all",
        choices=["all", *targets()],
        help="default: each in turn",
    )
    parser.add_argument(
        "seconds", nargs="?", type=int, default=_SECONDS, help=f"for each (default: {_SECONDS})"
    )


def run(arguments) -> int:
    setup.ensure("build", "fuzz")
    wanted = targets() if arguments.target == "all" else [arguments.target]
    folder = build.build("fuzz", tuple(f"fuzz_{name}" for name in wanted))
    failed = [name for name in wanted if not _fuzz(folder, name, arguments.seconds)]
    say(f"fuzz: {len(wanted) - len(failed)} of {len(wanted)} targets without a finding")
    return 1 if failed else 0


def _fuzz(folder: pathlib.Path, name: str, seconds: int) -> bool:
    """What is new goes into build/fuzz/corpus, what crashes into build/fuzz/findings."""
    corpus, findings = BUILD / "fuzz/corpus" / name, BUILD / "fuzz/findings"
    for path in (corpus, findings, _SEEDS / name):
        path.mkdir(parents=True, exist_ok=True)
    result = subprocess.run(
        [
            folder / "tests/fuzz" / f"fuzz_{name}",
            f"-max_total_time={seconds}",
            "-timeout=10",
            "-rss_limit_mb=1024",
            "-max_len=65536",
            "-print_final_stats=1",
            f"-artifact_prefix={findings}/{name}-",
            corpus,
            _SEEDS / name,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    runs = re.search(r"number_of_executed_units:\s*(\d+)", result.stdout)
    coverage = re.findall(r"cov: (\d+)", result.stdout)
    say(
        f"{'ok    ' if result.returncode == 0 else 'FAILED'} fuzz {name}: {runs[1] if runs else '?'} runs, "
        f"{coverage[-1] if coverage else '?'} edges"
    )
    if result.returncode:
        print(result.stdout[-8000:], flush=True)
        say(f"fuzz: once mended, put the input from {findings} into {_SEEDS / name}")
    return result.returncode == 0
