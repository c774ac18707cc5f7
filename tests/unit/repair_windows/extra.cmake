#SPDX - License - Identifier : GPL - 2.0 - or -later
target_link_libraries(unit_repair_windows PRIVATE lifeboat_repair lzma)
