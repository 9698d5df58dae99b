# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that lives on over reboots, driven over its serial console by a root shell that logs itself in."""

import contextlib
import os
import pathlib
import re
import selectors
import subprocess
import time

_TERMINAL_CODES = re.compile(rb"\x1b(\[[0-9;?=]*[A-Za-z]|[()][A-Z0-9]|\][^\x07]*\x07|c)")


class ConsoleError(Exception):
    """The guest did not say in time what it had to say; the text names it."""


class Console:
    """Runs QEMU; what the guest says is kept with the second at which it was said."""

    def __init__(self, command: list[str], folder: pathlib.Path, uefi: bool = False):
        self._firmware = folder / "firmware.log"
        self._uefi = uefi
        self._record = open(folder / "serial.log", "w", encoding="utf-8")
        self._errors = open(folder / "qemu.log", "w", encoding="utf-8")
        # SeaBIOS tells its story to this port, so that each pass through the firmware is seen.
        firmware = [
            "-chardev",
            f"file,id=firmware,path={self._firmware}",
            "-device",
            "isa-debugcon,iobase=0x402,chardev=firmware",
        ]
        self._start = time.monotonic()
        self._process = subprocess.Popen(
            [*command, *firmware],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self._text = ""  # what was said and not waited for yet
        self._begun_code = b""  # a terminal code of which the rest has not arrived

    def __enter__(self) -> "Console":
        return self

    def __exit__(self, *_) -> None:
        self._process.kill()
        self._process.wait()
        self._selector.close()
        self._record.close()
        self._errors.close()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    def firmware_passes(self) -> int:
        """How often the machine went through its firmware since power-on."""
        # OVMF starts the kernel through its EFI stub, which says so on the serial line; SeaBIOS tells its own port.
        log, said = self._firmware, r"^Found QEMU fw_cfg"
        if self._uefi:
            log, said = pathlib.Path(self._record.name), r"^EFI stub: Loaded initrd"
        text = log.read_text(errors="replace") if log.exists() else ""
        return len(re.findall(said, text, re.M))

    def wait_for(self, pattern: str, timeout: float) -> str:
        """All that was said up to the end of the first match. Raises ConsoleError."""
        deadline = time.monotonic() + timeout
        while not (match := re.search(pattern, self._text, re.M)):
            if not self._read(deadline - time.monotonic()):
                raise ConsoleError(
                    f'no "{pattern}" within {timeout:.0f} s; last: {self._text[-300:]!r}'
                )
        said, self._text = self._text[: match.end()], self._text[match.end() :]
        return said

    def wait_for_login(self, timeout: float) -> float:
        """Waits until the shell can be used; the second at which that was."""
        self.wait_for("automatic login", timeout)
        at = self.seconds
        # Logging in throws away what was typed before; kernel messages would stand amid the answers.
        for _ in range(12):
            self.send("dmesg -n 1; stty -echo cols 2000; PS1=; echo @rea''dy")
            with contextlib.suppress(ConsoleError):
                self.wait_for("@ready", 5)
                return at
        raise ConsoleError("the shell on the serial console does not answer")

    def send(self, line: str) -> None:
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def run(self, command: str, timeout: float = 60) -> tuple[int, str]:
        """A command's exit code and output."""
        self.send(f"{command}; echo @ex''it $?")
        said = self.wait_for(r"@exit \d+\r?\n", timeout)
        output, _, code = said.rpartition("@exit ")
        return int(code), output.replace("\r", "").strip()

    def wait_for_end(self, timeout: float) -> bool:
        """Whether QEMU ended in time."""
        deadline = time.monotonic() + timeout
        while self._read(deadline - time.monotonic()):
            pass
        return self._process.poll() is not None

    def _read(self, left: float) -> bool:
        """Takes in what the guest says now; False when time is up or QEMU has ended."""
        if left <= 0 or not self._selector.select(left):
            return False
        data = os.read(self._process.stdout.fileno(), 65536)
        if not data:
            self._process.wait()
            return False
        data = self._begun_code + data
        begun = re.search(rb"\x1b[^A-Za-z]*$", data[-16:])
        self._begun_code = begun[0] if begun else b""
        data = data.removesuffix(self._begun_code)
        text = _TERMINAL_CODES.sub(b"", data).decode("utf-8", "replace")
        self._text += text
        self._record.write(text)
        self._record.flush()
        return True
