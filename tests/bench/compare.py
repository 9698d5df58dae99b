# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the collector and makedumpfile in turn on one vmcore, and tells the best of several runs of each."""

import dataclasses
import os
import pathlib
import subprocess

OUTPUT = pathlib.Path("/dev/shm/kdump-bench-output")


class BenchError(Exception):
    """A program under measurement failed; the text is its own."""


@dataclasses.dataclass(frozen=True)
class Job:
    """The same work in both programs' words; an empty tuple: that program has none for it."""

    name: str
    ours: tuple[str, ...]
    peer: tuple[str, ...] = ()
    writes: bool = True
    pipe: bool = False  # to cat(1) instead of a file


@dataclasses.dataclass
class Figures:
    wall: float = float("inf")  # seconds, the best run
    cpu: float = float("inf")  # seconds of user and system time, the best run
    peak: int = 0  # bytes of memory, the worst run
    size: int = 0  # bytes of output that are on a disk
    runs: int = 0

    def add(self, wall: float, cpu: float, peak: int, size: int) -> None:
        self.wall, self.cpu = min(self.wall, wall), min(self.cpu, cpu)
        self.peak, self.size = max(self.peak, peak), size
        self.runs += 1


def codec_jobs(level: int, threads: int) -> list[Job]:
    own, peer = ("-d", str(level), "--threads", str(threads)), ("-d", str(level))
    if threads > 1:
        peer += ("--num-threads", str(threads))
    suffix = f", {threads} threads" if threads > 1 else ""
    jobs = [
        Job(
            f"dry run{suffix}",
            ("--dry-run", *own),
            ("--dry-run", *peer) if threads == 1 else (),
            False,
        ),
        Job(f"default against -l{suffix}", own, ("-l", *peer)),
        Job(f"lzo{suffix}", ("-l", *own), ("-l", *peer)),
        Job(f"zstd:1{suffix}", ("--codec", "zstd:1", *own), ("-z", *peer)),
        Job(f"zlib:1{suffix}", ("--codec", "zlib:1", *own), ("-c", *peer)),
        Job(f"uncompressed{suffix}", ("--codec", "none", *own), peer),
    ]
    return jobs


def thread_jobs(level: int) -> list[Job]:
    """Our own work alone, to be done by different numbers of threads."""
    own = ("-d", str(level))
    flattened = (*own, "--output-format", "flattened")
    return [
        Job("dry run", ("--dry-run", *own), writes=False),
        Job("default", own),
        *(
            Job(codec, ("--codec", codec, *own))
            for codec in ("zstd:1", "lzo", "snappy", "zlib:1", "none")
        ),
        Job("ELF", ("--output-format", "elf", *own)),
        Job("stream to a file", flattened),
        Job("stream to a pipe", flattened, pipe=True),
        Job("stream to a pipe, lzo", (*flattened, "-l"), pipe=True),
    ]


def _undisturbed() -> None:
    """For root: what else the machine does waits for the few seconds of a run."""
    if os.geteuid() == 0:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


class Bench:
    def __init__(self, measure: pathlib.Path, collector: pathlib.Path, makedumpfile: list[str]):
        self._measure = measure
        self._collector = collector
        self._makedumpfile = makedumpfile

    def compare(
        self, vmcore: pathlib.Path, job: Job, rounds: int
    ) -> tuple[Figures, Figures | None]:
        """Ours and the peer's figures; the two alternate, so that what else the machine does hits both."""
        ours, peer = Figures(), Figures() if job.peer else None
        for _ in range(rounds):
            self._run([str(self._collector), "-q", "-f", *job.ours], vmcore, job, ours)
            if peer:
                self._run(
                    [*self._makedumpfile, "--message-level", "4", *job.peer], vmcore, job, peer
                )
        return ours, peer

    def scale(
        self, vmcore: pathlib.Path, job: Job, rounds: int, threads: int
    ) -> tuple[Figures, Figures]:
        """Our figures with one thread and with several."""
        one, several = Figures(), Figures()
        for _ in range(rounds):
            for count, figures in ((1, one), (threads, several)):
                command = [str(self._collector), "-q", "-f", "--threads", str(count), *job.ours]
                self._run(command, vmcore, job, figures)
        return one, several

    def _run(self, command: list[str], vmcore: pathlib.Path, job: Job, figures: Figures) -> None:
        OUTPUT.unlink(missing_ok=True)
        argv = [str(self._measure), *command, str(vmcore), "-" if job.pipe else str(OUTPUT)]
        try:
            result = self._run_piped(argv) if job.pipe else self._run_alone(argv)
            code, wall, cpu, peak = result.stdout.split()
            if code != "0":
                raise BenchError(f"{' '.join(command)}: exit code {code}: {result.stderr}")
            size = OUTPUT.stat().st_blocks * 512 if job.writes and not job.pipe else 0
            figures.add(float(wall), float(cpu), int(peak) << 10, size)
        finally:
            OUTPUT.unlink(missing_ok=True)

    @staticmethod
    def _run_alone(argv: list[str]) -> subprocess.CompletedProcess:
        return subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=True,
            preexec_fn=_undisturbed,
        )

    @staticmethod
    def _run_piped(argv: list[str]) -> subprocess.CompletedProcess:
        """measure leaves its own stdout to the figures; the program writes to stderr."""
        with subprocess.Popen(
            ["cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            preexec_fn=_undisturbed,
        ) as drain:
            result = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=drain.stdin,
                text=True,
                check=True,
                preexec_fn=_undisturbed,
            )
            drain.stdin.close()
        return result


_TITLES = (
    "work", "seconds", "CPU s", "peak", "output",
    "makedumpfile: seconds", "CPU s", "peak", "output", "times as fast", "by CPU", "size",
)  # fmt: skip


def table(rows: list[tuple[Job, Figures, Figures | None]]) -> str:
    """A Markdown table. "size": of ours in percent of makedumpfile's."""
    cells = [list(_TITLES)]
    for job, ours, peer in rows:
        line = [job.name, *_cells(ours)]
        if peer:
            line += [*_cells(peer), f"{peer.wall / ours.wall:.2f}", f"{peer.cpu / ours.cpu:.2f}"]
            line.append(f"{100 * ours.size / peer.size:.1f} %" if peer.size else "-")
        else:
            line += ["-"] * 7
        cells.append(line)
    return _markdown(cells)


def scaling_table(rows: list[tuple[Job, Figures, Figures]], threads: int) -> str:
    cells = [["work", "1 thread: seconds", "CPU s", "peak"]]
    cells[0] += [f"{threads} threads: seconds", "CPU s", "peak", "times as fast"]
    for job, one, several in rows:
        line = [job.name, *_cells(one)[:3], *_cells(several)[:3]]
        cells.append([*line, f"{one.wall / several.wall:.2f}"])
    return _markdown(cells)


def _markdown(cells: list[list[str]]) -> str:
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = [
        "| " + " | ".join(cell.rjust(width) if i else cell.ljust(width)
                          for i, (cell, width) in enumerate(zip(line, widths))) + " |"
        for line in cells
    ]  # fmt: skip
    lines.insert(
        1,
        "|"
        + "|".join("-" * (width + 1) + (":" if i else "-") for i, width in enumerate(widths))
        + "|",
    )
    return "\n".join(lines)


def _cells(figures: Figures) -> list[str]:
    size = f"{figures.size / 1e6:.1f} MB" if figures.size else "-"
    return [
        f"{figures.wall:.3f}",
        f"{figures.cpu:.3f}",
        f"{figures.peak / 1048576:.1f} MiB",
        size,
    ]
