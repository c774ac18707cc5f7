// SPDX-License-Identifier: GPL-2.0-or-later
// A module of GRUB for BIOS machines that reads hard disks 64 sectors at a time, the size of an
// entry in GRUB's cache. Its own driver cuts every read at the end of a track of 63 sectors, which
// no disk of today has: two calls of the BIOS for most entries instead of one (get_safe_sectors in
// grub-core/disk/i386/pc/biosdisk.c of 2.06 and 2.12). A read that the BIOS refuses goes to GRUB's
// own driver, with all that it tries. The structures are those of grub/disk.h,
// grub/i386/pc/biosdisk.h and int_types.h, the same in both releases; GRUB's headers are in no
// package of Debian. Compiled as GRUB is: -m32 -mregparm=3 -mrtd.

namespace {

using Error = int; // 0: none

struct Disk;

struct DiskDriver { // grub_disk_dev
    const char* name;
    int id;
    void* iterate;
    Error (*open)(const char* name, Disk* disk);
    void (*close)(Disk* disk);
    Error (*read)(Disk* disk, unsigned long long sector, unsigned long count, char* into);
    void* write;
    DiskDriver* next;
};

struct BiosDisk { // grub_biosdisk_data
    int drive;
    unsigned long cylinders, heads, sectors;
    unsigned long flags; // 1: sectors by number (int 13h, 42h), 2: CD
};

struct Disk { // grub_disk
    const char* name;
    DiskDriver* driver;
    unsigned long long sectors;
    unsigned log_sector_size, max_agglomerate;
    unsigned long id;
    void *partition, *hook, *hook_data;
    BiosDisk* data;
};

struct Registers { // grub_bios_int_registers
    unsigned eax;
    unsigned short es, ds, flags, unused;
    unsigned ebx, ecx, edi, esi, edx;
};

struct AddressPacket { // of int 13h, 42h
    unsigned char length, reserved;
    unsigned short count;
    unsigned short offset, segment;
    unsigned sector_low, sector_high;
};

static_assert(sizeof(void*) == 4 && sizeof(Disk) == 44 && sizeof(Registers) == 32 &&
              sizeof(AddressPacket) == 16);

constexpr unsigned kScratch = 0x68000; // GRUB's 64 KiB for the BIOS: data, then the packet
constexpr unsigned long kMost = 64;
constexpr unsigned kSectorBits = 9;

} // namespace

extern "C" {

extern DiskDriver* grub_disk_dev_list;
int grub_strcmp(const char* one, const char* other);
void grub_bios_interrupt(unsigned char number, Registers* registers);

// What GRUB's loader asks of a module: its name, what it needs, its licence, and two functions.
[[gnu::section(".modname"), gnu::used]] extern const char lb_module_name[] = "biosread";
[[gnu::section(".moddeps"), gnu::used]] extern const char lb_module_needs[] = "biosdisk";
[[gnu::section(".module_license"), gnu::used]] extern const char lb_module_license[] =
    "LICENSE=GPLv2+";
void grub_mod_init(void* module);
void grub_mod_fini();
}

namespace {

DiskDriver* driver;
Error (*read_as_before)(Disk*, unsigned long long, unsigned long, char*);

// GRUB's own copy goes byte by byte.
void copy_words(char* into, unsigned from, unsigned long count) {
    asm volatile("rep movsl" : "+D"(into), "+S"(from), "+c"(count) : : "memory");
}

bool read_at_once(int drive, unsigned long long sector, unsigned long count, char* into) {
    auto* packet = reinterpret_cast<AddressPacket*>(kScratch + (kMost << kSectorBits));
    *packet = {sizeof(AddressPacket),
               0,
               static_cast<unsigned short>(count),
               0,
               kScratch >> 4,
               static_cast<unsigned>(sector),
               static_cast<unsigned>(sector >> 32)};
    Registers registers{};
    registers.eax = 0x4200;
    registers.edx = static_cast<unsigned>(drive);
    registers.ds = (kScratch + (kMost << kSectorBits)) >> 4;
    registers.flags = 0x200; // interrupts on
    grub_bios_interrupt(0x13, &registers);
    if ((registers.flags & 1) != 0 || ((registers.eax >> 8) & 0xff) != 0)
        return false;
    copy_words(into, kScratch, count << (kSectorBits - 2));
    return true;
}

Error read(Disk* disk, unsigned long long sector, unsigned long count, char* into) {
    const auto* bios = disk->data;
    if ((bios->flags & 3) != 1 || disk->log_sector_size != kSectorBits)
        return read_as_before(disk, sector, count, into);
    while (count > 0) {
        const auto left = kMost - static_cast<unsigned long>(sector) % kMost;
        const auto now = count < left ? count : left;
        if (!read_at_once(bios->drive, sector, now, into))
            return read_as_before(disk, sector, count, into);
        sector += now, count -= now, into += now << kSectorBits;
    }
    return 0;
}

} // namespace

void grub_mod_init(void*) {
    for (auto* one = grub_disk_dev_list; one != nullptr; one = one->next)
        if (grub_strcmp(one->name, "biosdisk") == 0) {
            driver = one;
            read_as_before = one->read;
            one->read = read;
        }
}

void grub_mod_fini() {
    if (driver != nullptr)
        driver->read = read_as_before;
}
