# SPDX-License-Identifier: GPL-2.0-or-later
# Dear ImGui and SDL2 come from Debian's source packages (iso/vendor), the fonts from Debian's
# fonts-dejavu-core; none of them is in the repository.
set(imgui ${LIFEBOAT_VENDOR}/share/imgui)
find_path(LIFEBOAT_FONTS DejaVuSansMono.ttf PATHS /usr/share/fonts/truetype/dejavu NO_DEFAULT_PATH)
pkg_check_modules(LIBDRM libdrm)
if(NOT EXISTS ${imgui}/imgui.cpp OR NOT EXISTS ${LIFEBOAT_VENDOR}/lib/libSDL2.a
   OR NOT LIFEBOAT_FONTS OR NOT LIBDRM_FOUND)
  message(WARNING "The screen is not built: run iso/vendor, and install fonts-dejavu-core and libdrm-dev")
  return()
endif()

# Without SSE the same picture comes out on every processor: ImGui's square root approximation
# (rsqrtss) differs between makers.
add_library(lifeboat_imgui STATIC ${imgui}/imgui.cpp ${imgui}/imgui_draw.cpp
  ${imgui}/imgui_tables.cpp ${imgui}/imgui_widgets.cpp
  ${imgui}/backends/imgui_impl_sdlrenderer2.cpp)
target_include_directories(lifeboat_imgui SYSTEM PUBLIC ${imgui} ${imgui}/backends
  ${LIFEBOAT_VENDOR}/include/SDL2)
target_compile_definitions(lifeboat_imgui PUBLIC IMGUI_DISABLE_SSE IMGUI_DISABLE_OBSOLETE_FUNCTIONS
  IMGUI_DISABLE_DEMO_WINDOWS IMGUI_DISABLE_DEBUG_TOOLS IMGUI_DISABLE_DEFAULT_SHELL_FUNCTIONS
  IMGUI_DISABLE_FILE_FUNCTIONS)
target_compile_options(lifeboat_imgui PRIVATE -ffunction-sections -fdata-sections -O2
  -ffile-prefix-map=${LIFEBOAT_VENDOR}/=)
target_link_libraries(lifeboat_imgui PUBLIC ${LIFEBOAT_VENDOR}/lib/libSDL2.a m)

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_SOURCE_DIR}/gui/fonts.cpp.in)
configure_file(gui/fonts.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/gui/fonts.cpp @ONLY)
set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/gui/fonts.cpp PROPERTIES OBJECT_DEPENDS
  "${LIFEBOAT_FONTS}/DejaVuSans.ttf;${LIFEBOAT_FONTS}/DejaVuSans-Bold.ttf;${LIFEBOAT_FONTS}/DejaVuSansMono.ttf")

lifeboat_room(gui ROOMS session base LIBRARIES lifeboat_imgui drm INCLUDES ${LIBDRM_INCLUDE_DIRS})
target_sources(lifeboat_gui PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/gui/fonts.cpp)

lifeboat_executable(lifeboat-screen gui/main.cpp)
target_link_libraries(lifeboat-screen PRIVATE lifeboat_gui lifeboat_session)
