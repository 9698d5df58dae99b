# SPDX-License-Identifier: GPL-2.0-or-later
"""Which Debian mirror this machine uses, read from its own apt sources (one-line and deb822 form)."""

import dataclasses
import pathlib
import re


@dataclasses.dataclass(frozen=True)
class Mirror:
    main: str  # URI of the main archive
    security: str | None  # URI of the security archive, None when the machine has none


def find_mirror(etc: pathlib.Path = pathlib.Path("/etc")) -> Mirror | None:
    """None when this is not a Debian machine or its apt has no Debian archive."""
    release = _os_release(etc)
    if release.get("ID") != "debian":
        return None
    suites = {"sid", "unstable", "testing", "stable", "oldstable"}
    if release.get("VERSION_CODENAME"):
        suites.add(release["VERSION_CODENAME"])
    main = security = None
    for uri, entry_suites, components in _entries(etc / "apt"):
        if "main" not in components:
            continue
        for suite in entry_suites:
            if suite in suites:
                main = main or uri
            elif suite.endswith("-security") and suite.removesuffix("-security") in suites:
                security = security or uri
    return Mirror(main, security) if main else None


def _os_release(etc: pathlib.Path) -> dict[str, str]:
    pairs = re.findall(r'^([A-Z_]+)="?([^"\n]*)"?$', (etc / "os-release").read_text(), re.M)
    return dict(pairs)


def _entries(apt: pathlib.Path):
    """Yields (uri, suites, components) of every enabled `deb` entry."""
    parts = apt / "sources.list.d"
    for path in [apt / "sources.list", *sorted(parts.glob("*.list"))]:
        if path.is_file():
            yield from _one_line_entries(path.read_text())
    for path in sorted(parts.glob("*.sources")):
        yield from _deb822_entries(path.read_text())


def _one_line_entries(text: str):
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)", line.split("#")[0])
        if match:
            yield match[1], [match[2]], match[3].split()


def _deb822_entries(text: str):
    uncommented = re.sub(r"^#.*\n", "", text, flags=re.M)
    for stanza in re.split(r"\n\s*\n", uncommented):
        fields = {}
        for name, value in re.findall(r"^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t]+.*)*)", stanza, re.M):
            fields[name.lower()] = value.split()
        if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
            continue
        for uri in fields.get("uris", []):
            yield uri, fields.get("suites", []), fields.get("components", [])
