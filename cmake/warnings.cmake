# SPDX-License-Identifier: GPL-2.0-or-later
# One warning set for every target of the project; KDUMP_WERROR makes them errors (CI, presets).
option(KDUMP_WERROR "Treat warnings as errors" OFF)

add_compile_options(-Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
                    -Werror=unused-result)
if(KDUMP_WERROR)
  add_compile_options(-Werror)
endif()
add_compile_definitions(_GLIBCXX_ASSERTIONS)
