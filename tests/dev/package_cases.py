# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the packages and takes them through install, upgrade and erase in a Debian tree."""

import pathlib
import shutil
import subprocess
import time

from dev import deb, rpm
from dev.tree import BUILD, ROOT
from package import life_cycle
from package.deb_packages import DebPackages
from package.root_tree import RootTree
from package.rpm_packages import RpmPackages
from vm import systemd_guest
from vm.apt import FetchError
from vm.progress import say
from vm.result import Result

# Name -> whether it belongs to --full: the RPM packages are compiled anew, with rpmbuild's flags.
CASES = {"package-deb": False, "package-rpm": True}


def run(name: str) -> Result:
    folder = BUILD / "package" / name
    _clear(folder)
    result = Result(name, str(folder))
    start = time.monotonic()
    tree = None
    try:
        packages = _deb_packages(folder) if name == "package-deb" else _rpm_packages(result)
        tree = RootTree.unpacked(folder / "root", systemd_guest.base_tar())
        golden = ROOT / "tests" / "golden" / "package" / f"{name.removeprefix('package-')}.txt"
        life_cycle.run(packages, tree, golden, result)
    except (FetchError, rpm.PackageError, subprocess.CalledProcessError) as error:
        result.check("the packages and a tree for them can be had", False, str(error))
    finally:
        if tree:
            tree.remove()
    result.seconds = round(time.monotonic() - start, 1)
    say(
        f"{'ok    ' if result.passed else 'FAILED'} {name}: "
        f"{len(result.checks) - len(result.failures)} of {len(result.checks)} checks, {result.seconds:.0f} s"
    )
    for check in result.failures:
        say(f"    {name}: {check.name}: {check.detail}")
    return result


def _deb_packages(folder: pathlib.Path) -> DebPackages:
    return DebPackages(deb.pack(BUILD / "dev", folder / "debs"), folder)


def _rpm_packages(result: Result) -> RpmPackages:
    """Built once, and packed a second time as a later release."""
    built = rpm.build(check=False)
    complaints = rpm.lint([rpm.SPEC, *built])
    result.check("rpmlint has nothing to say", not complaints, complaints)
    return RpmPackages(rpm.installable(built), rpm.installable(rpm.pack_again("2")))


def _clear(folder: pathlib.Path) -> None:
    if (folder / "root").exists():  # of a run that was killed; its files may be another user's
        RootTree(folder / "root").remove()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
