# SPDX-License-Identifier: GPL-2.0-or-later
"""A second guest whose kernel exports a disk over NFS, on cables of its own to the first; nothing else hears of it."""

import contextlib
import dataclasses
import pathlib
import socket
import subprocess
import threading

from vm import cpio, disk, guest, qemu
from vm.qemu import Machine

SERVER4 = "10.9.0.1"
CLIENT4 = "10.9.0.2"
SERVER6 = "fd09::1"
CLIENT6 = "fd09::2"
_EXPORT_MIB = 256
_MACHINE = Machine(512, five_level=False, uefi=False, cpus=1)

# knfsd without its daemons: what they would answer is written into its caches beforehand (fs/nfsd/export.c,
# net/sunrpc/svcauth_unix.c). 9218: NFSEXP_FSID, NOSUBTREECHECK and INSECURE_PORT; the file system number 0 is
# the root of version 4.
_SERVE_4 = """
echo "-2 -3 +4 +4.1 +4.2" > /proc/fs/nfsd/versions
for client in {client4} {client6}; do
    echo "nfsd $client 2147483647 guests" > /proc/net/rpc/auth.unix.ip/channel
done
echo "guests /var/crash 2147483647 9218 65534 65534 0" > /proc/net/rpc/nfsd.export/channel
printf '%s\\n' 'guests 1 \\x00000000 2147483647 /var/crash' > /proc/net/rpc/nfsd.fh/channel
echo "tcp 2049" > /proc/fs/nfsd/portlist
echo 4 > /proc/fs/nfsd/threads
"""
# Version 3 asks the port mapper and mountd.
_SERVE_3 = """
mkdir -p /var/lib/nfs/rpc_pipefs /run/rpcbind /run/sendsigs.omit.d
echo "tcp tpi_cots_ord v inet tcp - -" > /etc/netconfig
echo "udp tpi_clts v inet udp - -" >> /etc/netconfig
echo "local tpi_cots_ord - loopback - - -" >> /etc/netconfig
echo "rpcbind 111/tcp portmapper" > /etc/services
echo "nfs 2049/tcp" >> /etc/services
echo "_rpc:x:103:65534::/run/rpcbind:/bin/false" >> /etc/passwd
touch /var/lib/nfs/etab /var/lib/nfs/rmtab /var/lib/nfs/xtab
echo "/var/crash *(rw,no_root_squash,insecure,no_subtree_check,sync,fsid=0)" > /etc/exports
rpcbind -w; exportfs -a; rpc.mountd; rpc.nfsd -N 4 4
"""


@dataclasses.dataclass(frozen=True)
class NfsServer:
    """What the server guest does; SERVER4 and SERVER6 are its addresses."""

    version: int = 4
    links: int = 1  # cards in each guest; the server bridges its own
    vlan: int = 0  # the addresses are in this VLAN
    freeze_kib: int = 0  # when the dump is as large, the exported file system stops answering

    @contextlib.contextmanager
    def running(self, kernel, folder: pathlib.Path):
        """QEMU's arguments for the first guest, while the server runs; its disk is in folder/export afterwards."""
        # The first guest writes to its own.
        root = folder / "server-root.img"
        subprocess.run(["cp", "--sparse=always", folder / "root.img", root], check=True)
        ports = [_free_port() for _ in range(self.links)]
        guest.make_disk(folder / "export.img", _EXPORT_MIB)
        guest.make_harness_disk(folder / "server-harness.img")
        guest.boot_initramfs(
            kernel,
            {"run.sh": cpio.file(self._script()), "etc/hostname": cpio.file("filer\n")},
            folder / "server-initramfs",
        )
        ready, stop = threading.Event(), threading.Event()

        def on_line(_at: float, text: str) -> bool:
            if text.startswith("@vm serving"):
                ready.set()
            return stop.is_set()

        def serve() -> None:
            qemu.run(
                _MACHINE,
                kernel.vmlinuz,
                folder / "server-initramfs",
                "console=ttyS0 root=/dev/vda rw panic=5 no_timer_check",
                [
                    f"file={root}",
                    f"file={folder / 'export.img'}",
                    f"file={folder / 'server-harness.img'}",
                ],
                folder / "server-ram",
                folder / "server.log",
                deadline=1800,
                on_line=on_line,
                devices=_cards(ports, "listen", 1),
            )

        thread = threading.Thread(target=serve, name="nfs server")
        thread.start()
        try:
            if not ready.wait(180):
                raise TimeoutError(f"the NFS server did not start; see {folder / 'server.log'}")
            yield _cards(ports, "connect", 2)
        finally:
            stop.set()
            thread.join(60)
            for name in ("server-ram", "server-root.img", "server-harness.img"):
                (folder / name).unlink(missing_ok=True)
        disk.extract(folder / "export.img", folder / "export")

    def _script(self) -> str:
        serve = _SERVE_3 if self.version == 3 else _SERVE_4.format(client4=CLIENT4, client6=CLIENT6)
        freeze = (
            f'if [ -n "$warm" ] && [ "$(du -sk /var/crash | cut -f1)" -gt {self.freeze_kib} ]; '
            "then fsfreeze --freeze /var/crash; echo frozen; warm=; fi"
        )
        return (
            network_script(self.links, self.vlan, "1", bridge=True)
            + "modprobe nfsd; mount -t nfsd nfsd /proc/fs/nfsd\n"
            "echo 10 > /proc/fs/nfsd/nfsv4leasetime; echo 10 > /proc/fs/nfsd/nfsv4gracetime\n"
            + serve
            + f"warm=yes\nwhile sleep 1; do echo @vm serving; {freeze if self.freeze_kib else ':'}; done\n"
        )


def network_script(links: int, vlan: int, number: str, bridge: bool = False) -> str:
    """Shell lines that give a guest its cards, a bridge or bond of several, a VLAN on it, and addresses."""
    lines = ["modprobe virtio_net", "ip link set lo up"]
    lines += [f"ip link set eth{i} up" for i in range(links)] if bridge or links == 1 else []
    top = "eth0"
    if links > 1 and bridge:
        top = "br0"
        lines += ["modprobe bridge", "brctl addbr br0"]
        lines += [f"brctl addif br0 eth{i}" for i in range(links)]
    elif links > 1:
        top = "bond0"
        lines += [
            "modprobe bonding max_bonds=1 mode=active-backup miimon=100",
            "ip link set bond0 up",
        ]
        lines += [f"echo +eth{i} > /sys/class/net/bond0/bonding/slaves" for i in range(links)]
    lines.append(f"ip link set {top} up")
    if vlan:
        lines += ["modprobe 8021q", f"vconfig add {top} {vlan}", f"ip link set {top}.{vlan} up"]
        top = f"{top}.{vlan}"
    lines += [
        f"echo 0 > /proc/sys/net/ipv6/conf/{top}/accept_dad",
        f"ip addr add 10.9.0.{number}/24 dev {top}",
        f"ip -6 addr add fd09::{number}/64 dev {top}",
    ]
    return "\n".join(lines) + "\n"


def _cards(ports: list[int], role: str, guest_number: int) -> tuple[str, ...]:
    words: list[str] = []
    for i, port in enumerate(ports):
        where = f"{role}=127.0.0.1:{port}"
        words += ["-netdev", f"socket,id=net{i},{where}"]
        words += [
            "-device",
            f"virtio-net-pci,netdev=net{i},mac=52:54:00:09:{guest_number:02x}:{i:02x}",
        ]
    return tuple(words)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
