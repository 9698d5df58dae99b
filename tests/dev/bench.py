# SPDX-License-Identifier: GPL-2.0-or-later
"""The collector against makedumpfile, on real vmcores; a table, never an assertion."""

import fnmatch
import os
import pathlib
import subprocess

from bench import compare, images, vmcores
from dev import build, deb, setup
from dev.tree import BUILD, ROOT
from package.root_tree import CommandError
from vm.apt import FetchError
from vm.console import ConsoleError
from vm.fetcher import Fetcher
from vm.progress import Ticker, say

HELP = "measure the collector and makedumpfile in turn on real vmcores of large guests"


def add_arguments(parser) -> None:
    parser.add_argument(
        "--machine",
        action="append",
        choices=[*vmcores.MACHINES],
        help="guests to take (default: 8g and 100g; their vmcores take 12 GB of the user's cache, once)",
    )
    parser.add_argument("--level", type=int, default=31, help="dump level (default: 31)")
    parser.add_argument(
        "--rounds", type=int, help="runs of each, the best counts (default: 5; of images 2)"
    )
    parser.add_argument(
        "--only", metavar="NAME", default="*", help="work whose name matches (with * and ?)"
    )
    parser.add_argument("--vmcore", type=pathlib.Path, help="take this vmcore instead of a guest's")
    parser.add_argument(
        "--images",
        action="store_true",
        help="instead: capture images beside those of dracut and initramfs-tools, in a Debian guest and for its targets",
    )


def run(arguments) -> int:
    if arguments.images:
        return _compare_images(arguments.rounds or 2)
    arguments.rounds = arguments.rounds or 5
    setup.ensure("build", "vm")
    fetcher = Fetcher([vmcores.SERIES])
    try:
        readers = list(fetcher.readers().values())[-1]
        collector = build.build("release", ("kdump-collect",)) / "capture" / "kdump-collect"
        measure = _compile_measure()
        bench = compare.Bench(measure, collector, readers.command("makedumpfile"))
        say(f"bench: against makedumpfile {readers.version('makedumpfile')}, {os.cpu_count()} CPUs")
        for title, vmcore in _vmcores(arguments, fetcher):
            _measure(bench, title, vmcore, arguments)
    except compare.BenchError as error:
        say(f"bench: {error}")
        return 1
    finally:
        fetcher.close()
    return 0


def _compare_images(rounds: int) -> int:
    setup.ensure("build", "vm")
    fetcher = Fetcher([images.SERIES])
    folder = BUILD / "bench" / "images"
    try:
        debs = tuple(deb.pack(build.build("dev", build.PROGRAMS), BUILD / "bench" / "debs"))
        kernel = fetcher.kernel(images.SERIES)
        rows = images.compare(debs, kernel, folder, rounds)
        print(f"\nkernel {kernel.release}, best of {rounds}:\n\n{images.table(rows)}\n")
    except (images.BenchError, CommandError, ConsoleError, FetchError) as error:
        say(f"bench: {error}")
        return 1
    finally:
        fetcher.close()
    return 0


def _vmcores(arguments, fetcher: Fetcher):
    if arguments.vmcore:
        yield arguments.vmcore.name, arguments.vmcore
        return
    for name in arguments.machine or ("8g", "100g"):
        with Ticker(lambda: f"bench: still making the vmcore of {name}", every=30):
            path = vmcores.vmcore(vmcores.MACHINES[name], fetcher)
        yield name, path


def _measure(bench: compare.Bench, title: str, vmcore: pathlib.Path, arguments) -> None:
    rows = []
    jobs = [job for threads in (1, 2) for job in compare.codec_jobs(arguments.level, threads)]
    for job in jobs:
        if not fnmatch.fnmatchcase(job.name, arguments.only):
            continue
        # The first round warms the page cache and does not count.
        if not rows:
            bench.compare(vmcore, job, 1)
        ours, peer = bench.compare(vmcore, job, arguments.rounds)
        rows.append((job, ours, peer))
        say(
            f"bench: {title}: {job.name}: {ours.wall:.3f} s"
            + (f", makedumpfile {peer.wall:.3f} s" if peer else "")
        )
    print(
        f"\n{title}, level {arguments.level}, best of {arguments.rounds} (load {os.getloadavg()[0]:.1f}):\n"
    )
    print(compare.table(rows) + "\n", flush=True)
    _measure_threads(bench, title, vmcore, arguments)


def _measure_threads(
    bench: compare.Bench, title: str, vmcore: pathlib.Path, arguments, threads: int = 2
) -> None:
    rows = []
    for job in compare.thread_jobs(arguments.level):
        if not fnmatch.fnmatchcase(job.name, arguments.only):
            continue
        one, several = bench.scale(vmcore, job, arguments.rounds, threads)
        rows.append((job, one, several))
        say(f"bench: {title}: {job.name}: {one.wall:.3f} s, {threads} threads {several.wall:.3f} s")
    if rows:
        print(f"\n{title}, level {arguments.level}, the collector's threads:\n")
        print(compare.scaling_table(rows, threads) + "\n", flush=True)


def _compile_measure() -> pathlib.Path:
    program = BUILD / "bench" / "measure"
    program.parent.mkdir(parents=True, exist_ok=True)
    source = ROOT / "tests" / "bench" / "measure.c"
    subprocess.run(
        ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o", program, source], check=True
    )
    return program
