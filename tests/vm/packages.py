# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian kernels with debug symbols, and a root with newer dump readers, fetched by package name and cached.

The cache (${XDG_CACHE_HOME:-~/.cache}/kdump-toolkit) holds

    apt/SUITE/            an own apt state, so that the machine's apt is never touched
    kernels/RELEASE/      boot/{vmlinuz,config}-RELEASE  lib/modules/RELEASE/  vmlinux
    readers/sid-VERSIONS/ crash, drgn and makedumpfile of Debian's unstable suite
    arm64/root-VERSIONS/  busybox and makedumpfile for arm64
    arm64/build-HASH/     the libraries that the project is built with, for arm64, and a guest's busybox

Everything appears there by rename, so an interrupted download is never taken for a whole one.
KDUMP_TEST_KERNELS names a folder of kernels in the same form, for machines without Debian's apt.
"""

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from vm import apt_mirror, own_kernel
from vm.apt import Apt, FetchError, last_error, run
from vm.deb import unpack_image, unpack_vmlinux
from vm.progress import Ticker, say

_READERS = ("crash", "python3-drgn", "makedumpfile")
_ARM64_PROGRAMS = ("busybox-static", "makedumpfile")
# What setup.py's group "build" has libraries in; the suite is that of the cross compiler's C library.
_ARM64_SUITE = "bookworm"
_ARM64_BUILD = (
    "libelf-dev libdw-dev libzstd-dev liblzo2-dev libsnappy-dev libdeflate-dev libfmt-dev libcli11-dev nlohmann-json3-dev "
    "libkmod-dev libmount-dev libblkid-dev libarchive-dev libssl-dev libnl-route-3-dev libssh-dev libfdt-dev zlib1g-dev busybox-static"
).split()
_CANDIDATES = 5  # point releases to try: a mirror may list a package before (or after) it has it


@dataclasses.dataclass(frozen=True)
class Series:
    name: str
    suite: str
    release: str  # regular expression for the kernel release
    architecture: str = "amd64"
    own: bool = False  # compiled here


# "sid" is whatever is newest there: the cases that use it print what they found.
SERIES = {
    series.name: series
    for series in (
        Series("5.10", "bullseye", r"5\.10\.0-\d+-cloud-amd64"),
        Series("6.1", "bookworm", r"6\.1\.0-\d+-cloud-amd64"),
        Series("6.12", "trixie", r"6\.12\.[\d.]+\+deb\d+[\d.]*-cloud-amd64"),
        Series("sid", "sid", r"\d+\.\d+\.[\w.+~-]*cloud-amd64"),
        Series("dm-crypt", "sid", r"[\w.+~-]+-kdump-crypt", own=True),
        Series("6.1-arm64", "bookworm", r"6\.1\.0-\d+-cloud-arm64", "arm64"),
        Series("6.12-arm64", "trixie", r"6\.12\.[\d.]+\+deb\d+[\d.]*-cloud-arm64", "arm64"),
    )
}


@dataclasses.dataclass(frozen=True)
class Kernel:
    series: str
    release: str
    folder: pathlib.Path

    @property
    def vmlinuz(self) -> pathlib.Path:
        return self.folder / "boot" / f"vmlinuz-{self.release}"

    @property
    def config(self) -> pathlib.Path:
        """What it was configured with; absent in a folder of KDUMP_TEST_KERNELS, perhaps."""
        beside = self.modules / "config"  # where packages since 7.x put it
        return beside if beside.exists() else self.folder / "boot" / f"config-{self.release}"

    @property
    def vmlinux(self) -> pathlib.Path:
        """The uncompressed kernel with debug information."""
        return self.folder / "vmlinux"

    @property
    def modules(self) -> pathlib.Path:
        return self.folder / "lib" / "modules" / self.release


def cache_folder() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "kdump-toolkit"


def kernel(series_name: str) -> Kernel:
    """The newest point release of a series, fetched when it is not cached. Raises FetchError."""
    series = SERIES[series_name]
    own = os.environ.get("KDUMP_TEST_KERNELS")
    if own:
        found = _newest_in(pathlib.Path(own), series)
        if not found:
            raise FetchError(
                f"KDUMP_TEST_KERNELS={own} holds no kernel of the series {series_name}"
            )
        return found
    kernels = cache_folder() / "kernels"
    with _locked(kernels, series_name):
        if series.own:
            if not _newest_in(kernels, series):
                own_kernel.build(_apt(series), kernels)
            return _newest_in(kernels, series)
        try:
            releases = _releases(_apt(series), series)
        except FetchError as error:
            cached = _newest_in(kernels, series)
            if not cached:
                raise
            say(f"kernel {series_name}: using the cached {cached.release} ({error})")
            return cached
        return _fetch_first_available(series, releases, kernels)


def readers_root() -> pathlib.Path | None:
    """A root with Debian unstable's newest readers; None on a machine without Debian's apt (its own are used)."""
    if apt_mirror.find_mirror() is None:
        return None
    readers = cache_folder() / "readers"
    with _locked(readers, "sid"):
        cached = sorted(readers.glob("sid-*"), key=lambda path: path.stat().st_mtime)
        apt = Apt("sid", cache_folder())
        try:
            apt.update()
            root = readers / ("sid-" + "-".join(apt.versions(_READERS)))
        except FetchError as error:
            if not cached:
                raise
            say(f"readers: using the cached {cached[-1].name} ({error})")
            return cached[-1]
        if not root.is_dir():
            say(f"readers: fetching Debian unstable's {', '.join(_READERS)}")
            _make_root(apt, readers, root, _READERS)
            for old in cached:
                shutil.rmtree(old)
        return root


def arm64_root() -> pathlib.Path:
    """A root with what an arm64 guest and its judges need: busybox, and Debian's makedumpfile of that architecture
    (it reads dumps of its own architecture only). Raises FetchError."""
    folder = cache_folder() / "arm64"
    with _locked(folder, "root"):
        apt = Apt("sid", cache_folder(), "arm64")
        apt.update()
        root = folder / ("root-" + "-".join(apt.versions(_ARM64_PROGRAMS)))
        if not root.is_dir():
            say(f"arm64: fetching {', '.join(_ARM64_PROGRAMS)}")
            _make_root(apt, folder, root, _ARM64_PROGRAMS)
        return root


def arm64_build_root() -> pathlib.Path:
    """A root to compile arm64 programs against, and to take a guest's libraries from. Raises FetchError."""
    folder = cache_folder() / "arm64"
    with _locked(folder, "build"):
        apt = Apt(_ARM64_SUITE, cache_folder(), "arm64")
        apt.update()
        versions = " ".join(apt.versions(_ARM64_BUILD))
        root = folder / f"build-{hashlib.sha256(versions.encode()).hexdigest()[:12]}"
        if not root.is_dir():
            say("arm64: fetching the libraries that the project is built with")
            _make_root(apt, folder, root, tuple(_ARM64_BUILD))
            for old in folder.glob("build-*"):
                if old != root:
                    shutil.rmtree(old)
        return root


def _make_root(
    apt: Apt, folder: pathlib.Path, root: pathlib.Path, programs: tuple[str, ...]
) -> None:
    # "extract" unpacks the packages and runs none of their scripts: nothing here needs more.
    command = [
        "mmdebstrap",
        f"--mode={'root' if os.geteuid() == 0 else 'unshare'}",
        "--variant=extract",
        "--format=tar",
        "--aptopt=Acquire::Check-Valid-Until false",
        f"--architectures={apt.architecture}",
        f"--include={','.join(programs)}",
        apt.suite,
        "-",
        str(apt.sources),
    ]
    temporary = pathlib.Path(tempfile.mkdtemp(prefix=".root-", dir=folder))
    try:
        (temporary / "root").mkdir()
        with (
            open(temporary / "log", "w") as log,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process,
        ):
            # Without owners and device nodes no privilege is needed.
            unpack = subprocess.run(
                ["tar", "-x", "--no-same-owner", "--exclude=./dev/*"],
                cwd=temporary / "root",
                stdin=process.stdout,
                check=False,
            )
        if process.returncode or unpack.returncode:
            raise FetchError(
                f"unpacking {root.name}: {last_error((temporary / 'log').read_text())}"
            )
        (temporary / "root").rename(root)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _apt(series: Series) -> Apt:
    return Apt(series.suite, cache_folder(), series.architecture)


def _releases(apt: Apt, series: Series) -> list[tuple[str, list[str]]]:
    """(release, packages that make it up) for each release that has debug symbols, newest first."""
    apt.update()
    names = set(apt.names())
    releases = []
    for name in names:
        match = re.fullmatch(rf"linux-image-({series.release})-dbg", name)
        if not match:
            continue
        release = match[1]
        # Since 7.x; the base package has the configuration and the list of what is built in.
        split = [f"linux-{part}-{release}" for part in ("base", "binary", "modules")]
        image = split if names.issuperset(split) else [f"linux-image-{release}"]
        releases.append((release, [*image, name]))
    if not releases:
        raise FetchError(f"{series.suite} has no cloud kernel {series.name} with debug symbols")
    return sorted(releases, key=lambda item: _version_key(item[0]), reverse=True)


def _fetch_first_available(series: Series, releases, kernels: pathlib.Path) -> Kernel:
    failures = []
    for release, packages in releases[:_CANDIDATES]:
        folder = kernels / release
        if not Kernel(series.name, release, folder).config.is_file():
            try:
                _fetch(_apt(series), release, packages, folder)
            except FetchError as error:
                say(f"kernel {release}: {error}; trying the release before it")
                failures.append(f"{release}: {error}")
                continue
        return Kernel(series.name, release, folder)
    raise FetchError(
        f"no kernel of the series {series.name} can be fetched: " + "; ".join(failures)
    )


def _fetch(apt: Apt, release: str, packages: list[str], folder: pathlib.Path) -> None:
    for left in folder.parent.glob(
        f".{release}-*"
    ):  # by a run that was killed; its lock is ours now
        shutil.rmtree(left)
    temporary = pathlib.Path(tempfile.mkdtemp(prefix=f".{release}-", dir=folder.parent))
    try:
        total = apt.size(packages) >> 20

        unpacking = False

        def state() -> str:
            if unpacking:
                return f"kernel {release}: unpacking"
            got = sum(path.stat().st_size for path in temporary.glob("*.deb")) >> 20
            return f"kernel {release}: fetched {got} of {total} MB"

        say(f"kernel {release}: fetching {total} MB, debug symbols included")
        with Ticker(state):
            debs = apt.download(packages, temporary)
            unpacking = True
            for deb in debs:
                (unpack_vmlinux if "-dbg_" in deb.name else unpack_image)(deb, temporary)
                deb.unlink()
        unpacked = Kernel("", release, temporary)
        beside = unpacked.modules / "vmlinuz"  # where linux-binary packages put it
        if beside.is_file():
            unpacked.vmlinuz.parent.mkdir(exist_ok=True)
            beside.rename(unpacked.vmlinuz)
        run(["depmod", "-b", str(temporary), release], "depmod")
        for part in (
            unpacked.vmlinuz,
            unpacked.config,
            unpacked.vmlinux,
            unpacked.modules / "modules.dep",
        ):
            if not part.is_file():
                raise FetchError(f"the packages of {release} hold no {part.name}")
        shutil.rmtree(folder, ignore_errors=True)  # of a time when less was taken
        temporary.chmod(0o755)
        temporary.rename(folder)
        say(f"kernel {release}: ready")
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _newest_in(folder: pathlib.Path, series: Series) -> Kernel | None:
    pattern = (
        series.release
        if series.name == "sid" or series.own or folder == cache_folder() / "kernels"
        else rf"{re.escape(series.name)}\..*"
    )
    releases = [path.name for path in folder.glob("[0-9]*") if re.fullmatch(pattern, path.name)]
    if not releases:
        return None
    release = max(releases, key=_version_key)
    return Kernel(series.name, release, folder / release)


def _version_key(text: str) -> list[tuple[int, int | str]]:
    return [
        (1, int(part)) if part.isdigit() else (0, part) for part in re.findall(r"\d+|\D+", text)
    ]


@contextlib.contextmanager
def _locked(folder: pathlib.Path, name: str):
    """Two runs on one machine share the cache: the second waits for the first one's download."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f".{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
