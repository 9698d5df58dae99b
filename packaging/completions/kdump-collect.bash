# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for kdump-collect(8)

_kdump_collect() {
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} values= options=
    case $previous in
        --codec) values='zstd zstd:-1 zstd:1 zstd:3 lzo snappy zlib none' ;;
        --exclude) values='zero cache cache-private user free all none' ;;
        --output-format) values='kdump elf flattened flattened-elf' ;;
        -d | --level | --threads | --memory | --size-limit) return ;;
    esac
    case ${COMP_WORDS[1]} in
        info) options='-h --help --json' ;;
        verify) options='-h --help --json --no-progress --source --threads' ;;
        *) options='-c -d -f -h -l -p -q -V -z
            --codec --dry-run --dump-dmesg --exclude --force --help --level --memory --no-mmap --no-progress
            --output-format --progress --quiet --size-limit --stats --threads --verify --version' ;;
    esac
    if [[ -n $values ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    else
        compopt -o filenames 2> /dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        if ((COMP_CWORD == 1)); then
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'info makedumpfile verify' -- "$word")
        fi
    fi
}
complete -F _kdump_collect kdump-collect
