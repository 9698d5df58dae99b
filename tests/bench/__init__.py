# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures the collector and makedumpfile in turn, on real vmcores of large guests."""
