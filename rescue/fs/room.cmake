# SPDX-License-Identifier: GPL-2.0-or-later
lifeboat_room(fs ROOMS block base)
