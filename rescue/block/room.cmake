# SPDX-License-Identifier: GPL-2.0-or-later
# libnbd comes from Debian's source package (iso/vendor): the packaged static archive wants GnuTLS
# and libxml2.
find_path(LIFEBOAT_NBD_INCLUDE libnbd.h REQUIRED)
find_library(LIFEBOAT_NBD_LIBRARY NAMES libnbd.a REQUIRED)
find_library(LIFEBOAT_EXPAT_LIBRARY NAMES libexpat.a REQUIRED)
lifeboat_room(block ROOMS base
  LIBRARIES ${LIFEBOAT_NBD_LIBRARY} ${LIFEBOAT_EXPAT_LIBRARY}
  INCLUDES ${LIFEBOAT_NBD_INCLUDE})
