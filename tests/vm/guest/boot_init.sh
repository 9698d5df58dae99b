#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# /init of the guest's boot initramfs: the root disk's drivers, then the real root.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
for module in $(cat /modules/order); do
    insmod "/modules/$module" || echo "@vm cannot load $module"
done
mount -t ext4 /dev/vda /newroot || { echo "@vm no root disk"; poweroff -f; }
cp -a /case /newroot/
umount /proc
mount -o move /dev /newroot/dev
exec switch_root /newroot /sbin/init
