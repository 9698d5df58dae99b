# SPDX-License-Identifier: GPL-2.0-or-later
"""An SSH server of this host on its loopback interface, with keys and a configuration of its own, which a guest reaches
through QEMU's user network."""

import contextlib
import dataclasses
import getpass
import pathlib
import shutil
import socket
import subprocess
import threading

from vm import cpio

HOST = "10.0.2.2"  # this host, as a guest of QEMU's user network sees it
NETWORK = (
    "modprobe virtio_net; ip link set lo up; ip link set eth0 up; "
    "ip addr add 10.0.2.15/24 dev eth0\n"
)
EXPORT = "@export@"  # in kdump.conf: the folder on this host that takes the dumps


@dataclasses.dataclass(frozen=True)
class SshServer:
    """`settings`: lines of sshd_config. The guest knows the server as "logs"."""

    settings: str = "Subsystem sftp internal-sftp"
    changed_key: bool = False  # the server shows another key than the one that the guest knows
    close_kib: int = 0  # when the dump is as large, every connection is closed

    def guest_files(self, folder: pathlib.Path) -> dict[str, cpio.Entry]:
        """What the guest has below /etc; makes the keys."""
        shutil.rmtree(folder / "sshd", ignore_errors=True)
        (folder / "sshd").mkdir()
        for name in ("host", "other", "client"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "sshd" / name],
                check=True,
            )
        port = free_port()
        (folder / "sshd/port").write_text(str(port))
        (folder / "export").mkdir(exist_ok=True)
        shown = (folder / "sshd/host.pub").read_text()
        return {
            "ssh/ssh_config": cpio.file(
                f"Host logs\n HostName {HOST}\n Port {port}\n User {getpass.getuser()}\n"
            ),
            "ssh/ssh_known_hosts": cpio.file(f"[{HOST}]:{port} {shown}"),
            "kdump.key": cpio.file((folder / "sshd/client").read_bytes(), 0o600),
        }

    @contextlib.contextmanager
    def running(self, _kernel, folder: pathlib.Path):
        """QEMU's arguments for the guest, while the server runs."""
        place = folder / "sshd"
        port = (place / "port").read_text()
        (place / "config").write_text(
            f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {place / self._key}\nPidFile none\n"
            f"AuthorizedKeysFile {place / 'client.pub'}\nStrictModes no\nUsePAM no\n"
            f"PasswordAuthentication no\nKbdInteractiveAuthentication no\n{self.settings}\n"
        )
        if getpass.getuser() == "root":
            pathlib.Path("/run/sshd").mkdir(exist_ok=True)  # sshd insists on it
        stop = threading.Event()
        with (
            (folder / "sshd.log").open("wb") as log,
            subprocess.Popen(
                ["/usr/sbin/sshd", "-D", "-e", "-f", place / "config"], stdout=log, stderr=log
            ) as server,
        ):
            closer = threading.Thread(target=self._close, args=(server.pid, folder, stop))
            closer.start()
            try:
                yield ("-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0")
            finally:
                stop.set()
                closer.join()
                _end_connections(server.pid)
                server.terminate()

    @property
    def _key(self) -> str:
        return "other" if self.changed_key else "host"

    def _close(self, pid: int, folder: pathlib.Path, stop: threading.Event) -> None:
        while self.close_kib and not stop.wait(0.2):
            parts = (folder / "export").rglob("vmcore*-incomplete")
            if any(part.stat().st_size > self.close_kib << 10 for part in parts):
                _end_connections(pid)
                return


def _end_connections(pid: int) -> None:
    """The server's children, at once, as a crash would."""
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(OSError):
            _end_connections(int(child))
        subprocess.run(["kill", "-KILL", child], check=False)


def free_port() -> int:
    """One of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
