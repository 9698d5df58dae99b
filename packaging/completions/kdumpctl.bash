# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for kdumpctl(8)

_kdumpctl() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} i verb='' second=''
    local options='-h --help -V --version -d --debug'
    local kernel='--kernel --entry --initrd --ramdisk --append --command-line --reuse-cmdline --keep-quiet -s --kexec-file-syscall -c --kexec-syscall -a --kexec-syscall-auto -n --dry-run'
    local words='start stop restart reload status rebuild propagate get-default-crashkernel estimate reset-crashkernel setup-crypttab import-config import showmem plan verify test last list config kexec fast-reboot cold-reboot help'
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} != -* ]]; then
            if [[ -z $verb ]]; then
                verb=${COMP_WORDS[i]}
            elif [[ -z $second ]]; then
                second=${COMP_WORDS[i]}
            fi
        fi
    done
    if [[ $verb && ( $before == --kernel || $before == --initrd || $before == --ramdisk ) ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
    fi
    case "$verb $second" in
        'kexec ') words='load unload status list -h --help' ;;
        'kexec load') words="$kernel -h --help" ;;
        'kexec status' | 'kexec list') words='--json -h --help' ;;
        'plan '* | 'verify '* | 'last '* | 'list '* | 'estimate '*) words='--json -h --help' ;;
        'status '*) words='--why --json --prometheus -h --help' ;;
        'test '*) words='--force --qemu --reserved --timeout --emulate --keep -h --help' ;;
        'reset-crashkernel '*) words='--kernel= --fadump= --reboot -n --dry-run -h --help' ;;
        'config ') words='check --json -h --help' ;;
        'config check' | 'import-config '*)
            if [[ $word != -* ]]; then
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
                return
            fi
            words='--json --sysconfig -h --help'
            [[ $verb == import-config ]] && words='--write --force -h --help'
            ;;
        'fast-reboot '*) words="$kernel -y --yes --retry -h --help" ;;
        ' ') [[ $word == -* ]] && words=$options ;;
        *) words=$options ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _kdumpctl kdumpctl
