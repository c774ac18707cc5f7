# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Functions that build a guest's disks from files, without root and without mounts.
# Set by the caller: $disks (empty), $work (an empty folder), $small (vmlinuz and initrd.img of guests/small-kernel).

uuid=5eed0000-0000-4000-8000-000000000001
other_uuid=5eed0000-0000-4000-8000-000000000002
tree=$work/tree

# new_tree [FOLDER]: a guest's root with kernel 6.1 and its ramdisk in FOLDER (boot).
new_tree() {
    rm -rf "$tree"
    mkdir -p "$tree/${1:-boot}" "$tree/etc"
    ln "$small/vmlinuz" "$tree/${1:-boot}/vmlinuz-6.1"
    ln "$small/initrd.img" "$tree/${1:-boot}/initrd.img-6.1"
    echo '/dev/xvda1 / ext4 defaults 0 1' >"$tree/etc/fstab"
}

# file PATH: a file of the tree from standard input.
file() {
    mkdir -p "$tree/$(dirname "$1")"
    cat >"$tree/$1"
}

# grub_cfg PATH LINUX-LINE INITRD: a grub.cfg with one entry that starts at once.
grub_cfg() {
    printf 'set timeout=0\nset default=0\nmenuentry "guest" {\n%s\ninitrd %s\n}\n' "$2" "$3" | file "$1"
}

# fs TYPE NAME [OPTIONS...]: NAME.fs, a file system with the tree in it.
fs() {
    fs_type=$1
    fs_file=$work/$2.fs
    shift 2
    rm -f "$fs_file"
    case $fs_type in
    ext*)
        truncate -s 48M "$fs_file"
        mke2fs -q -t "$fs_type" -U "$uuid" -d "$tree" "$@" "$fs_file" 2>"$work/mke2fs.log" || {
            cat "$work/mke2fs.log" >&2
            return 1
        }
        ;;
    btrfs)
        truncate -s 160M "$fs_file"
        mkfs.btrfs -q -U "$uuid" --rootdir "$tree" "$@" "$fs_file"
        ;;
    xfs)
        truncate -s 320M "$fs_file"
        xfs_prototype >"$work/prototype"
        mkfs.xfs -q -m uuid="$uuid" "$@" -p "$work/prototype" "$fs_file"
        ;;
    vfat)
        truncate -s 48M "$fs_file"
        mkfs.vfat -F 32 -i 5eed0001 "$@" "$fs_file" >/dev/null
        (cd "$tree" && mcopy -i "$fs_file" -s ./* ::/)
        ;;
    *) echo "fs: no such type: $fs_type" >&2 && return 1 ;;
    esac
}

# xfs_prototype: the tree in the format of mkfs.xfs -p.
xfs_prototype() {
    printf '/\n0 0\nd--755 0 0\n'
    xfs_folder "$tree"
    printf '$\n'
}
xfs_folder() {
    for item in "$1"/*; do
        [ -e "$item" ] || continue
        if [ -d "$item" ]; then
            printf '%s d--755 0 0\n' "${item##*/}"
            xfs_folder "$item"
            printf '$\n'
        else
            printf '%s ---644 0 0 %s\n' "${item##*/}" "$item"
        fi
    done
}

# luks NAME PASSPHRASE: NAME.fs, encrypted; with few rounds, because an emulated processor counts them.
# qemu-img measures how fast it counts, and gives up where its share of a processor is too small.
luks() {
    tries=0
    until qemu-img convert -q --object "secret,id=key,data=$2" -f raw -O luks -o key-secret=key,iter-time=10 \
        "$work/$1.fs" "$work/$1.luks" 2>"$work/luks.log"; do
        tries=$((tries + 1))
        [ "$tries" -lt 20 ] || {
            cat "$work/luks.log" >&2
            return 1
        }
    done
    mv "$work/$1.luks" "$work/$1.fs"
}

# disk dos|gpt|none NAME...: the next disk of the guest, with these file systems as partitions 1, 2, ...
# "-" is a partition with nothing in it.
disk() {
    label=$1
    shift
    number=$(printf '%s' "$disks" | wc -w)
    image=$work/disk$number.img
    disks="$disks $image"
    rm -f "$image"
    if [ "$label" = none ]; then
        cp --sparse=always "$work/$1.fs" "$image"
        return
    fi
    script="label: $label"
    [ "$label" = gpt ] || script="$script
label-id: $(printf '0x5eed%04d' "$number")"
    [ "$label" = dos ] || script="$script
label-id: $(printf '5eed0000-0000-4000-8000-00000000%04d' $((100 + number)))"
    start=2048
    for name; do
        sectors=8192
        [ "$name" = - ] || sectors=$((($(stat -c %s "$work/$name.fs") + 511) / 512))
        script="$script
start=$start,size=$sectors"
        [ "$label" = dos ] || script="$script,uuid=$(printf '5eed0000-0000-4000-8000-%08d%04d' "$number" "$start" | cut -c 1-36)"
        start=$((start + sectors))
    done
    truncate -s $(((start + 2048) * 512)) "$image"
    echo "$script" | sfdisk -q "$image"
    start=2048
    for name; do
        sectors=8192
        if [ "$name" != - ]; then
            sectors=$((($(stat -c %s "$work/$name.fs") + 511) / 512))
            dd if="$work/$name.fs" of="$image" bs=512 seek=$start conv=notrunc,sparse status=none
        fi
        start=$((start + sectors))
    done
}

# disk_4096 NAME: the next disk, with sectors of 4 KiB, a GPT and this file system as partition 1.
disk_4096() {
    image=$work/disk$(printf '%s' "$disks" | wc -w).img
    disks="$disks $image"
    rm -f "$image"
    truncate -s $(($(stat -c %s "$work/$1.fs") + 2097152)) "$image"
    # sfdisk cannot be told a sector size.
    printf 'g\nn\n1\n256\n+%s\nw\n' $(($(stat -c %s "$work/$1.fs") / 4096 - 1)) |
        fdisk -b 4096 "$image" >"$work/fdisk.log" 2>&1
    dd if="$work/$1.fs" of="$image" bs=4096 seek=256 conv=notrunc,sparse status=none
}

# xen_kernel NAME [COMPILER OPTIONS]: NAME, an ELF file with the notes of a paravirtual kernel.
xen_kernel() {
    kernel_file=$1
    shift
    gcc "$@" -nostdlib -static -Wl,--build-id=none -Wl,-Ttext=0x1000000 -o "$kernel_file" "$here/xen-note.S"
}

# bootmgr_stub FILE: a stand-in for Windows' boot manager on BIOS machines.
bootmgr_stub() {
    gcc -m32 -nostdlib -static -Wl,--build-id=none -Wl,--oformat=binary -Wl,-Ttext=0 -o "$1" "$here/bootmgr-stub.S"
}

# multiboot_stub FILE: a stand-in for a hypervisor or another system's kernel.
multiboot_stub() {
    gcc -m32 -nostdlib -static -Wl,--build-id=none -Wl,-Ttext=0x1000000 -o "$1" "$here/multiboot-stub.S"
}

# efi_stub FILE WORD: an EFI program that says WORD and stops: GRUB, with nothing but that.
efi_stub() {
    printf 'echo %s\nsleep 1000\n' "$2" >"$work/efi_stub.cfg"
    grub-mkimage -O x86_64-efi -o "$1" -p / -c "$work/efi_stub.cfg" echo sleep
}

# ntfs NAME FILE=PATH...: NAME.fs, NTFS with these files, as mkntfs leaves it: its boot sector's
# hidden sectors are wrong and its boot code loads nothing, as after a conversion.
ntfs() {
    fs_file=$work/$1.fs
    shift
    rm -f "$fs_file"
    truncate -s 24M "$fs_file"
    mkntfs -q -F -s 512 -p 63 -H 255 -S 63 "$fs_file" >/dev/null
    for pair; do ntfscp -q -f "$fs_file" "${pair%%=*}" "${pair#*=}"; done
}
