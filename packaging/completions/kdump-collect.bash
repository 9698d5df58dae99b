# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for kdump-collect(8)

_kdump_collect() {
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} values= options=
    case $previous in
        --codec) values='zstd zstd:-1 zstd:1 zstd:3 lzo snappy zlib none' ;;
        --exclude) values='zero cache cache-private user free all none' ;;
        --output-format) values='kdump elf flattened flattened-elf' ;;
        -d | --level | --threads | --memory | --size-limit | --split-block | --vtop) return ;;
    esac
    case ${COMP_WORDS[1]} in
        info) options='-h --help --json' ;;
        verify) options='-h --help --json --no-progress --source --threads' ;;
        rearrange | reassemble) options='-f -h -q --force --help --quiet' ;;
        *) options='-c -d -f -h -i -l -p -q -V -x -z
            --codec --dry-run --dump-dmesg --estimate --exclude --force --help --json --level --mem-usage --memory
            --no-mmap --no-progress --output-format --partial-dmesg --progress --quiet --size-limit --split
            --split-block --stats --threads --verify --version --vmcoreinfo --vmlinux --vtop' ;;
    esac
    if [[ -n $values ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    else
        compopt -o filenames 2> /dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        if ((COMP_CWORD == 1)); then
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'info makedumpfile rearrange reassemble verify' -- "$word")
        fi
    fi
}
complete -F _kdump_collect kdump-collect
