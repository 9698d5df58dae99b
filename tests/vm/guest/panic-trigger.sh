#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A task with a name of its own, so that a reader can be asked which task panicked.
# /harness stays mounted: its threads are in the list of tasks that the dump must have.
echo $$ >/harness/panic_pid
cd /proc
echo [0-9]* >/harness/pids
sync
echo "@vm panic"
case $1 in
nmi)
    echo "@vm ask nmi"
    while :; do :; done
    ;;
*) echo c >/proc/sysrq-trigger ;;
esac
