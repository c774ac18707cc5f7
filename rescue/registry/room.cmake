# SPDX-License-Identifier: GPL-2.0-or-later
# hivex from Debian's static archive, with the functions renamed that would tie it to files of
# this machine (see hivex_hooks.hpp). Works the same in the static and the dynamic build.
find_path(HIVEX_INCLUDE hivex.h REQUIRED)
find_library(HIVEX_ARCHIVE libhivex.a REQUIRED)
set(hooked ${CMAKE_CURRENT_BINARY_DIR}/libhivex-hooked.a)
add_custom_command(OUTPUT ${hooked}
  COMMAND ${CMAKE_OBJCOPY}
    --redefine-sym open=lifeboat_hivex_open
    --redefine-sym read=lifeboat_hivex_read
    --redefine-sym write=lifeboat_hivex_write
    --redefine-sym iconv_open=lifeboat_hivex_iconv_open
    --redefine-sym iconv=lifeboat_hivex_iconv
    --redefine-sym iconv_close=lifeboat_hivex_iconv_close
    ${HIVEX_ARCHIVE} ${hooked}
  DEPENDS ${HIVEX_ARCHIVE} VERBATIM)
add_custom_target(hivex_hooked_archive DEPENDS ${hooked})
add_library(hivex_hooked STATIC IMPORTED GLOBAL)
add_dependencies(hivex_hooked hivex_hooked_archive)
set_target_properties(hivex_hooked PROPERTIES IMPORTED_LOCATION ${hooked}
  INTERFACE_LINK_LIBRARIES lifeboat_registry) # the hooks are in this room

lifeboat_room(registry ROOMS base LIBRARIES hivex_hooked INCLUDES ${HIVEX_INCLUDE})
