#compdef mkdumprd
# SPDX-License-Identifier: GPL-2.0-or-later
# zsh completion for mkdumprd(8)

_arguments \
    '(-f --force)'{-f,--force}'[overwrite an image that exists]' \
    '--kver[kernel version]:version:_files -W /lib/modules -/' \
    '--config[configuration file]:file:_files' \
    '(-d --debug)'{-d,--debug}'[say what is taken and why]' \
    '--root[take the files of the host from below this folder]:folder:_files -/' \
    '--agent[the program file of the agent]:file:_files' \
    '--collector[the program file of the collector]:file:_files' \
    '(-h --help)'{-h,--help}'[print a help and exit]' \
    '(-V --version)'{-V,--version}'[print the version and exit]' \
    '1:image, list, cat, check or diff:_files' '2:version:_files -W /lib/modules -/'
