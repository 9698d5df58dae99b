# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for kdump-collect(8)

_kdump_collect() {
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} values=
    case $previous in
        --codec) values='zstd zstd:-1 zstd:1 zstd:3 lzo snappy zlib none' ;;
        --exclude) values='zero cache cache-private user free all none' ;;
        --output-format) values='kdump elf flattened flattened-elf' ;;
        -d | --level | --threads | --memory | --size-limit) return ;;
    esac
    if [[ -n $values ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "-c -d -f -h -l -p -q -V -z
            --codec --dry-run --dump-dmesg --exclude --force --help --level --memory --no-mmap
            --no-progress --output-format --progress --quiet --size-limit --stats --threads --version" -- "$word")
    else
        compopt -o filenames 2> /dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        if ((COMP_CWORD == 1)); then
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'makedumpfile' -- "$word")
        fi
    fi
}
complete -F _kdump_collect kdump-collect
