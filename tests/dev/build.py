# SPDX-License-Identifier: GPL-2.0-or-later
"""Configures and builds presets of CMakePresets.json."""

import pathlib
import re
import subprocess

from dev import setup
from dev.tree import BUILD, ROOT
from vm import packages
from vm.progress import Ticker, say

# What `cmake --install` needs: everything but the tests.
PROGRAMS = tuple(
    f"{folder}/all" for folder in ("capture", "mkdumprd", "kdumpctl", "docs/man", "packaging")
)
HELP = "build a preset (dev, release, asan, tsan) into build/PRESET"


def add_arguments(parser) -> None:
    parser.add_argument("preset", nargs="*", default=["dev"])


def run(arguments) -> int:
    setup.ensure("build")
    for preset in arguments.preset:
        build(preset)
    return 0


def build(preset: str, targets: tuple[str, ...] = ()) -> pathlib.Path:
    """All targets, or these. Returns the build folder. Raises CalledProcessError; the compiler has said why."""
    folder = BUILD / preset
    say(f"build: {preset}")
    if not (folder / "build.ninja").exists():
        subprocess.run(
            ["cmake", "--preset", preset, "--log-level=WARNING"],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    ninja(["ninja", "-C", str(folder), *targets])
    return folder


def build_arm64() -> pathlib.Path:
    """The programs, cross-compiled into build/arm64. Raises CalledProcessError and apt.FetchError."""
    folder = BUILD / "arm64"
    root = packages.arm64_build_root()
    say("build: arm64")
    cache = folder / "CMakeCache.txt"
    if cache.exists() and f"={root}\n" not in cache.read_text():
        cache.unlink()  # it knows the libraries of an older root, which is gone
    command = ["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "--log-level=WARNING"]
    command += ["--toolchain", ROOT / "cmake/aarch64.cmake", f"-DCMAKE_SYSROOT={root}"]
    # The smallest build type is the quickest to compile; all settings of paths are those of the presets.
    command += ["-DCMAKE_BUILD_TYPE=MinSizeRel", "-DBUILD_TESTING=OFF", "-DKDUMP_WERROR=ON"]
    command += ["-DCMAKE_INSTALL_PREFIX=/usr", "-DCMAKE_INSTALL_LIBEXECDIR=libexec"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    ninja(["ninja", "-C", str(folder), *PROGRAMS])
    return folder


def ninja(command: list[str]) -> None:
    """Tells now and then how far it is, and all that the compiler said when it fails."""
    step, output = "", []
    with (
        Ticker(lambda: step and f"build: step {step}", every=10),
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as process,
    ):
        for line in process.stdout:
            match = re.match(r"\[(\d+/\d+)\] ", line)
            if match:
                step = match[1].replace("/", " of ")
            else:
                output.append(line)
    if process.returncode:
        print("".join(output), end="", flush=True)
        raise subprocess.CalledProcessError(process.returncode, command)
