#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by dracut before it looks for any device. kdumpctl looks for rd.earlykdump itself; what it says is to be found in the journal.
kdumpctl _early-load >/dev/kmsg 2>&1
