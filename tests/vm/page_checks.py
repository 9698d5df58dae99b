# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages in a dump: those that makedumpfile would keep, with the contents that the memory had."""

import pathlib
import subprocess

from vm import pages, refilter_checks
from vm.boot import Evidence, Programs
from vm.kdump_file import FormatError, KdumpFile
from vm.readers import ReaderError, Readers
from vm.reference import Segment
from vm.result import Result


def check_pages(
    dump: KdumpFile,
    unfiltered: pathlib.Path,
    segments: list[Segment],
    readers: Readers,
    programs: Programs,
    evidence: Evidence,
    result: Result,
) -> None:
    """Three filters, one memory: the dump from the capture kernel, our collector here, makedumpfile here."""
    exists = pages.difference(dump.existing, pages.existing_bitmap(segments))
    result.check(
        "the dump's first bitmap is the RAM of /proc/iomem", not exists.unexplained, exists.text
    )
    memory = evidence.memory()
    wrong = pages.wrong_pages(dump, memory)
    memory.close()
    result.check("every page holds what memory held", not wrong, "; ".join(wrong))
    _compare_with_collector(dump, unfiltered, programs, evidence, result)

    def against_makedumpfile(ours: bytes, theirs: bytes) -> pages.Difference:
        """Explains what is known of it. Raises ReaderError."""
        explanations = [pages.partly_ram(segments)]
        peer = pages.difference(ours, theirs, explanations)
        vmlinux = evidence.kernel.vmlinux
        if peer.unexplained:
            listed = readers.per_cpu_free(unfiltered, vmlinux)
            explanations.append(pages.on_a_cpus_list(listed, ours))
            peer = pages.difference(ours, theirs, explanations)
        if peer.unexplained and "OFFSET(page.compound_info)=" in dump.vmcoreinfo:
            heads = readers.compound_heads(unfiltered, vmlinux, peer.unexplained)
            explanations.append(pages.tail_of_kept(heads, ours, theirs))
            peer = pages.difference(ours, theirs, explanations)
        return peer

    _compare_with_makedumpfile(dump, unfiltered, against_makedumpfile, readers, evidence, result)
    refilter_checks.check_refiltering(
        dump.kept,
        unfiltered,
        against_makedumpfile,
        readers,
        programs.collector,
        evidence.folder,
        result,
    )


def _compare_with_collector(
    dump: KdumpFile,
    unfiltered: pathlib.Path,
    programs: Programs,
    evidence: Evidence,
    result: Result,
) -> None:
    output = evidence.folder / "vmcore-collected-here"
    collector = subprocess.run(
        [programs.collector, "--level", "31", "--codec", "zstd", unfiltered, output],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    words = collector.stderr.strip().splitlines()[-3:]
    if result.check(
        "kdump-collect reads an ELF vmcore", collector.returncode == 0, " | ".join(words)
    ):
        same = pages.difference(dump.kept, KdumpFile(output).kept)
        result.check(
            "it keeps the same pages here as in the capture kernel", not same.unexplained, same.text
        )
        output.unlink()


def _compare_with_makedumpfile(
    dump: KdumpFile,
    unfiltered: pathlib.Path,
    against_makedumpfile,
    readers: Readers,
    evidence: Evidence,
    result: Result,
) -> None:
    output = evidence.folder / "vmcore-makedumpfile"
    try:
        readers.makedumpfile(["-d", "31", unfiltered, output])
        peer = against_makedumpfile(dump.kept, KdumpFile(output).kept)
    except (ReaderError, FormatError, OSError) as error:
        result.check("makedumpfile -d 31 filters the same memory", False, str(error))
        return
    output.unlink()
    result.figures["makedumpfile"] = readers.version("makedumpfile")
    result.figures["pages_kept"], result.figures["pages_makedumpfile"] = peer.ours, peer.theirs
    result.figures["pages_different"] = peer.text
    result.check("the kept pages are makedumpfile's", not peer.unexplained, peer.text)
    existing = sum(byte.bit_count() for byte in dump.existing)
    result.check(
        "the filter left something out, and not everything",
        0 < peer.ours < existing,
        str(peer.ours),
    )
