# SPDX-License-Identifier: GPL-2.0-or-later
"""./dev VERB: the one developer entry point."""

import argparse
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
# Where Debian keeps mke2fs, debugfs and depmod, which an ordinary user's PATH leaves out.
os.environ["PATH"] += ":/usr/sbin:/sbin"

# noqa: E402 below: the path above makes them importable
from dev import bench, build, deb, demo, fuzz, lint, rpm, setup, test  # noqa: E402
from dev.tree import build_lock  # noqa: E402
from vm.progress import say  # noqa: E402

_VERBS = (setup, build, test, demo, bench, fuzz, lint, rpm, deb)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="./dev", description="Build, test and demonstrate the kdump toolkit."
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    verbs.add_parser("help", help="show this list")
    for module in _VERBS:
        verb = verbs.add_parser(
            module.__name__.rpartition(".")[2], help=module.HELP, description=module.HELP
        )
        module.add_arguments(verb)
        verb.set_defaults(run=module.run)
    arguments = parser.parse_args()
    if arguments.verb == "help":
        parser.print_help()
        return 0
    try:
        with build_lock(lambda: say("another ./dev is at work in this tree; waiting for it")):
            return arguments.run(arguments)
    except subprocess.CalledProcessError as error:
        command = error.cmd if isinstance(error.cmd, str) else " ".join(map(str, error.cmd))
        print(f"dev: failed ({error.returncode}): {command}", file=sys.stderr)
    except setup.SetupError as error:
        print(f"dev: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("dev: interrupted", file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
