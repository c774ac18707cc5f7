# SPDX-License-Identifier: GPL-2.0-or-later
find_library(LIFEBOAT_ZLIB_LIBRARY NAMES libz.a REQUIRED)
lifeboat_room(guest ROOMS text registry fs volume block base LIBRARIES ${LIFEBOAT_ZLIB_LIBRARY})
