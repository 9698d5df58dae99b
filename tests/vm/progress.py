# SPDX-License-Identifier: GPL-2.0-or-later
"""Progress lines: one clock for the whole run, safe to use from several threads."""

import threading
import time

_start = time.monotonic()
_lock = threading.Lock()


def elapsed() -> float:
    """Seconds since the run began."""
    return time.monotonic() - _start


def say(text: str) -> None:
    minutes, seconds = divmod(int(elapsed()), 60)
    with _lock:
        print(f"[{minutes:2d}:{seconds:02d}] {text}", flush=True)


class Ticker:
    """Says something every few seconds while a long step runs: `with Ticker(lambda: "12 of 300 MB"): ...`"""

    def __init__(self, describe, every: float = 5.0):
        self._describe = describe
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            text = self._describe()
            if text:
                say(text)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
