# SPDX-License-Identifier: GPL-2.0-or-later
"""crash, drgn and makedumpfile: this machine's own, or the newer ones of a root with Debian unstable's."""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

_DEADLINE = 240.0
_OPEN = "import sys, drgn; drgn.Program().set_core_dump(sys.argv[1])"
_REPORT = pathlib.Path(__file__).with_name("drgn_report.py")
_HEADS = pathlib.Path(__file__).with_name("drgn_heads.py")
_PER_CPU = pathlib.Path(__file__).with_name("drgn_per_cpu.py")


class ReaderError(Exception):
    """The reader could not read the dump; the text is its own."""


@dataclasses.dataclass(frozen=True)
class CrashReport:
    system: str  # `sys`
    backtrace: str  # `bt`
    tasks: list[tuple[int, str]]  # (pid, command), from `ps`
    log: list[str]  # lines of `log`

    @property
    def pid(self) -> int | None:
        match = re.search(r"^PID:\s*(\d+)", self.backtrace, re.M)
        return int(match[1]) if match else None

    @property
    def comm(self) -> str | None:
        match = re.search(r'COMMAND:\s*"([^"]*)"', self.backtrace)
        return match[1] if match else None

    @property
    def frames(self) -> list[str]:
        return re.findall(r"^\s*#\d+ \[[0-9a-f]+\] (\S+) at", self.backtrace, re.M)


@dataclasses.dataclass(frozen=True)
class DrgnReport:
    release: str
    pid: int
    comm: str
    frames: list[str]
    tasks: list[tuple[int, str]]
    modules: list[str]
    log: list[tuple[int, str]]  # (nanoseconds, text)


class Readers:
    def __init__(self, root: pathlib.Path | None, emulator: tuple[str, ...] = ()):
        """`root`: where the newer programs are unpacked; None for this machine's own. `emulator`: what runs them
        when they are of another architecture."""
        self._root = root
        self._emulator = emulator

    def crash(self, vmcore: pathlib.Path, vmlinux: pathlib.Path) -> CrashReport:
        with tempfile.TemporaryDirectory(prefix="crash-") as folder:
            commands = pathlib.Path(folder) / "commands"
            outputs = {name: pathlib.Path(folder) / name for name in ("sys", "bt", "ps", "log")}
            commands.write_text(
                "".join(f"{name} > {path}\n" for name, path in outputs.items()) + "quit\n"
            )
            environment = {"CRASHPAGER": "cat", "TERM": "dumb", "HOME": folder}
            output = self._run("crash", ["-s", "-i", commands, vmlinux, vmcore], environment)
            texts = {
                name: path.read_text(errors="backslashreplace") if path.exists() else ""
                for name, path in outputs.items()
            }
        if not texts["bt"] or not texts["ps"]:
            raise ReaderError(_complaint("crash", output))
        tasks = re.findall(
            r"^[> ]\s*(\d+)\s+\d+\s+\d+\s+[0-9a-f]+\s+\S+\s+[\d.]+\s+\d+\s+\d+\s+(.*)$",
            texts["ps"],
            re.M,
        )
        return CrashReport(
            texts["sys"],
            texts["bt"],
            [(int(pid), name.strip("[] ")) for pid, name in tasks],
            texts["log"].splitlines(),
        )

    def drgn(self, vmcore: pathlib.Path, vmlinux: pathlib.Path) -> DrgnReport:
        output = self._run("python3", [_REPORT, vmcore, vmlinux])
        try:
            report = json.loads(output[output.index("{") :])
        except ValueError as error:
            raise ReaderError(_complaint("drgn", output)) from error
        return DrgnReport(
            report["release"],
            report["pid"],
            report["comm"],
            report["frames"],
            [tuple(task) for task in report["tasks"]],
            report["modules"],
            [tuple(record) for record in report["log"]],
        )

    def compound_heads(
        self, vmcore: pathlib.Path, vmlinux: pathlib.Path, pfns: list[int]
    ) -> dict[int, int]:
        """The PFN of each page's compound head, as drgn tells it; a page that is in none is its own."""
        output = self._run("python3", [_HEADS, vmcore, vmlinux, *pfns])
        return dict(zip(pfns, json.loads(output[output.index("[") :])))

    def per_cpu_free(self, vmcore: pathlib.Path, vmlinux: pathlib.Path) -> set[int]:
        """The PFNs of the free pages on the lists of the CPUs, as drgn tells them."""
        output = self._run("python3", [_PER_CPU, vmcore, vmlinux])
        return set(json.loads(output[output.index("[") :]))

    def makedumpfile(self, arguments: list[str | pathlib.Path]) -> str:
        return self._run("makedumpfile", arguments)

    def command(self, program: str) -> list[str]:
        """What starts it."""
        return self._command(program)[0]

    def opener(self) -> list[str]:
        """A command that ends with 0 when drgn can open the dump that is its last argument."""
        command, settings = self._command("python3")
        return [
            "env",
            *(f"{name}={value}" for name, value in settings.items()),
            *command,
            "-c",
            _OPEN,
        ]

    def version(self, tool: str) -> str:
        """Raises ReaderError when the tool does not even start."""
        arguments = {
            "crash": ("crash", ["--version"]),
            "makedumpfile": ("makedumpfile", ["-v"]),
            "drgn": ("python3", ["-c", "import drgn; print('drgn', drgn.__version__)"]),
        }[tool]
        match = re.search(rf"^{tool}:?(?: version)? ([\d.]+)", self._run(*arguments), re.M)
        return match[1] if match else "of unknown version"

    def _run(self, program: str, arguments, environment: dict[str, str] | None = None) -> str:
        command, settings = self._command(program)
        try:
            result = subprocess.run(
                [*command, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_DEADLINE,
                check=False,
                env={**os.environ, **settings, **(environment or {})},
            )
        except subprocess.TimeoutExpired as error:
            raise ReaderError(f"{program} did not end within {_DEADLINE:.0f} s") from error
        output = result.stdout.decode("utf-8", "backslashreplace")
        if result.returncode:
            raise ReaderError(
                f"{program} failed ({result.returncode}): {_complaint(program, output)}"
            )
        return output

    def _command(self, program: str) -> tuple[list[str], dict[str, str]]:
        if self._root is None:
            # The distribution's python is the one that has its drgn.
            own = (
                "/usr/bin/python3"
                if program == "python3"
                else shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
            )
            if not own:
                raise ReaderError(f"{program} is not installed; run ./dev setup")
            return [own], {}
        # The root's own loader and libraries: neither chroot nor any privilege is needed.
        libraries = next((self._root / "usr/lib").glob("*/libc.so.6")).parent
        path = ":".join(
            str(folder)
            for folder in (libraries, *sorted(libraries.glob("*/")))
            if folder.name in (libraries.name, "blas", "lapack", "elfutils")
        )
        loader = next(libraries.glob("ld-linux*.so.*"))
        place = next(
            folder for folder in ("usr/bin", "usr/sbin") if (self._root / folder / program).exists()
        )
        settings = (
            {"PYTHONHOME": str(self._root / "usr"), "PYTHONDONTWRITEBYTECODE": "1"}
            if program == "python3"
            else {}
        )
        start = [*self._emulator, str(loader), "--library-path", path]
        return [*start, str(self._root / place / program)], settings


def _complaint(program: str, output: str) -> str:
    """The program's first message under its own name, or else its last line (Python's exceptions)."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    own = [line for line in lines if line.startswith(f"{program}: ")]
    return (own or lines[-1:] or ["no output"])[0]
