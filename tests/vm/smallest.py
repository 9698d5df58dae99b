# SPDX-License-Identifier: GPL-2.0-or-later
"""How small crashkernel= may be: the smallest that kdumpctl loads (it refuses what leaves less than 24 MiB beside kernel
and image) must do for a whole capture."""

import dataclasses
import pathlib
import re
import shutil
import time

from vm import cases, guest_run, nfs_cases, ssh_cases, targets
from vm.boot import Programs, boot
from vm.fetcher import Fetcher
from vm.result import Result

_FIRST_MIB, _LAST_MIB, _STEP_MIB = 56, 256, 8
_AGENT = "kdump-agent: "


@dataclasses.dataclass(frozen=True)
class SmallestCase:
    name: str
    series: str
    workload_mib: int = 300
    full_only: bool = True

    def run(self, programs: Programs, fetcher: Fetcher, folder: pathlib.Path) -> Result:
        start = time.monotonic()
        smallest = None
        tried = []
        for mib in range(_FIRST_MIB, _LAST_MIB + 1, _STEP_MIB):
            outcome = _boot_to_agent(self.series, mib, programs, fetcher, folder)
            tried.append(f"{mib}M {outcome}")
            if outcome == "agent":
                smallest = mib
                break
        result = Result(self.name, str(folder))
        if result.check(
            "the capture kernel reaches the agent", smallest is not None, ", ".join(tried)
        ):
            whole = cases.PanicCase(
                f"{self.name}-whole",
                self.series,
                crashkernel=f"crashkernel={smallest}M",
                workload_mib=self.workload_mib,
            )
            result, evidence = guest_run.run_case(whole, programs, fetcher, folder)
            result = dataclasses.replace(result, case=self.name)
            if result.passed:
                evidence.release_big_files()
        too_small = [text for text in tried if text.endswith(" no agent")]
        result.check(
            "kdumpctl loads nothing that is too small to boot", not too_small, str(too_small)
        )
        result.figures["smallest"] = ", ".join(tried)
        result.seconds = round(time.monotonic() - start, 1)
        return result


@dataclasses.dataclass(frozen=True)
class SmallestOverNetwork:
    """What kdumpctl asks for when it refuses arms, one MiB less does not, and the dump arrives."""

    name: str
    target: targets.TargetCase
    full_only: bool = True

    @property
    def series(self) -> str:
        return self.target.series

    def run(self, programs: Programs, fetcher: Fetcher, folder: pathlib.Path) -> Result:
        start = time.monotonic()
        tried: dict[int, str] = {}  # why not; "" when it is armed

        def attempt(mib: int) -> Result:
            case = dataclasses.replace(
                self.target, name=f"{mib}M", crashkernel=f"crashkernel={mib}M"
            )
            result = targets.run_case(case, programs, fetcher, folder / case.name)
            refusals = [c.detail for c in result.failures if c.name == "kdumpctl start"]
            tried[mib] = refusals[0] if refusals else ""
            if refusals:  # disks of 2 GiB that say no more than that
                shutil.rmtree(folder / case.name)
            return result

        mib = _FIRST_MIB
        whole = attempt(mib)
        while tried[mib] and mib <= _LAST_MIB:
            raised = re.search(r"raise crashkernel= by (\d+) MiB", tried[mib])
            if not whole.check("a refusal says how much more is needed", bool(raised), tried[mib]):
                break
            mib += int(raised[1])
            whole = attempt(mib)
        whole.check("the first size asked for is armed", mib - _FIRST_MIB and len(tried) == 2)
        attempt(mib - 1)
        whole.check("one MiB less is refused", bool(tried[mib - 1]))
        whole.figures["crashkernel"] = f"{mib}M"
        whole.figures["smallest"] = ", ".join(
            f"{size}M {'refused' if why else 'armed'}" for size, why in sorted(tried.items())
        )
        return dataclasses.replace(
            whole,
            case=self.name,
            folder=str(folder),
            seconds=round(time.monotonic() - start, 1),
        )


def _over_network(found: tuple[targets.TargetCase, ...], name: str, series: str):
    target = next(case for case in found if case.name == name)
    kind = name.partition("-")[0]
    return SmallestOverNetwork(
        f"{series}-smallest-{kind}", dataclasses.replace(target, series=series)
    )


CASES = (
    SmallestCase("6.1-smallest", "6.1"),
    SmallestCase("6.12-smallest", "6.12"),
    *(_over_network(nfs_cases.CASES, "nfs-v4", series) for series in ("6.1", "6.12")),
    *(_over_network(ssh_cases.CASES, "ssh-sftp-only", series) for series in ("6.1", "6.12")),
)


def _boot_to_agent(series: str, mib: int, programs: Programs, fetcher: Fetcher, folder) -> str:
    """What came of it: agent, no agent (it panicked or hung before), refused (kdumpctl did not load it)."""
    seen = []

    def reached(_, text: str) -> bool:
        if _AGENT in text:
            seen.append(text)
        return bool(seen)

    attempt = cases.PanicCase(f"{mib}M", series, crashkernel=f"crashkernel={mib}M")
    evidence = boot(attempt, fetcher.kernel(series), programs, folder / attempt.name, reached)
    evidence.release_big_files()
    if seen:
        return "agent"
    return "no agent" if evidence.run.when("^@vm panic") is not None else "refused"
