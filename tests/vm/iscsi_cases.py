# SPDX-License-Identifier: GPL-2.0-or-later
"""Dumps to an iSCSI disk, with CHAP; and what happens when its target is gone."""

import dataclasses

from vm.guest import CRASH_DISK_UUID
from vm.iscsi_server import LOG_IN, TARGET, IscsiServer
from vm.targets import SAVED, TargetCase

_FINAL = "kdump-agent: final action: reboot"
_DISK = TargetCase(
    "target-iscsi",
    kdump_conf="path /dumps/crash\n",
    server=IscsiServer(),
    prepare=LOG_IN + "mke2fs /dev/sda; mount -t ext4 /dev/sda /dumps; mkdir /dumps/crash",
    console=(
        r"eth0 is up",
        f"logged in to the iSCSI target {TARGET} at 10.0.2.2",
        "found the dump target UUID=.*: /dev/sda",
        SAVED,
        _FINAL,
    ),
    never=("passphrase-of",),
    dump="second boot",
    after=LOG_IN + "mount -t ext4 /dev/sda /dumps && cp -r /dumps/crash /harness/dump",
)

CASES = (
    _DISK,
    dataclasses.replace(
        _DISK,
        name="target-iscsi-gone",
        server=IscsiServer(gone=True),
        kdump_conf=f"path /dumps/crash\nfallback_target ext4 UUID={CRASH_DISK_UUID}\n",
        prepare=_DISK.prepare + "; mkdir -p /var/crash/dumps/crash",
        console=(
            f"cannot log in to the iSCSI target {TARGET}",
            "trying the next dump target",
            SAVED,
            _FINAL,
        ),
        dump="crash disk",
        after="",
    ),
)
