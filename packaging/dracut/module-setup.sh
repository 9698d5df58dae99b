#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# dracut module: the initramfs loads the panic kernel by itself, for crashes before kdump.service (rd.earlykdump).

check() {
    require_binaries kdumpctl || return 1
    # Only where it is asked for: dracut --add earlykdump, or add_dracutmodules.
    return 255
}

depends() {
    return 0
}

install() {
    # shellcheck disable=SC2154
    if ! kdumpctl _early-copy --kernel "$kernel" "$initdir"; then
        derror "earlykdump: this initramfs will not load a panic kernel"
        return 1
    fi
    # A capture image may hold keys, and dracut leaves a file that it overwrites the mode it has.
    # shellcheck disable=SC2154
    [[ ! -e $outfile ]] || chmod go= "$outfile"
    inst_multiple kdumpctl
    # shellcheck disable=SC2154
    inst_hook cmdline 00 "$moddir/early-kdump.sh"
}
