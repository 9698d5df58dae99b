# SPDX-License-Identifier: GPL-2.0-or-later
# A folder is one static library kdump_<name>; its sources are listed by hand, its links stand beside them.
function(kdump_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(kdump_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(kdump_${name} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
endfunction()

# One gtest program per folder: kdump_unit_test(base SOURCES a_test.cc LINKS kdump_base)
function(kdump_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(unit_${name} ${ARG_SOURCES})
  target_link_libraries(unit_${name} PRIVATE ${ARG_LINKS} kdump_source_tree GTest::gmock GTest::gtest_main)
  # Tests are compiled far more often than they run.
  target_compile_options(unit_${name} PRIVATE -O0 -g1)
  add_test(NAME unit.${name} COMMAND unit_${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 900)
endfunction()
