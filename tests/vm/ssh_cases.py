# SPDX-License-Identifier: GPL-2.0-or-later
"""Dumps to an SSH server: through SFTP alone and without it; and what happens when the server is not what it was."""

from vm.guest import CRASH_DISK_UUID
from vm.ssh_server import EXPORT, NETWORK, SshServer
from vm.targets import SAVED, TargetCase

_FINAL = "kdump-agent: final action: reboot"
_CONF = f"ssh root@logs\nsshkey /etc/kdump.key\npath {EXPORT}\n"
_SECOND = f"fallback_target ext4 UUID={CRASH_DISK_UUID}\n"
_NEXT = f"trying the next dump target: ext4 UUID={CRASH_DISK_UUID}"


def _case(name: str, server: SshServer, **others) -> TargetCase:
    settings = {
        "kdump_conf": _CONF,
        "console": (
            r"eth0 is up",
            r"saving to root@logs:",
            r"saved vmcore-dmesg\.txt",
            SAVED,
            _FINAL,
        ),
        "prepare": NETWORK,
        "dump": "export",
        **others,
    }
    return TargetCase(f"ssh-{name}", server=server, **settings)


CASES = (
    # The server does nothing but SFTP; the next target is a disk, which is not needed.
    _case("sftp-only", SshServer("Subsystem sftp internal-sftp\nForceCommand internal-sftp")),
    # Dumps are not sent to whoever answers.
    _case(
        "host-key-changed",
        SshServer(changed_key=True),
        kdump_conf=_CONF + "failure_action poweroff\n",
        console=(
            r"the host key of 10\.0\.2\.2 has changed",
            r"cannot save on root@logs",
            "failure action: poweroff",
        ),
        never=(SAVED, "saving to"),
        dump="",
    ),
    _case(
        "closed",
        SshServer(close_kib=1000),
        kdump_conf=_CONF + _SECOND,
        prepare=f"{NETWORK}mkdir -p /var/crash{EXPORT}",  # the same path on the second target
        console=(r"the connection was lost", "ERROR: cannot save vmcore", _NEXT, SAVED, _FINAL),
        dump="crash disk",
        full_only=True,
    ),
)
