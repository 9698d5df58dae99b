# SPDX-License-Identifier: GPL-2.0-or-later
"""Installs, upgrades and removes the packages in a Debian tree of their own."""
