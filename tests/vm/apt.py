# SPDX-License-Identifier: GPL-2.0-or-later
"""apt for one suite of Debian, with a state of its own: this machine's apt is never touched."""

import fcntl
import pathlib
import re
import subprocess
import time

from vm import apt_mirror

_LISTS_FRESH_SECONDS = 24 * 3600
_KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class FetchError(Exception):
    """A kernel or the readers cannot be had; the text says why and what to do."""


class Apt:
    """apt with an own state for one suite, using the machine's mirror and the archive's keyring."""

    def __init__(self, suite: str, cache: pathlib.Path, architecture: str = "amd64"):
        mirror = apt_mirror.find_mirror()
        if mirror is None:
            raise FetchError(
                "this machine's apt has no Debian archive; put kernels into a folder and name it in "
                "KDUMP_TEST_KERNELS (each RELEASE/{boot/vmlinuz-RELEASE,lib/modules/RELEASE,vmlinux})"
            )
        self.suite = suite
        self.architecture = architecture
        self._state = (
            cache / "apt" / (suite if architecture == "amd64" else f"{suite}-{architecture}")
        )
        for name in ("lists/partial", "cache/archives/partial"):
            (self._state / name).mkdir(parents=True, exist_ok=True)
        self.sources = self._state / "sources.list"
        signed = f" signed-by={_KEYRING}" if _KEYRING.exists() else ""
        options = f"[arch={architecture}{signed}]"
        lines = [f"deb {options} {mirror.main} {suite} main"]
        if mirror.security and suite != "sid":
            lines.append(f"deb {options} {mirror.security} {suite}-security main")
        self.sources.write_text("\n".join(lines) + "\n")

    def _options(self) -> list[str]:
        settings = {
            "Dir::Etc::SourceList": self.sources,
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State::Lists": self._state / "lists",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self._state / "cache",
            "APT::Architecture": self.architecture,
            "APT::Architectures": self.architecture,
            "Acquire::Languages": "none",
            # Signatures are checked; only their date is not: an archive snapshot is older than it promised to get.
            "Acquire::Check-Valid-Until": "false",
            "APT::Sandbox::User": "root",
        }
        return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]

    def update(self) -> None:
        """Fetches the suite's lists, once a day. Raises FetchError."""
        stamp = self._state / "updated"
        with open(self._state / "lock", "w") as lock:  # kernels and readers may want the same suite
            fcntl.flock(lock, fcntl.LOCK_EX)
            if stamp.exists() and time.time() - stamp.stat().st_mtime < _LISTS_FRESH_SECONDS:
                return
            strict = ["-qq", "-o", "APT::Update::Error-Mode=any"]
            run(["apt-get", *self._options(), *strict, "update"], "apt-get update")
            stamp.touch()

    def names(self) -> list[str]:
        return run(["apt-cache", *self._options(), "pkgnames"], "apt-cache").split()

    def size(self, packages: list[str]) -> int:
        """Bytes to download."""
        text = run(
            ["apt-cache", *self._options(), "--no-all-versions", "show", *packages],
            "apt-cache show",
        )
        return sum(int(size) for size in re.findall(r"^Size: (\d+)", text, re.M))

    def versions(self, packages: tuple[str, ...]) -> list[str]:
        text = run(
            ["apt-cache", *self._options(), "--no-all-versions", "show", *packages],
            "apt-cache show",
        )
        found = dict(re.findall(r"^Package: (\S+)\n(?:.+\n)*?Version: (\S+)", text, re.M))
        # A colon would end a path in a list of library folders.
        return [found[package].replace(":", "_") for package in packages]

    def download(self, packages: list[str], folder: pathlib.Path) -> list[pathlib.Path]:
        result = subprocess.run(
            ["apt-get", *self._options(), "-qq", "download", *packages],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise FetchError(last_error(result.stderr))
        return [next(folder.glob(f"{package}_*.deb")) for package in packages]


def run(command: list[str], what: str) -> str:
    """Its standard output. Raises FetchError with the first error it told."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise FetchError(f"{command[0]} is not installed; run ./dev setup") from error
    if result.returncode:
        raise FetchError(f"{what}: {last_error(result.stderr)}")
    return result.stdout


def last_error(stderr: str) -> str:
    lines = stderr.strip().splitlines() or ["failed"]
    return next((line.removeprefix("E: ") for line in lines if line.startswith("E:")), lines[-1])
