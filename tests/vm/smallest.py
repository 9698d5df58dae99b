# SPDX-License-Identifier: GPL-2.0-or-later
"""How small crashkernel= may be: the smallest that kdumpctl loads (it refuses what leaves less than 24 MiB beside kernel
and image) must do for a whole capture."""

import dataclasses
import pathlib
import time

from vm import cases, guest_run
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


CASES = (SmallestCase("6.1-smallest", "6.1"), SmallestCase("6.12-smallest", "6.12"))


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
