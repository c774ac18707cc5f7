# SPDX-License-Identifier: GPL-2.0-or-later
lifeboat_room(session ROOMS repair guest text registry fs volume block base)

# The support engineer's pages, docs/findings/<id>.md, go into the program: `lifeboat explain ID`.
file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/findings/*.md)
list(SORT pages)
set(LIFEBOAT_PAGES "")
foreach(page ${pages})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page})
  get_filename_component(id ${page} NAME)
  string(REGEX REPLACE "\\.md$" "" id "${id}")
  file(READ ${page} content)
  string(APPEND LIFEBOAT_PAGES "    {\"${id}\", R\"lifeboat(${content})lifeboat\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/session/page_table.cpp @ONLY CONTENT
[=[// Generated from docs/findings by rescue/session/room.cmake.
#include "session/pages.hpp"

namespace lifeboat::session {

namespace {
constexpr Page kPages[] = {
@LIFEBOAT_PAGES@    {{}, {}}, // never shown: an array cannot be empty
};
} // namespace

std::span<const Page> page_table() { return std::span(kPages).first(std::size(kPages) - 1); }

} // namespace lifeboat::session
]=])
target_sources(lifeboat_session PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/session/page_table.cpp)

# The boot stage's own scripts go in as well: `lifeboat predict` runs them.
foreach(folder stage signed)
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/chainload/${folder}/*.cfg)
  list(SORT scripts)
  string(TOUPPER ${folder} table)
  set(LIFEBOAT_${table} "")
  foreach(script ${scripts})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${script})
    get_filename_component(name ${script} NAME)
    file(READ ${script} content)
    string(APPEND LIFEBOAT_${table} "    {\"${name}\", R\"lifeboat(${content})lifeboat\"},\n")
  endforeach()
endforeach()
foreach(pair "MODULES=chainload/modules" "RESCUE=iso/rescue/rescue.cfg")
  string(REGEX MATCH "^([A-Z]+)=(.*)$" pair "${pair}")
  set(name ${CMAKE_MATCH_1})
  set(path ${CMAKE_SOURCE_DIR}/${CMAKE_MATCH_2})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(READ ${path} LIFEBOAT_${name})
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/session/stage_table.cpp @ONLY CONTENT
[=[// Generated from chainload/stage by rescue/session/room.cmake.
#include "session/boot_stage.hpp"

namespace lifeboat::session {

namespace {
constexpr StageFile kFiles[] = {
@LIFEBOAT_STAGE@};
constexpr StageFile kSigned[] = {
@LIFEBOAT_SIGNED@};
} // namespace

std::span<const StageFile> stage_files() { return kFiles; }
std::span<const StageFile> signed_files() { return kSigned; }
std::string_view stage_modules() { return R"lifeboat(@LIFEBOAT_MODULES@)lifeboat"; }
std::string_view rescue_config() { return R"lifeboat(@LIFEBOAT_RESCUE@)lifeboat"; }

} // namespace lifeboat::session
]=])
target_sources(lifeboat_session PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/session/stage_table.cpp)
