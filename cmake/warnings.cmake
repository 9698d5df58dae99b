# SPDX-License-Identifier: GPL-2.0-or-later
# One warning set for every target of the project; KDUMP_WERROR makes them errors (CI, presets).
option(KDUMP_WERROR "Treat warnings as errors" OFF)

add_compile_options(-Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
                    -Werror=unused-result)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Optimised builds with GCC 12 see overlaps in std::string's own code that are not there (GCC bug 105651).
  add_compile_options(-Wno-restrict)
endif()
if(KDUMP_WERROR)
  add_compile_options(-Werror)
endif()
add_compile_definitions(_GLIBCXX_ASSERTIONS)
