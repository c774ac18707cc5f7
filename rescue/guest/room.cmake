# SPDX-License-Identifier: GPL-2.0-or-later
lifeboat_room(guest ROOMS text registry fs volume block base)
