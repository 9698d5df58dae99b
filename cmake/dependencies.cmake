# SPDX-License-Identifier: GPL-2.0-or-later
# Every library the project links, found in one place. Debian and Red Hat package names stand in docs/developing.md.
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json 3.9 REQUIRED)
find_package(Threads REQUIRED)

pkg_check_modules(libelf REQUIRED IMPORTED_TARGET libelf)
pkg_check_modules(libdw REQUIRED IMPORTED_TARGET libdw)
pkg_check_modules(libzstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(libkmod REQUIRED IMPORTED_TARGET libkmod)
pkg_check_modules(libmount REQUIRED IMPORTED_TARGET mount)
pkg_check_modules(libblkid REQUIRED IMPORTED_TARGET blkid)
pkg_check_modules(libarchive REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(libcrypto REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(libssh REQUIRED IMPORTED_TARGET libssh)
pkg_check_modules(libdeflate IMPORTED_TARGET libdeflate)
pkg_check_modules(lzo2 IMPORTED_TARGET lzo2)

# Older libdeflate, lzo and snappy packages ship no pkg-config or CMake file.
function(kdump_find_plain_library target header library)
  if(TARGET ${target})
    return()
  endif()
  find_path(${library}_INCLUDE_DIR ${header} REQUIRED)
  find_library(${library}_LIBRARY ${library} REQUIRED)
  add_library(${target} UNKNOWN IMPORTED)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${${library}_LIBRARY}
                                             INTERFACE_INCLUDE_DIRECTORIES ${${library}_INCLUDE_DIR})
endfunction()
kdump_find_plain_library(PkgConfig::libdeflate libdeflate.h deflate)
kdump_find_plain_library(PkgConfig::lzo2 lzo/lzo1x.h lzo2)
kdump_find_plain_library(kdump::snappy snappy.h snappy)
