#compdef kdump-collect
# SPDX-License-Identifier: GPL-2.0-or-later
# zsh completion for kdump-collect(8)

_kdump_collect() {
    local -a help=('(-h --help)'{-h,--help}'[show a help]')
    case $words[2] in
        info)
            _arguments $help '--json[as one JSON object]' '1: :(info)' '2:dump:_files'
            return
            ;;
        verify)
            _arguments $help '--json[as one JSON object]' '--no-progress[do not show how far it has come]' \
                '--source[compare with this vmcore]:vmcore:_files' '--threads[number of threads]:number:' \
                '1: :(verify)' '2:dump:_files'
            return
            ;;
        rearrange | reassemble)
            _arguments $help '(-f --force)'{-f,--force}'[overwrite the output]' '1: :(rearrange reassemble)' '*:dump:_files'
            return
            ;;
    esac
    _arguments $help \
        '(-d --level)'{-d,--level}'[dump level]:level:(31 17 1 0)' \
        '--exclude[what to leave out]:kinds:_sequence compadd - zero cache cache-private user free all none' \
        '(-c -l -p -z)--codec[how to compress]:codec:(zstd zstd\:-1 zstd\:1 zstd\:3 lzo snappy zlib none)' \
        '(--codec -l -p -z)-c[zlib]' '(--codec -c -p -z)-l[lzo]' '(--codec -c -l -z)-p[snappy]' \
        '(--codec -c -l -p)-z[zstd]' \
        '--threads[number of threads]:number:' \
        '--memory[use no more memory]:size:' \
        '--output-format[format]:format:(kdump elf flattened flattened-elf)' \
        '--size-limit[a larger dump is out of room]:size:' \
        '--verify[read the output back and compare every page]' \
        '(-f --force)'{-f,--force}'[overwrite the output]' \
        '--split[divide the dump among several outputs]' \
        '--split-block[do not divide so much memory]:size:' \
        '(-x --vmlinux)'{-i,--vmcoreinfo}'[what VMCOREINFO lacks]:file:_files' \
        '(-i --vmcoreinfo)'{-x,--vmlinux}'[debug information of the kernel]:vmlinux:_files' \
        '(--mem-usage)--estimate[what dumps of each level would take]' \
        '--json[an estimate as one JSON object]' \
        '(--estimate)--mem-usage[how many pages of each kind there are]' \
        '--vtop[where a kernel address lies]:address:' \
        '--partial-dmesg[only messages since the log was cleared]' \
        '--dump-dmesg[write the messages of the kernel]' \
        '--dry-run[only tell which pages a dump would have]' \
        '--no-mmap[read the input, never map it]' \
        '(--no-progress)--progress[show how far it has come]' \
        '(--progress)--no-progress[do not]' \
        '--stats[say more about what was done]' \
        '(-q --quiet)'{-q,--quiet}'[show errors and warnings only]' \
        '(-V --version)'{-V,--version}'[show the version]' \
        '1:input:{_alternative "commands:command:(info makedumpfile rearrange reassemble verify)" "files:file:_files"}' '*:output:_files'
}
_kdump_collect "$@"
