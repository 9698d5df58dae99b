# SPDX-License-Identifier: GPL-2.0-or-later
"""The RPM packages, built as a Red Hat build system would build them, and rpmlint's opinion of them."""

import os
import pathlib
import re
import shutil
import subprocess
import tarfile

from dev import setup
from dev.tree import BUILD, ROOT, sources
from vm.progress import Ticker, say

HELP = "build the RPM packages with rpmbuild into build/rpm, and check them with rpmlint"
SPEC = ROOT / "packaging" / "rpm" / "kdump-toolkit.spec"
_TOP = BUILD / "rpm"
_STANDINS = pathlib.Path(__file__).with_name("rpm_standins.macros")


class PackageError(Exception):
    pass


def add_arguments(parser) -> None:
    parser.add_argument("--no-check", action="store_true", help="without the unit tests")


def run(arguments) -> int:
    setup.ensure("build", "rpm")
    try:
        packages = build(check=not arguments.no_check)
        complaints = lint([SPEC, *packages])
    except PackageError as error:
        say(f"rpm: {error}")
        return 1
    print(complaints, end="")
    for package in packages:
        say(f"rpm: {package.relative_to(ROOT)}")
    return 1 if complaints else 0


def build(check: bool) -> list[pathlib.Path]:
    """The packages, debug information and source included. Raises PackageError."""
    version = _version()
    for name in ("SOURCES", "RPMS", "SRPMS"):
        shutil.rmtree(_TOP / name, ignore_errors=True)
    (_TOP / "SOURCES").mkdir(parents=True)
    _pack(f"kdump-toolkit-{version}", _TOP / "SOURCES" / f"kdump-toolkit-{version}.tar.gz")
    say(f"rpm: building {version}, {'with' if check else 'without'} the unit tests")
    _rpmbuild(["-ba", "--noclean", *([] if check else ["--without", "check"])])
    return _packages()


def pack_again(release: str) -> list[pathlib.Path]:
    """What build() has built, as a later release. Raises PackageError."""
    before = set(_packages())
    _rpmbuild(["-bb", "--short-circuit", "--noclean", "--define", f"dist .{release}"])
    return [package for package in _packages() if package not in before]


def installable(packages: list[pathlib.Path]) -> list[pathlib.Path]:
    """Those that a host installs: neither debug information nor source."""
    return [
        package
        for package in packages
        if "-debug" not in package.name and not package.name.endswith(".src.rpm")
    ]


def _rpmbuild(arguments: list[str]) -> None:
    # One folder for all releases, so that what is built can be packed again.
    command = ["rpmbuild", *arguments, "--define", f"_topdir {_TOP}"]
    command += ["--buildroot", str(_TOP / "BUILDROOT" / "all")]
    if not _has_red_hat_macros():
        command += ["--nodeps", "--load", str(_STANDINS)]
    log = _TOP / "rpmbuild.log"
    with open(log, "w") as output, Ticker(lambda: f"rpm: {_last_step(log)}", every=20):
        result = subprocess.run(
            [*command, SPEC], stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if result.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
        raise PackageError(f"rpmbuild failed; the end of {log}:\n{tail}")


def _packages() -> list[pathlib.Path]:
    return sorted(_TOP.glob("*RPMS/**/*.rpm"))


def lint(files: list[pathlib.Path]) -> str:
    """What rpmlint says beyond packaging/rpm/rpmlint.toml; empty when it is content."""
    result = subprocess.run(
        ["rpmlint", "-c", ROOT / "packaging" / "rpm" / "rpmlint.toml", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in result.stdout.splitlines() if re.search(r": [EW]: ", line)]
    if result.returncode and not complaints:
        raise PackageError(f"rpmlint failed: {result.stdout}{result.stderr}")
    return "".join(f"{line}\n" for line in complaints)


def _version() -> str:
    """CMake's, which the spec has to repeat."""
    found = {
        path.name: re.search(pattern, path.read_text())[1]
        for path, pattern in (
            (ROOT / "CMakeLists.txt", r"VERSION (\S+) LANGUAGES"),
            (SPEC, r"(?m)^Version:\s+(\S+)"),
        )
    }
    if len(set(found.values())) != 1:
        raise PackageError(f"the versions differ: {found}")
    return found["CMakeLists.txt"]


def _pack(prefix: str, path: pathlib.Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for source in sources():
            archive.add(source, f"{prefix}/{source.relative_to(ROOT)}", recursive=False)


def _has_red_hat_macros() -> bool:
    text = subprocess.run(
        ["rpm", "--eval", "%{?cmake:1}%{?systemd_post:1}"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return text.strip() == "11"


def _last_step(log: pathlib.Path) -> str:
    with open(log, "rb") as file:
        file.seek(max(0, os.path.getsize(log) - 400))
        lines = file.read().decode(errors="replace").split("\n")
    steps = [line for line in lines if line.strip()]
    return steps[-1][:100] if steps else "starting"
