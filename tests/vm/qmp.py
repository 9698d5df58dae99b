# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's control socket."""

import json
import socket

_DEADLINE = 120.0


class QmpError(Exception):
    """QEMU refuses a command; the text is its own."""


class Qmp:
    def __init__(self, path: str):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_DEADLINE)
        self._socket.connect(path)
        self._stream = self._socket.makefile("rw")
        self._stream.readline()  # its greeting
        self.command("qmp_capabilities")

    def __enter__(self) -> "Qmp":
        return self

    def __exit__(self, *_) -> None:
        self._stream.close()
        self._socket.close()

    def command(self, name: str, **arguments) -> None:
        """Waits until it is done. Raises QmpError."""
        request = {"execute": name, "arguments": arguments}
        self._stream.write(json.dumps(request) + "\n")
        self._stream.flush()
        while "return" not in (answer := json.loads(self._stream.readline())):
            if "error" in answer:  # the rest are events
                raise QmpError(f"{name}: {answer['error'].get('desc')}")
