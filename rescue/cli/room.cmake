# SPDX-License-Identifier: GPL-2.0-or-later
lifeboat_room(cli ROOMS session base)
target_compile_definitions(lifeboat_cli PRIVATE LIFEBOAT_VERSION="${PROJECT_VERSION}")

lifeboat_executable(lifeboat ${CMAKE_CURRENT_SOURCE_DIR}/cli/main.cpp)
target_link_libraries(lifeboat PRIVATE lifeboat_cli)

# The completions come out of the program's own command table, so they cannot fall behind it.
include(GNUInstallDirs)
foreach(shell bash zsh fish)
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/completions/lifeboat.${shell}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/completions
    COMMAND lifeboat completion ${shell} > ${CMAKE_BINARY_DIR}/completions/lifeboat.${shell}
    DEPENDS lifeboat VERBATIM)
  list(APPEND completions ${CMAKE_BINARY_DIR}/completions/lifeboat.${shell})
endforeach()
add_custom_target(completions ALL DEPENDS ${completions})

install(TARGETS lifeboat)
install(FILES ${CMAKE_SOURCE_DIR}/docs/lifeboat.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_BINARY_DIR}/completions/lifeboat.bash RENAME lifeboat
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${CMAKE_BINARY_DIR}/completions/lifeboat.zsh RENAME _lifeboat
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${CMAKE_BINARY_DIR}/completions/lifeboat.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
