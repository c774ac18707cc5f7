// SPDX-License-Identifier: GPL-2.0-or-later
// From what a user calls a disk to the disk. Whoever opens a disk by name does it here.
//
//   disk.img, /dev/sdb         a plain disk
//   disk.qcow2, disk.vhd, ...  a file that is in the format its name says, through qemu-nbd
//   qcow2:disk, raw:disk       the user says the format; needed for block devices and for files
//                              whose name does not tell, because a guest can write the first bytes
//                              of any format into its plain disk
//   rbd:pool/disk, nbd://...   an address QEMU knows, plain unless a format stands in front
//   guest.ova:disk1.vmdk       a disk inside an OVA; guest.ova alone stands for all of its disks
#pragma once

#include "block/image.hpp"

#include <string>
#include <vector>

namespace lifeboat::block {

class QemuHelper;

// The disks `name` stands for, in the machine's order: for an OVA each as "FILE:MEMBER", otherwise
// `name` itself. Errors: those of read_ova(), `not_found` for an OVA without a disk.
[[nodiscard]] Result<std::vector<std::string>> disks_in(const std::string& name);

// One disk. Errors: those of open_image() and open_with_qemu(); `refused` when the content looks
// like another format than the name; `usage` for an OVA with several disks. `helper`: see
// qemu_helper.hpp; it must know the name.
[[nodiscard]] Result<DevicePtr> open_disk(const std::string& name, Access access,
                                          std::uint32_t sector_size = 0,
                                          QemuHelper* helper = nullptr);

// The disk that `reader` is an opening of, for writing; `name` and `sector_size` as it was opened.
// To be used instead of open_disk() wherever an opening for reading is there: it shares what must
// not be opened twice, and works in a process that may not start programs any more. While the
// writer lives, `reader` reads through it.
[[nodiscard]] Result<DevicePtr> open_for_writing(BlockDevice& reader, const std::string& name,
                                                 std::uint32_t sector_size = 0);

// The file or block device of this machine that the disk lies in, also an OVA; empty for an
// address.
[[nodiscard]] std::string file_of(const std::string& name);

// What is known of the disk beside its bytes, for people: its format and, in an OVA, the machine
// with its network cards. Empty for a plain disk.
[[nodiscard]] Result<std::vector<std::string>> notes_on(const std::string& name);

} // namespace lifeboat::block
