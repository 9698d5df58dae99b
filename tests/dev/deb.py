# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian packages, by CPack with Debian's own compiler flags, and lintian's opinion of them."""

import os
import pathlib
import shutil
import subprocess

from dev import setup
from dev.build import PROGRAMS, ninja
from dev.tree import BUILD, ROOT
from vm.progress import say

HELP = "build the Debian packages into build/deb, and check them with lintian"
# What lintian may say; everything else fails. Packages straight from a build have no history in Debian, and no maintainer there.
_ALLOWED = ("no-changelog", "bogus-mail-host")


def add_arguments(_parser) -> None:
    pass


def run(_arguments) -> int:
    setup.ensure("build", "deb")
    folder = BUILD / "deb"
    command = ["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "--log-level=WARNING"]
    command += ["-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-DNDEBUG"]
    command += ["-DCMAKE_INSTALL_PREFIX=/usr", "-DCMAKE_INSTALL_LIBEXECDIR=libexec"]
    command += ["-DBUILD_TESTING=OFF", "-DKDUMP_DEBIAN_FILES=ON"]
    subprocess.run(command, check=True, env=_build_environment(), stdout=subprocess.DEVNULL)
    say("deb: building")
    ninja(["ninja", "-C", str(folder), *PROGRAMS])
    packages = pack(folder, folder / "packages")
    for package in packages:
        say(f"deb: {package.relative_to(ROOT)}")
    if not shutil.which("lintian"):
        say("deb: lintian is not installed; the packages were not checked")
        return 0
    complaints = lint(packages)
    print("".join(f"{line}\n" for line in complaints), end="")
    return 1 if complaints else 0


def pack(build: pathlib.Path, into: pathlib.Path) -> list[pathlib.Path]:
    """Packages of what a build folder holds. Raises CalledProcessError with the output printed."""
    shutil.rmtree(into, ignore_errors=True)
    result = subprocess.run(
        ["cpack", "-G", "DEB", "-B", into, "--config", build / "CPackConfig.cmake"],
        cwd=build,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        print(result.stdout, flush=True)
        result.check_returncode()
    shutil.rmtree(into / "_CPack_Packages", ignore_errors=True)
    return sorted(into.glob("*.deb"))


def lint(packages: list[pathlib.Path]) -> list[str]:
    result = subprocess.run(
        ["lintian", "--allow-root", "--tag-display-limit=0", *packages],
        capture_output=True,
        text=True,
        check=False,
    )
    tags = [line for line in result.stdout.splitlines() if line.startswith(("E:", "W:"))]
    return [line for line in tags if line.split()[2] not in _ALLOWED]


def _build_environment() -> dict[str, str]:
    environment = {**os.environ, "DEB_BUILD_MAINT_OPTIONS": "hardening=+all"}
    for name in ("CPPFLAGS", "CXXFLAGS", "LDFLAGS"):
        environment[name] = subprocess.run(
            ["dpkg-buildflags", "--get", name],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        ).stdout.strip()
    environment["CXXFLAGS"] += " " + environment.pop("CPPFLAGS")  # CMake knows no CPPFLAGS
    return environment
