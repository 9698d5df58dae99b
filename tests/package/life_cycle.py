# SPDX-License-Identifier: GPL-2.0-or-later
"""What an administrator does with packages, and what must be true after each step."""

import abc
import pathlib

from package.root_tree import CommandError, RootTree
from vm.result import Result

_EDITED = "\n# edited\nfailure_action halt\n"
_DUMP = "/var/crash/127.0.0.1-2026-01-01-00:00:00"
_UNITS = ("kdump.service", "kdump-hotplug.service", "kdump-hotplug.timer")
_FAST_REBOOT_UNIT = "kdump-fast-reboot.service"
_PROGRAMS = (
    ("kdumpctl", "--version"),
    ("mkdumprd", "--version"),
    ("kdump-collect", "--version"),
    ("kdump-vmcoreinfo", "--version"),
    ("/usr/libexec/kdump/kdump-agent", "--version"),
    ("kdumpctl", "--help"),
)


class Packages(abc.ABC):
    """One kind of packages, and its manager."""

    name: str

    @abc.abstractmethod
    def listing(self) -> dict[str, list[str]]:
        """Package -> its lines as RootTree.describe() has them; configuration files end in " (configuration)"."""

    @abc.abstractmethod
    def install(self, tree: RootTree) -> None:
        ...

    @abc.abstractmethod
    def upgrade(self, tree: RootTree) -> None:
        ...

    @abc.abstractmethod
    def erase(self, tree: RootTree) -> None:
        """As far as the manager goes while configuration and data stay."""

    @abc.abstractmethod
    def remove_kernel(self, tree: RootTree, version: str) -> None:
        """The hook that the distribution calls for it."""

    @abc.abstractmethod
    def after_erase(self, tree: RootTree, result: Result) -> None:
        """What is particular to this kind."""


def run(packages: Packages, tree: RootTree, golden: pathlib.Path, result: Result) -> None:
    listing = packages.listing()
    _check_listing(listing, golden, result)
    if not _step("install", lambda: packages.install(tree), result):
        return
    _check_files(listing, tree, result)
    _check_units(tree, result)
    _check_tmpfiles(tree, result)
    _check_kernel_hook(packages, tree, result)
    for program, option in _PROGRAMS:
        _step(f"{program} {option} runs", lambda: tree.inside(program, option), result)
    tree.outside(["mkdir", "-m", "700", tree.folder / _DUMP.lstrip("/")])
    tree.write("/etc/kdump.conf", tree.read("/etc/kdump.conf") + _EDITED)
    tree.inside("systemctl", "disable", "kdump.service")
    if _step("upgrade", lambda: packages.upgrade(tree), result):
        _check_files(listing, tree, result)
        result.check("an upgrade keeps the edited kdump.conf", _edited(tree, "/etc/kdump.conf"))
        result.check("an upgrade keeps the service disabled", not _enabled(tree, "kdump.service"))
    if _step("erase", lambda: packages.erase(tree), result):
        for lines in listing.values():
            for line in lines:
                _check_gone(line, tree, result)
        result.check("dumps outlive the package", tree.exists(_DUMP))
        packages.after_erase(tree, result)


def edited_file_stays(tree: RootTree, path: str, result: Result) -> None:
    result.check(f"the edited file stays as {path}", _edited(tree, path))


def _step(name: str, action, result: Result) -> bool:
    try:
        action()
    except CommandError as error:
        return result.check(name, False, str(error))
    return result.check(name, True)


def _check_listing(listing: dict[str, list[str]], golden: pathlib.Path, result: Result) -> None:
    text = ""
    for package, lines in sorted(listing.items()):
        text += f"# {package}\n" + "".join(f"{line}\n" for line in sorted(lines, key=_path))
    if not golden.exists() or golden.read_text() != text:
        found = pathlib.Path(result.folder) / golden.name
        found.write_text(text)
        result.check("the files are those that are listed", False, f"diff {golden} {found}")
        return
    result.check("the files are those that are listed", True)


def _check_files(listing: dict[str, list[str]], tree: RootTree, result: Result) -> None:
    for lines in listing.values():
        for line in lines:
            wanted = line.removesuffix(" (configuration)")
            found = tree.describe(_path(line))
            # A folder that others have too keeps what they gave it.
            result.check(f"installed: {wanted}", found == wanted, found)


def _check_gone(line: str, tree: RootTree, result: Result) -> None:
    path = _path(line)
    if not line.startswith("d") and not line.endswith("(configuration)"):
        result.check(f"erased: {path}", not tree.exists(path))


def _check_units(tree: RootTree, result: Result) -> None:
    units = [*_UNITS, _FAST_REBOOT_UNIT]
    # The manual pages are checked by path; man itself is not in the tree.
    command = ["systemd-analyze", "verify", "--man=no", *units]
    _step("systemd-analyze verify", lambda: _silent(tree.inside(*command)), result)
    result.check("fast reboot is enabled", _enabled(tree, _FAST_REBOOT_UNIT))


def _check_tmpfiles(tree: RootTree, result: Result) -> None:
    """A /var that begins empty gets its folders, and a mode of the administrator's stays."""
    crash, state = tree.folder / "var/crash", tree.folder / "var/lib/kdump"
    tree.outside(["chmod", "750", crash])
    tree.outside(["rmdir", state])
    command = ["systemd-tmpfiles", f"--root={tree.folder}", "--create"]
    command += ["--prefix=/var/crash", "--prefix=/var/lib/kdump"]
    if _step("systemd-tmpfiles", lambda: tree.outside(command), result):
        for wanted in ("drwxr-x--- root root /var/crash", "drwxr-xr-x root root /var/lib/kdump"):
            found = tree.describe(_path(wanted))
            result.check(f"systemd-tmpfiles: {wanted}", found == wanted, found)
    tree.outside(["chmod", "755", crash])


def _check_kernel_hook(packages: Packages, tree: RootTree, result: Result) -> None:
    images = ("/boot/initramfs-6.1.0-1kdump.img", "/var/lib/kdump/initramfs-6.1.0-1kdump.img")
    gone = (*images, *(f"{image}.manifest" for image in images))
    stays = ("/boot/initramfs-6.1.0-10kdump.img", "/boot/initramfs-6.1.0-1.img")
    for path in (*gone, *stays):
        tree.write(path, "an image")
    if _step("a kernel is removed", lambda: packages.remove_kernel(tree, "6.1.0-1"), result):
        for path in gone:
            result.check(f"with its kernel goes {path}", not tree.exists(path))
        for path in stays:
            result.check(f"without its kernel stays {path}", tree.exists(path))
    tree.outside(["rm", "-f", *(tree.folder / path.lstrip("/") for path in stays)])


def _silent(output: str) -> None:
    if output.strip():
        raise CommandError(output)


def _enabled(tree: RootTree, unit: str) -> bool:
    try:
        return tree.inside("systemctl", "is-enabled", unit).strip() == "enabled"
    except CommandError:
        return False


def _edited(tree: RootTree, path: str) -> bool:
    return tree.exists(path) and tree.read(path).endswith(_EDITED)


def _path(line: str) -> str:
    return line.split()[3]
