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
