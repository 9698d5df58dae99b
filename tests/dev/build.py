# SPDX-License-Identifier: GPL-2.0-or-later
"""Configures and builds presets of CMakePresets.json."""

import pathlib
import subprocess

from dev import setup
from dev.tree import BUILD, ROOT
from vm.progress import say

HELP = "build a preset (dev, release, asan, tsan) into build/PRESET"


def add_arguments(parser) -> None:
    parser.add_argument("preset", nargs="*", default=["dev"])


def run(arguments) -> int:
    setup.ensure("build")
    for preset in arguments.preset:
        build(preset)
    return 0


def build(preset: str) -> pathlib.Path:
    """Returns the build folder. Raises CalledProcessError; the compiler has said why."""
    folder = BUILD / preset
    say(f"build: {preset}")
    if not (folder / "build.ninja").exists():
        subprocess.run(
            ["cmake", "--preset", preset, "--log-level=WARNING"],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    subprocess.run(["ninja", "-C", folder, "--quiet"], check=True)
    return folder
