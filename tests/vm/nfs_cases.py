# SPDX-License-Identifier: GPL-2.0-or-later
"""Dumps to an NFS server in a second guest, over one card, a VLAN on a bond, and IPv6; and what happens when it fails."""

from vm.guest import CRASH_DISK_UUID
from vm.nfs_server import SERVER4, SERVER6, NfsServer, network_script
from vm.targets import SAVED, TargetCase

_FINAL = "kdump-agent: final action: reboot"


def _case(name: str, target: str, server: NfsServer, **others) -> TargetCase:
    """`others` replace what a dump that works looks like."""
    settings = {
        "kdump_conf": f"{target}\npath /crash\n",
        "console": (r"is up", r"mounted .* \(NFS ", SAVED, _FINAL),
        "prepare": network_script(server.links, server.vlan, "2"),
        "dump": "export",
        **others,
    }
    return TargetCase(f"nfs-{name}", server=server, **settings)


_TO_CRASH_DISK = f"fallback_target ext4 UUID={CRASH_DISK_UUID}\n"
_NEXT = f"trying the next dump target: ext4 UUID={CRASH_DISK_UUID}"

CASES = (
    # By a name of /etc/hosts, found when the image is built; not mounted on the host.
    _case(
        "v4",
        "nfs filer:/",
        NfsServer(),
        files=(("hosts", f"{SERVER4} filer\n"),),
        console=(r"eth0 is up", r"mounted filer:/ \(NFS 4\.2, 10\.9\.0\.1\)", SAVED, _FINAL),
    ),
    _case(
        "v3",
        f"nfs {SERVER4}:/var/crash",
        NfsServer(version=3),
        console=(r"NFS 4\.2: ", r"mounted 10\.9\.0\.1:/var/crash \(NFS 3", SAVED, _FINAL),
        full_only=True,
    ),
    _case(
        "vlan-on-bond",
        f"nfs {SERVER4}:/",
        NfsServer(links=2, vlan=7),
        console=(r"bond0\.7 is up", r"mounted 10\.9\.0\.1:/", SAVED, _FINAL),
        full_only=True,
    ),
    _case(
        "ipv6",
        f"nfs [{SERVER6}]:/",
        NfsServer(),
        console=(r"eth0 is up", r"mounted \[fd09::1\]:/ \(NFS 4\.2, fd09::1\)", SAVED, _FINAL),
        full_only=True,
    ),
    # Alive, but its disk is not: the collector waits for ever.
    _case(
        "frozen",
        f"nfs {SERVER4}:/",
        NfsServer(freeze_kib=1000),
        kdump_conf=f"nfs {SERVER4}:/\npath /\n{_TO_CRASH_DISK}",
        console=(r"mounted 10\.9\.0\.1:/", "no progress for 300 s", _NEXT, SAVED, _FINAL),
        dump="crash disk",
        seconds=1500,
        full_only=True,
    ),
    _case(
        "no-answer",
        "nfs 10.9.0.77:/",
        NfsServer(),
        kdump_conf=f"nfs 10.9.0.77:/\npath /\n{_TO_CRASH_DISK}",
        console=(
            r"cannot mount 10\.9\.0\.77:/: 10\.9\.0\.77 does not answer",
            _NEXT,
            SAVED,
            _FINAL,
        ),
        dump="crash disk",
        seconds=1200,
        full_only=True,
    ),
)
