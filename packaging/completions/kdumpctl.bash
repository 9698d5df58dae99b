# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for kdumpctl(8)

_kdumpctl() {
    local word=${COMP_WORDS[COMP_CWORD]} i
    local options='-h --help -V --version -d --debug'
    local verbs='start stop restart reload status rebuild showmem help'
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} != -* ]]; then
            verbs=
        fi
    done
    if [[ $word == -* || -z $verbs ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$word")
    fi
}
complete -F _kdumpctl kdumpctl
