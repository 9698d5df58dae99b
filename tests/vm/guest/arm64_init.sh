#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# /init of the arm64 guest: memory of every class, then a panic that nothing captures: QEMU dumps the memory itself.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs -o size=60% tmpfs /tmp
insmod /modules/qemu_fw_cfg.ko || echo "@vm no qemu_fw_cfg: the dump will have no VMCOREINFO"
echo always >/sys/kernel/mm/transparent_hugepage/enabled
echo 8 >/proc/sys/vm/nr_hugepages
# page cache: random, zero, and some that is freed again
dd if=/dev/urandom of=/tmp/random bs=1M count=40 2>/dev/null
dd if=/dev/zero of=/tmp/zero bs=1M count=20 2>/dev/null
dd if=/dev/urandom of=/tmp/freed bs=1M count=30 2>/dev/null
rm /tmp/freed
# anonymous memory
awk 'BEGIN { for (i = 0; i < 200000; i++) a[i] = i "-anonymous-memory"; print "@vm anonymous"; system("sleep 100000") }' &
sleep 5
cat >/tmp/panic-trigger <<'END'
#!/bin/sh
cd /proc
echo "@vm pids" [0-9]*
echo "@vm pid $$"
echo c >/proc/sysrq-trigger
END
chmod 755 /tmp/panic-trigger
/tmp/panic-trigger
