#compdef kdumpctl
# SPDX-License-Identifier: GPL-2.0-or-later
# zsh completion for kdumpctl(8)

_kdumpctl() {
    local curcontext=$curcontext state line
    local -a help=('(-h --help)'{-h,--help}'[print a help and exit]')
    local -a json=('--json[as one JSON object]')
    local -a kernel=(
        '--kernel[this kernel]:path or version:_files'
        '--entry[this boot entry]:id or title:'
        '*'{--initrd,--ramdisk}'[this initrd instead]:file or none:_files'
        {--append,--command-line}'[this command line]:text:'
        '--reuse-cmdline[the running command line]'
        '(-s --kexec-file-syscall)'{-s,--kexec-file-syscall}'[by kexec_file_load, where the kernel has it]'
        '(-c --kexec-syscall)'{-c,--kexec-syscall}'[by kexec_load, where the kernel permits it]'
        '(-a --kexec-syscall-auto)'{-a,--kexec-syscall-auto}'[by either]'
        '--keep-quiet[leave rhgb and quiet on the command line]'
        '(-n --dry-run)'{-n,--dry-run}'[check and show, do nothing]'
    )
    local -a verbs=(
        'start:load the panic kernel'
        'stop:unload the panic kernel'
        'restart:load it anew, with a new image if needed'
        'reload:load it anew with the image that is there'
        'status:say whether a panic kernel is loaded'
        'rebuild:build the image'
        'propagate:let the ssh key log in at the target'
        'get-default-crashkernel:print the default of crashkernel='
        'estimate:say how much memory should be reserved'
        'reset-crashkernel:set crashkernel= to the default'
        'setup-crypttab:leave the keys of an encrypted target'
        'import-config:read the settings of another kdump'
        'import:fetch the dump that a raw target holds'
        'showmem:say how much memory is reserved'
        'plan:say what start would load'
        'verify:check all that a dump depends on'
        'test:crash the kernel to see whether a vmcore is saved'
        'last:say what became of the last panic'
        'list:list the dumps'
        'config:show or check the settings'
        'kexec:load, unload, status, list: the kernel for a fast reboot'
        'fast-reboot:reboot without the firmware'
        'cold-reboot:reboot through the firmware'
        'help:print a help'
    )
    _arguments -C $help '(-V --version)'{-V,--version}'[print the version and exit]' \
        '(-d --debug)'{-d,--debug}'[say what is done and why]' '1: :->verb' '*:: :->rest'
    case $state in
        verb) _describe command verbs ;;
        rest)
            case $line[1] in
                plan | verify | last | list | estimate) _arguments $help $json ;;
                status)
                    _arguments $help $json '--why[each change of the image]' \
                        '--prometheus[write metrics]:file:_files'
                    ;;
                test)
                    _arguments $help '--force[do not ask]' '--qemu[in a virtual machine]' \
                        '--reserved[crashkernel= of the machine]:size:' '--timeout[how long it may take]:seconds:' \
                        '--emulate[without KVM]' '--keep[keep its disk, console and dump]'
                    ;;
                reset-crashkernel)
                    _arguments $help '(-n --dry-run)'{-n,--dry-run}'[show, change nothing]' \
                        '--kernel=[the entries of this kernel]:path, ALL or DEFAULT:_files' \
                        '--fadump=[POWER machines only]:mode:(on off nocma)' '--reboot[reboot]'
                    ;;
                config)
                    _arguments $help $json '1: :(check)' '--sysconfig[of the other grammar]' '*:file:_files'
                    ;;
                import-config)
                    _arguments $help '--write[into /etc/kdump.conf.d]' '--force[replace it]' '1:file:_files'
                    ;;
                fast-reboot)
                    _arguments $help $kernel '(-y --yes)'{-y,--yes}'[do not ask]' \
                        '--retry[even if the last one did not come up]'
                    ;;
                kexec)
                    case $words[2] in
                        load) _arguments $help $kernel '1: :(load)' ;;
                        status | list) _arguments $help $json '1: :(status list)' ;;
                        *) _arguments $help '1: :(load unload status list)' ;;
                    esac
                    ;;
                *) _arguments $help ;;
            esac
            ;;
    esac
}
_kdumpctl "$@"
