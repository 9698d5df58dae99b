# SPDX-License-Identifier: GPL-2.0-or-later
# KDUMP_SANITIZER=address (with undefined behaviour), thread, or fuzzer (clang's libFuzzer with address).
set(KDUMP_SANITIZER "" CACHE STRING "address, thread, fuzzer or empty")
set_property(CACHE KDUMP_SANITIZER PROPERTY STRINGS "" address thread fuzzer)

if(KDUMP_SANITIZER STREQUAL "address")
  set(flags -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(KDUMP_SANITIZER STREQUAL "thread")
  set(flags -fsanitize=thread)
elseif(KDUMP_SANITIZER STREQUAL "fuzzer")
  set(flags -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
elseif(NOT KDUMP_SANITIZER STREQUAL "")
  message(FATAL_ERROR "KDUMP_SANITIZER must be address, thread, fuzzer or empty, not '${KDUMP_SANITIZER}'")
endif()
if(flags)
  add_compile_options(${flags} -fno-omit-frame-pointer)
  add_link_options(${flags})
endif()
