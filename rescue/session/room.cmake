# SPDX-License-Identifier: GPL-2.0-or-later
lifeboat_room(session ROOMS repair guest text registry fs volume block base)
