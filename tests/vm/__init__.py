# SPDX-License-Identifier: GPL-2.0-or-later
"""VM tests: boot a real kernel under QEMU, panic it, and judge the captured vmcore with other people's tools."""
