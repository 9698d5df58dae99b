# SPDX-License-Identifier: GPL-2.0-or-later
"""An iSCSI target of this host on its loopback interface (tgt, which needs no kernel module), which a guest reaches
through QEMU's user network."""

import contextlib
import dataclasses
import pathlib
import subprocess
import threading
import time

from vm import cpio
from vm.ssh_server import HOST, NETWORK, free_port

TARGET = "iqn.2026-11.test.kdump:dumps"
_USER, _PASSWORD = "dumper", "passphrase-of-dumper"
_MIB = 512
# Logs in and waits for the disk; the guest's kernel may have other disks, but no other SCSI disk.
LOG_IN = (
    NETWORK.strip()
    + "; modprobe iscsi_tcp; modprobe sd_mod; mkdir -p /dumps /run/lock/iscsi; "
    + f"iscsistart -i iqn.2026-11.test.kdump:guest -t {TARGET} -g 1 -a {HOST} "
    + f"-p $(cat /etc/iscsi-port) -u {_USER} -w {_PASSWORD}; "
    + "while [ ! -e /dev/sda ]; do sleep 1; done; "
)


@dataclasses.dataclass(frozen=True)
class IscsiServer:
    gone: bool = False  # it ends when the guest panics

    def guest_files(self, folder: pathlib.Path) -> dict[str, cpio.Entry]:
        """What the guest has below /etc."""
        port = free_port()
        (folder / "iscsi-port").write_text(str(port))
        return {"iscsi-port": cpio.file(f"{port}\n")}

    @contextlib.contextmanager
    def running(self, _kernel, folder: pathlib.Path):
        """QEMU's arguments for the guest, while the target runs."""
        port = int((folder / "iscsi-port").read_text())
        image = folder / "iscsi.img"
        if not image.exists():
            with image.open("wb") as file:
                file.truncate(_MIB << 20)
        pathlib.Path("/run/tgtd").mkdir(exist_ok=True)
        control = str(port & 0x7FFF)  # tgtd keeps it in a short
        stop = threading.Event()
        portal = f"portal=127.0.0.1:{port}"
        with (
            (folder / "tgtd.log").open("wb") as log,
            subprocess.Popen(
                ["tgtd", "-f", "-C", control, "--iscsi", portal], stdout=log, stderr=log
            ) as server,
        ):
            watcher = threading.Thread(target=self._watch, args=(server, folder, stop))
            watcher.start()
            try:
                _configure(control, image)
                yield ("-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0")
            finally:
                stop.set()
                watcher.join()
                server.kill()

    def _watch(self, server, folder: pathlib.Path, stop: threading.Event) -> None:
        log = folder / "serial.log"
        while self.gone and not stop.wait(0.2):
            if log.exists() and "sysrq: Trigger a crash" in log.read_text(errors="replace"):
                server.kill()
                return


def _configure(control: str, image: pathlib.Path) -> None:
    admin = ["tgtadm", "-C", control, "--lld", "iscsi"]
    for words in (
        ["--op", "new", "--mode", "target", "--tid", "1", "-T", TARGET],
        ["--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", "1", "-b", str(image)],
        ["--op", "new", "--mode", "account", "--user", _USER, "--password", _PASSWORD],
        ["--op", "bind", "--mode", "account", "--tid", "1", "--user", _USER],
        ["--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL"],
    ):
        _until_it_works(admin + words)


def _until_it_works(command: list[str]) -> None:
    """tgtd takes a moment until it listens."""
    deadline = time.monotonic() + 20
    while True:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return
        if time.monotonic() > deadline:
            raise OSError(f"{' '.join(command[3:])}: {result.stderr.strip()}")
        time.sleep(0.2)
