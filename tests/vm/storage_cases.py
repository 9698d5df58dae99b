# SPDX-License-Identifier: GPL-2.0-or-later
"""Dumps to volumes: LVM, multipath disks, md arrays, LUKS; and what happens when a part of them is missing."""

import dataclasses

from vm.guest import CRASH_DISK_UUID
from vm.targets import SAVED, WWN, TargetCase

_LVM = TargetCase(
    "target-lvm",
    kdump_conf="path /dumps/crash\n",
    disks=(("256",), ("256",)),
    files=(
        ("lvm/lvm.conf", "activation { udev_sync = 0 udev_rules = 0 }\n"),
    ),  # the guest has no udev
    # Of two parts, one on each disk; the group changes after arming, so that its metadata then is out of date.
    prepare="modprobe dm_mod; mkdir -p /run/lvm /run/lock/lvm /dumps; lvm vgcreate "
    "vg /dev/vdd /dev/vde; lvm lvcreate -y -Zn -L 200M -n small vg /dev/vdd; "
    "lvm lvcreate -y -Zn -L 250M -n dumps vg; "
    "mke2fs /dev/mapper/vg-dumps; mount -t ext4 /dev/mapper/vg-dumps /dumps; mkdir /dumps/crash; "
    "on_panic='lvm lvremove -y vg/small; lvm lvextend -L +20M vg/dumps; sync'",
    console=("set up the logical volume vg-dumps", SAVED, "kdump-agent: final action: reboot"),
    dump="second boot",
    after="modprobe dm_mod; mkdir -p /run/lvm /run/lock/lvm /dumps; lvm vgchange -ay vg; "
    "mount -t ext4 /dev/mapper/vg-dumps /dumps && cp -r /dumps/crash /harness/dump",
)

# The pool lies on both disks; the volume grows into it. thin_check is not in the guest.
_MAKE_THIN = (
    "modprobe dm_thin_pool; mkdir -p /run/lvm /run/lock/lvm /dumps; lvm vgcreate vg /dev/vdd /dev/vde; "
    "lvm lvcreate -y -Zn -L {pool} -T vg/pool; lvm lvcreate -y -V 400M -T vg/pool -n dumps; "
    "mke2fs -E nodiscard /dev/mapper/vg-dumps; mount -t ext4 /dev/mapper/vg-dumps /dumps; mkdir /dumps/crash; "
)
_LVM_THIN = dataclasses.replace(
    _LVM,
    name="target-lvm-thin",
    files=(
        (
            "lvm/lvm.conf",
            'activation { udev_sync = 0 udev_rules = 0 }\nglobal { thin_check_executable = "" }\n',
        ),
    ),
    prepare=_MAKE_THIN.format(pool="300M"),
    console=(
        r"the thin pool vg/pool has \d+",
        "set up the logical volume vg-dumps",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    after="modprobe dm_thin_pool; " + _LVM.after,
)
# Eight MiB are left in the pool and hundreds in the file system: writes fail at once, and the next target is tried.
_LVM_THIN_FULL = dataclasses.replace(
    _LVM_THIN,
    name="target-lvm-thin-full",
    kdump_conf=f"path /dumps/crash\nfallback_target ext4 UUID={CRASH_DISK_UUID}\n",
    prepare=_MAKE_THIN.format(pool="64M")
    + "mkdir -p /var/crash/dumps/crash; "
    + "on_panic='dd if=/dev/zero of=/dumps/filler bs=1M count=44; sync; lvm lvs -a; df /dumps'",
    console=(
        r"the thin pool vg/pool has \d+",
        "set up the logical volume vg-dumps",
        "cannot save vmcore",
        "trying the next dump target",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    dump="crash disk",
    after="",
    full_only=True,
)

# The guest has no udev, whose link /dev/vg/dumps leads to this node.
_RAW_LVM = dataclasses.replace(
    _LVM,
    name="raw-lvm",
    kdump_conf="raw /dev/dm-0\n",
    disks=(("512",),),
    prepare="modprobe dm_mod; mkdir -p /run/lvm /run/lock/lvm; lvm vgcreate vg /dev/vdd; "
    "lvm lvcreate -y -Zn -L 400M -n dumps vg",
    console=(
        "set up the logical volume vg-dumps",
        "found the dump target /dev/mapper/vg-dumps: /dev/dm-0",
        "kdump-agent: saved vmcore on /dev/dm-0",
        "kdump-agent: final action: reboot",
    ),
    after="modprobe dm_mod; mkdir -p /run/lvm /run/lock/lvm; lvm vgchange -ay vg; run start kdumpctl start; "
    "cp -r /var/crash/20* /harness/dump",
    full_only=True,
)

_MAKE_RAID1 = (
    "modprobe raid1; mkdir -p /run/mdadm /dumps; mdadm --create /dev/md0 --run --level=1 --raid-devices=2 "
    "--metadata=1.2 /dev/vdd /dev/vde; "
)
_START_RAID1 = (
    "modprobe raid1; mkdir -p /run/mdadm /dumps; mdadm --assemble /dev/md0 /dev/vdd /dev/vde; "
)
_RAID1 = TargetCase(
    "target-raid1",
    kdump_conf="path /dumps/crash\n",
    disks=(("256",), ("256",)),
    prepare=_MAKE_RAID1 + "mke2fs /dev/md0; mount -t ext4 /dev/md0 /dumps; mkdir /dumps/crash",
    console=("started the md array .*: /dev/md127", SAVED, "kdump-agent: final action: reboot"),
    dump="second boot",
    after=_START_RAID1 + "mount -t ext4 /dev/md0 /dumps && cp -r /dumps/crash /harness/dump",
)

# One disk, two adapters. What multipathd does with dmsetup here: the guest has no udev.
_MAKE_MULTIPATH = (
    "modprobe virtio_scsi; modprobe sd_mod; modprobe dm_multipath; modprobe dm_round_robin; mkdir -p /dumps; "
    "while [ ! -e /dev/sda ] || [ ! -e /dev/sdb ]; do sleep 1; done; "
    "map() { dmsetup --noudevsync create mpatha --uuid mpath-3"
    + WWN
    + ' --table "0 $(cat /sys/class/block/sda/size) multipath 0 0 2 1 '
    'round-robin 0 1 1 /dev/sda 1000 round-robin 0 1 1 /dev/sdb 1000"; dmsetup mknodes; }; '
)
_MULTIPATH = TargetCase(
    "target-multipath",
    kdump_conf="path /dumps/crash\n",
    paths=2,
    prepare=_MAKE_MULTIPATH
    + "map; mke2fs /dev/mapper/mpatha; mount -t ext4 /dev/mapper/mpatha /dumps; mkdir /dumps/crash",
    console=(
        "set up the multipath device mpatha over sd[ab], sd[ab]",
        "found the dump target UUID=.*: /dev/dm-0",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    never=("has 1 of 2 paths",),
    dump="second boot",
    after=_MAKE_MULTIPATH + "mount -t ext4 /dev/sda /dumps && cp -r /dumps/crash /harness/dump",
)
# One of the adapters is unplugged before the panic.
_MULTIPATH_ONE_LEFT = dataclasses.replace(
    _MULTIPATH,
    name="target-multipath-one-left",
    full_only=True,
    prepare=_MULTIPATH.prepare
    + "; on_panic='echo \"@vm ask unplug\"; while [ -e /dev/sda ] && [ -e /dev/sdb ]; do sleep 1; done; dmsetup status'",
    console=(
        "set up the multipath device mpatha over sda",
        r"WARNING: mpatha has 1 of 2 paths; missing: one behind 0000:00:",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    never=("over sda, sdb",),
)
# A volume group on a partition: its physical volume is seen through each path, too.
_ON_MULTIPATH = {
    "filter": 'devices { global_filter = [ "a|/dev/mapper/mpatha.*|", "r|.*|" ] }\n',
    "part": "; dmsetup --noudevsync create mpatha-part1 --uuid part1-mpath-3"
    + WWN
    + ' --table "0 $(cat /sys/class/block/sda/sda1/size) linear /dev/mapper/mpatha 2048"; dmsetup mknodes; ',
}
_MULTIPATH_LVM = dataclasses.replace(
    _MULTIPATH,
    name="target-multipath-lvm",
    full_only=True,
    files=(
        (
            "lvm/lvm.conf",
            "activation { udev_sync = 0 udev_rules = 0 }\n" + _ON_MULTIPATH["filter"],
        ),
    ),
    prepare=_MAKE_MULTIPATH
    + "echo 2048,,8e | sfdisk -q /dev/sda; echo 1 >/sys/class/block/sdb/device/rescan; map"
    + _ON_MULTIPATH["part"]
    + "mkdir -p /run/lvm /run/lock/lvm; lvm vgcreate vg /dev/mapper/mpatha-part1; "
    "lvm lvcreate -y -Zn -L 400M -n dumps vg; mke2fs /dev/mapper/vg-dumps; "
    "mount -t ext4 /dev/mapper/vg-dumps /dumps; mkdir /dumps/crash",
    console=(
        "set up the multipath device mpatha over sd[ab], sd[ab]",
        "set up the partition mpatha-part1",
        "set up the logical volume vg-dumps",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    after=_MAKE_MULTIPATH
    + "map"
    + _ON_MULTIPATH["part"]
    + "mkdir -p /run/lvm /run/lock/lvm; lvm vgchange -ay vg; mount -t ext4 /dev/mapper/vg-dumps /dumps && "
    "cp -r /dumps/crash /harness/dump",
)

# An encrypted volume with the dump path on it. The guest has no udev, and its processor no time for Argon2.
_LUKS_UUID = "03813836-56e6-1ab3-b58e-27507ac41937"
_FORMAT_LUKS = (
    "printf secret | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "
    f"--sector-size 4096 --uuid {_LUKS_UUID} --key-file=- {{}}"
)
_OPEN_LUKS = (
    "export DM_DISABLE_UDEV=1; mkdir -p /run/cryptsetup /dumps; modprobe dm_crypt; "
    "printf secret | cryptsetup open --key-file=- /dev/vdd luks-dumps; "
)
# Where systemd leaves it with link-volume-key=.
_LEAVE_KEY = (
    "mount -t configfs configfs /sys/kernel/config; printf secret | cryptsetup luksDump -q --dump-volume-key "
    "--key-file=- --volume-key-file /run/volume-key {}; "
    f"keyctl padd logon kdump-cryptsetup:vk-{_LUKS_UUID} @u </run/volume-key"
)
_LUKS = TargetCase(
    "target-luks2",
    series="dm-crypt",
    kdump_conf="path /dumps/crash\n",
    disks=(
        (
            "256",
            "sh",
            "-c",
            _FORMAT_LUKS.format("$0"),
        ),
    ),
    prepare=_OPEN_LUKS
    + "mke2fs -b 4096 /dev/mapper/luks-dumps; mount -t ext4 /dev/mapper/luks-dumps /dumps; mkdir /dumps/crash; "
    + _LEAVE_KEY.format("/dev/vdd"),
    console=(
        "opened the encrypted volume luks-dumps",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    dump="second boot",
    after=f"{_OPEN_LUKS}mount -t ext4 /dev/mapper/luks-dumps /dumps && cp -r /dumps/crash /harness/dump",
    full_only=True,
)
_LUKS_WITHOUT_KEY = dataclasses.replace(
    _LUKS,
    name="target-luks2-no-key",
    prepare=_LUKS.prepare.removesuffix(_LEAVE_KEY.format("/dev/vdd")),
    refused=("The key of the encrypted dump target is not in root's keyring", "setup-crypttab"),
)
_LUKS_REFUSED = dataclasses.replace(
    _LUKS,
    name="target-luks2-refused",
    series="6.1",
    prepare=_LUKS.prepare.removesuffix(_LEAVE_KEY.format("/dev/vdd")),
    refused=("an encrypted volume", "CONFIG_CRASH_DM_CRYPT", "Use a file system on a plain disk"),
    full_only=False,
)

# As installers do: volume groups on an encrypted partition, on an array; and the other way round.
_LVM_CONF = ("lvm/lvm.conf", "activation { udev_sync = 0 udev_rules = 0 }\n")
_LVM_FOLDERS = "mkdir -p /run/lvm /run/lock/lvm; "
_MAKE_VOLUME = "lvm lvcreate -y -Zn -L 200M -n dumps vg; "
_MAKE_FILE_SYSTEM = "mke2fs -b 4096 {0}; mount -t ext4 {0} /dumps; mkdir /dumps/crash; "
_COPY = "mount -t ext4 {0} /dumps && cp -r /dumps/crash /harness/dump"
_LVM_ON_LUKS = dataclasses.replace(
    _LUKS,
    name="target-lvm-on-luks2",
    files=(_LVM_CONF,),
    prepare=_OPEN_LUKS
    + _LVM_FOLDERS
    + "lvm vgcreate vg /dev/mapper/luks-dumps; "
    + _MAKE_VOLUME
    + _MAKE_FILE_SYSTEM.format("/dev/mapper/vg-dumps")
    + _LEAVE_KEY.format("/dev/vdd"),
    console=(
        "opened the encrypted volume luks-dumps",
        "set up the logical volume vg-dumps",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    after=_OPEN_LUKS
    + _LVM_FOLDERS
    + "lvm vgchange -ay vg; "
    + _COPY.format("/dev/mapper/vg-dumps"),
)
_LUKS_ON_LVM = dataclasses.replace(
    _LUKS,
    name="target-luks2-on-lvm",
    disks=(("280",),),
    files=(_LVM_CONF,),
    prepare="modprobe dm_mod; "
    + _LVM_FOLDERS
    + "lvm vgcreate vg /dev/vdd; "
    + _MAKE_VOLUME
    + _FORMAT_LUKS.format("/dev/mapper/vg-dumps")
    + "; "
    + _OPEN_LUKS.replace("/dev/vdd", "/dev/mapper/vg-dumps")
    + _MAKE_FILE_SYSTEM.format("/dev/mapper/luks-dumps")
    + _LEAVE_KEY.format("/dev/mapper/vg-dumps"),
    console=(
        "set up the logical volume vg-dumps",
        "opened the encrypted volume luks-dumps",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    after="modprobe dm_mod; "
    + _LVM_FOLDERS
    + "lvm vgchange -ay vg; "
    + _OPEN_LUKS.replace("/dev/vdd", "/dev/mapper/vg-dumps")
    + _COPY.format("/dev/mapper/luks-dumps"),
)
_LVM_ON_RAID1 = dataclasses.replace(
    _RAID1,
    name="target-lvm-on-raid1",
    files=(_LVM_CONF,),
    prepare=_MAKE_RAID1
    + "modprobe dm_mod; "
    + _LVM_FOLDERS
    + "lvm vgcreate vg /dev/md0; "
    + _MAKE_VOLUME
    + _MAKE_FILE_SYSTEM.format("/dev/mapper/vg-dumps"),
    console=(
        "started the md array .*: /dev/md127",
        "set up the logical volume vg-dumps",
        SAVED,
        "kdump-agent: final action: reboot",
    ),
    after=_START_RAID1
    + "modprobe dm_mod; "
    + _LVM_FOLDERS
    + "lvm vgchange -ay vg; "
    + _COPY.format("/dev/mapper/vg-dumps"),
    full_only=True,
)

CASES = (
    _LVM,
    _LVM_THIN,
    _LVM_THIN_FULL,
    _RAW_LVM,
    _MULTIPATH,
    _MULTIPATH_ONE_LEFT,
    _MULTIPATH_LVM,
    _RAID1,
    _LUKS,
    _LUKS_WITHOUT_KEY,
    _LUKS_REFUSED,
    _LVM_ON_LUKS,
    _LUKS_ON_LVM,
    _LVM_ON_RAID1,
)
