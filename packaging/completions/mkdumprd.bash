# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for mkdumprd(8)

_mkdumprd() {
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    if [[ $previous == --kver ]]; then
        mapfile -t COMPREPLY < <(cd /lib/modules 2> /dev/null && compgen -d -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '-d -f -h -V --agent --collector --config --debug --force --help --kver --root
            --version' -- "$word")
    else
        compopt -o filenames 2> /dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        if ((COMP_CWORD == 1)); then
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'list cat check diff' -- "$word")
        fi
    fi
}
complete -F _mkdumprd mkdumprd
