#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of the guest's root: what a distribution's init would have mounted, then the case's own script.
# Lines that begin with "@vm" are read by the harness; /harness is a disk of its own for what it reads afterwards.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t securityfs securityfs /sys/kernel/security
mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=1777,size=80% tmpfs /tmp
[ -d /sys/firmware/efi ] && mount -t efivarfs efivarfs /sys/firmware/efi/efivars
mkdir -p /run/lock
mount -t ext4 /dev/vdb /var/crash || { echo "@vm no crash disk"; poweroff -f; }
mount -t ext4 /dev/vdc /harness || { echo "@vm no harness disk"; poweroff -f; }
cp -r /case/etc/. /etc/
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

# run NAME COMMAND...: keeps the command's output, exit code and what it left loaded.
run() {
    name=$1
    shift
    echo "@vm run $name: $*"
    "$@" >"/harness/$name.out" 2>"/harness/$name.err"
    echo $? >"/harness/$name.exit"
    cat /sys/kernel/kexec_crash_loaded >"/harness/$name.loaded"
    cat "/harness/$name.out" "/harness/$name.err"
    echo "@vm exit $name $(cat "/harness/$name.exit")"
}

# facts: where the kernel keeps what an ELF vmcore is made of, told by the kernel itself.
facts() {
    cp /proc/iomem /harness/iomem
    cat /sys/kernel/vmcoreinfo >/harness/vmcoreinfo
    for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
        echo "$(cat "$cpu/crash_notes") $(cat "$cpu/crash_notes_size")"
    done >/harness/crash_notes
    grep -E ' (_text|_end|page_offset_base)$' /proc/kallsyms >/harness/symbols
    cat /proc/cmdline >/harness/cmdline
    cp /boot/initramfs-*kdump.img /var/lib/kdump/initramfs-*kdump.img /harness/ 2>/dev/null
}

# plug_cpu, plug_memory: asks the machine for one more, and uses it. plug_cpu1_again: offline and back.
plug_cpu() {
    count=$(nproc)
    echo "@vm ask cpu"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        sleep 1
        for cpu in /sys/devices/system/cpu/cpu[0-9]*/online; do
            [ "$(cat "$cpu")" = 1 ] || echo 1 >"$cpu"
        done
        [ "$(nproc)" -gt "$count" ] && return
    done
    echo "@vm no cpu came"
}
plug_memory() {
    before=$(grep -c . /proc/iomem)
    echo "@vm ask memory"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        sleep 1
        for block in /sys/devices/system/memory/memory*/state; do
            [ "$(cat "$block")" = online ] || echo online >"$block"
        done
        [ "$(grep -c . /proc/iomem)" -gt "$before" ] && return
    done
    echo "@vm no memory came"
}
plug_cpu1_again() {
    echo 0 >/sys/devices/system/cpu/cpu1/online && echo 1 >/sys/devices/system/cpu/cpu1/online ||
        echo "@vm no cpu1_again came"
}

. /case/run.sh
echo "@vm done"
sync
umount /var/crash /harness 2>/dev/null
poweroff -f
