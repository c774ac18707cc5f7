# SPDX-License-Identifier: GPL-2.0-or-later
# libfdisk and libblkid come from Debian's source package of util-linux (iso/vendor): Debian ships
# no static libfdisk.
find_path(LIFEBOAT_FDISK_INCLUDE libfdisk/libfdisk.h REQUIRED)
find_path(LIFEBOAT_BLKID_INCLUDE blkid/blkid.h REQUIRED)
find_library(LIFEBOAT_FDISK_LIBRARY NAMES libfdisk.a REQUIRED)
find_library(LIFEBOAT_BLKID_LIBRARY NAMES libblkid.a REQUIRED)
find_library(LIFEBOAT_UUID_LIBRARY NAMES libuuid.a REQUIRED)
lifeboat_room(volume ROOMS block base
  LIBRARIES ${LIFEBOAT_FDISK_LIBRARY} ${LIFEBOAT_BLKID_LIBRARY} ${LIFEBOAT_UUID_LIBRARY}
  INCLUDES ${LIFEBOAT_FDISK_INCLUDE} ${LIFEBOAT_BLKID_INCLUDE})
