# SPDX-License-Identifier: GPL-2.0-or-later
"""Fetches kernels and readers in the background, in the order in which the cases want them."""

import concurrent.futures
import pathlib
from collections.abc import Iterable

from vm import packages
from vm.readers import Readers

_AT_ONCE = 2  # one downloads while another unpacks


class Fetcher:
    def __init__(self, series: Iterable[str]):
        self._pool = concurrent.futures.ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fetch")
        wanted = list(dict.fromkeys(series))
        self._kernels = {name: self._pool.submit(packages.kernel, name) for name in wanted[:1]}
        self._root = self._pool.submit(packages.readers_root)
        self._kernels |= {name: self._pool.submit(packages.kernel, name) for name in wanted[1:]}

    def kernel(self, series: str) -> packages.Kernel:
        """Waits for it. Raises apt.FetchError."""
        return self._kernels[series].result()

    def readers(self) -> dict[str, Readers]:
        """By name, the newest last. Raises apt.FetchError."""
        root: pathlib.Path | None = self._root.result()
        readers = {"host": Readers(None)}
        if root:
            readers["sid"] = Readers(root)
        return readers

    def close(self) -> None:
        """Starts nothing more; a download under way is finished, for the cache."""
        self._pool.shutdown(wait=True, cancel_futures=True)
