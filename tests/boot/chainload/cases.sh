# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The layouts of guests. Each function builds the disks and sets
#   want       the guest kernel's command line, exactly, as seen on the console
#   says       (optional) a pattern that must be on the serial line instead of a booted guest
# Names as in docs/external-bootloader.md.

boot_image='BOOT_IMAGE=/boot/vmlinuz-6.1'
serial='console=ttyS0,115200n8'

case_debian_mbr() { # search with a Xen hint, load_env, gfxterm, a quoted argument with blanks
    new_tree
    file boot/grub/grub.cfg <<EOF
if [ -s \$prefix/grubenv ]; then
  load_env
fi
if loadfont unicode ; then
  set gfxmode=auto
  insmod gfxterm
fi
terminal_input serial
terminal_output gfxterm
insmod part_msdos
set timeout=0
menuentry 'Debian' {
	insmod gzio
	set root='xen/xvda,msdos1'
	search --no-floppy --fs-uuid --set=root --hint='xen/xvda,msdos1' $uuid
	linux /boot/vmlinuz-6.1 root=/dev/xvda1 ro console=hvc0 quiet dyndbg="file nosuch.c +p"
	initrd /boot/initrd.img-6.1
}
EOF
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid ro $serial quiet \"dyndbg=file nosuch.c +p\""
}

case_gpt_xen_names() {
    new_tree
    grub_cfg boot/grub/grub.cfg 'linux (xen/xvda,gpt1)/boot/vmlinuz-6.1 root=/dev/xvda1 console=hvc0 quiet' \
        '(xen/xvda,gpt1)/boot/initrd.img-6.1'
    fs ext4 root
    disk gpt root
    want="$boot_image root=UUID=$uuid $serial quiet"
}

case_whole_disk() {
    new_tree
    file boot/grub/grub.cfg <<'EOF'
set timeout=0
menuentry 'whole disk' {
  set root='(xen/xvda)'
  linux /boot/vmlinuz-6.1 root=/dev/xvda earlyprintk=xen console=hvc0 quiet
  initrd /boot/initrd.img-6.1
}
EOF
    fs ext3 root
    disk none root
    want="$boot_image root=UUID=$uuid earlyprintk=serial,ttyS0,115200 $serial quiet"
}

case_whole_disk_wrong_partition() { # the configuration names a partition that is not there
    new_tree
    file boot/grub/grub.cfg <<'EOF'
set timeout=0
menuentry 'whole disk' {
  set root='hd0,msdos1'
  linux /boot/vmlinuz-6.1 root=/dev/xvda1 ro console=xvc0 quiet
  initrd /boot/initrd.img-6.1
}
EOF
    fs ext4 root
    disk none root
    want="$boot_image root=UUID=$uuid ro $serial quiet"
}

case_second_partition() {
    new_tree
    grub_cfg boot/grub/grub.cfg 'linux (xen/xvda2)/boot/vmlinuz-6.1 root=/dev/xvda2 console=hvc0 quiet' \
        /boot/initrd.img-6.1
    fs ext4 root
    disk dos - root
    want="$boot_image root=UUID=$uuid $serial quiet"
}

case_xfs_linux16() { # CentOS 7
    new_tree
    file boot/grub2/grub.cfg <<'EOF'
set timeout=0
menuentry 'CentOS Linux (3.10.0) 7 (Core)' --class centos {
	load_video
	set gfxpayload=keep
	insmod gzio
	insmod part_msdos
	insmod xfs
	set root='hd0,msdos1'
	linux16 /boot/vmlinuz-6.1 root=/dev/xvda1 ro crashkernel=auto console=hvc0 quiet LANG=en_US.UTF-8
	initrd16 /boot/initrd.img-6.1
}
function load_video {
  insmod all_video
}
EOF
    fs xfs root
    disk dos root
    want="$boot_image root=UUID=$uuid ro crashkernel=auto $serial quiet LANG=en_US.UTF-8"
}

case_btrfs_subvolume() {
    new_tree @/boot
    mkdir -p "$tree/@/etc"
    mv "$tree/etc/fstab" "$tree/@/etc/fstab"
    grub_cfg @/boot/grub/grub.cfg 'linux /@/boot/vmlinuz-6.1 root=/dev/xvda1 rootflags=subvol=@ console=hvc0 quiet' \
        /@/boot/initrd.img-6.1
    fs btrfs root
    disk dos root
    want="BOOT_IMAGE=/@/boot/vmlinuz-6.1 root=UUID=$uuid rootflags=subvol=@ $serial quiet"
}

case_separate_boot() { # and no console= at all
    new_tree
    mv "$tree/boot" "$work/boot"
    mkdir "$tree/sbin"
    uuid=$other_uuid
    fs ext4 root
    rm -rf "$tree"
    mkdir "$tree"
    mv "$work/boot"/* "$tree/"
    grub_cfg grub/grub.cfg 'linux /vmlinuz-6.1 root=/dev/xvda2 ro quiet' /initrd.img-6.1
    uuid=5eed0000-0000-4000-8000-000000000001
    fs ext2 boot
    disk dos boot root
    want="BOOT_IMAGE=/vmlinuz-6.1 root=UUID=$other_uuid ro quiet console=tty0 $serial"
}

case_bls_rhel8() { # two entries, the older one saved; kernelopts and saved_entry in grubenv
    new_tree
    ln "$small/vmlinuz" "$tree/boot/vmlinuz-4.18.0-80.el8.x86_64"
    ln "$small/initrd.img" "$tree/boot/initramfs-4.18.0-80.el8.x86_64.img"
    file boot/grub2/grub.cfg <<'EOF'
set pager=1
if [ -f ${config_directory}/grubenv ]; then
  load_env -f ${config_directory}/grubenv
elif [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="${saved_entry}"
fi
function savedefault {
  if [ -z "${boot_once}" ]; then
    saved_entry="${chosen}"
    save_env saved_entry
  fi
}
terminal_output console
set timeout=0
insmod part_msdos
set boot='hd0,msdos1'
insmod blscfg
blscfg
EOF
    { printf '# GRUB Environment Block\nsaved_entry=f00d-4.18.0-80.el8.x86_64\nkernelopts=root=/dev/xvda1 ro console=hvc0 quiet crashkernel=auto\n'; head -c 1100 /dev/zero | tr '\0' '#'; } |
        head -c 1024 | file boot/grub2/grubenv
    file boot/loader/entries/f00d-4.18.0-100.el8.x86_64.conf <<'EOF'
title Rocky Linux (4.18.0-100.el8.x86_64) 8.3 (Green Obsidian)
version 4.18.0-100.el8.x86_64
linux /boot/vmlinuz-6.1
initrd /boot/initrd.img-6.1 $tuned_initrd
options $kernelopts $tuned_params
id rocky-4.18
grub_users $grub_users
grub_arg --unrestricted
grub_class kernel
EOF
    sed -e s/4.18.0-100/4.18.0-80/ -e 's/vmlinuz-6.1/vmlinuz-4.18.0-80.el8.x86_64/' \
        -e 's/initrd.img-6.1/initramfs-4.18.0-80.el8.x86_64.img/' \
        "$tree/boot/loader/entries/f00d-4.18.0-100.el8.x86_64.conf" | file boot/loader/entries/f00d-4.18.0-80.el8.x86_64.conf
    fs ext4 root
    disk dos root
    want="BOOT_IMAGE=/boot/vmlinuz-4.18.0-80.el8.x86_64 root=UUID=$uuid ro $serial quiet crashkernel=auto"
}

case_bls_saved_digit() { # a machine id that begins with a digit is no number of an entry
    new_tree
    for version in 5.9.0-1.fc33 5.10.0-1.fc33; do
        printf 'title Fedora (%s) 33\nversion %s\nlinux /boot/vmlinuz-6.1\ninitrd /boot/initrd.img-6.1\noptions root=/dev/xvda1 ro rhgb v=%s quiet\n' \
            "$version" "$version" "$version" | file "boot/loader/entries/7beef-$version.conf"
    done
    file boot/grub2/grub.cfg <<'EOF'
load_env
set default="${saved_entry}"
set timeout=0
insmod blscfg
blscfg
EOF
    { printf '# GRUB Environment Block\nsaved_entry=7beef-5.9.0-1.fc33\n'; head -c 1100 /dev/zero | tr '\0' '#'; } |
        head -c 1024 | file boot/grub2/grubenv
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid ro rhgb v=5.9.0-1.fc33 quiet console=tty0 $serial"
}

case_bls_version_order() { # no grub.cfg: 5.10 is newer than 5.9, and 0-rescue is the oldest
    new_tree
    for version in 0-rescue 5.9.0-1.fc33 5.10.0-1.fc33; do
        printf 'title Fedora (%s) 33\nversion %s\nlinux /boot/vmlinuz-6.1\ninitrd /boot/initrd.img-6.1\noptions root=/dev/xvda1 ro rhgb v=%s quiet\ngrub_class kernel\n' \
            "$version" "$version" "$version" | file "boot/loader/entries/beef-$version.conf"
    done
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid ro rhgb v=5.10.0-1.fc33 quiet console=tty0 $serial"
}

case_menu_lst_centos6() {
    new_tree
    file boot/grub/menu.lst <<'EOF'
# grub.conf generated by anaconda
#boot=/dev/xvda
default=0
timeout=1
splashimage=(hd0,0)/boot/grub/splash.xpm.gz
hiddenmenu
serial --unit=0 --speed=9600
terminal --timeout=1 serial console
title CentOS (2.6.32-754.el6.x86_64)
	root (hd0,0)
	kernel /boot/vmlinuz-6.1 ro root=/dev/xvda1 rd_NO_LUKS LANG=en_US.UTF-8 console=hvc0 quiet
	initrd /boot/initrd.img-6.1
EOF
    # GRUB Legacy reads no files with holes, which mke2fs makes of zeros unless its blocks are large.
    fs ext4 root -b 4096
    disk dos root
    want="$boot_image ro root=UUID=$uuid rd_NO_LUKS LANG=en_US.UTF-8 $serial quiet"
    legacy="ro root=/dev/xvda1 rd_NO_LUKS LANG=en_US.UTF-8 console=hvc0 quiet"
}

pv_grub_menu() {
    new_tree
    file boot/grub/menu.lst <<'EOF'
default 0
timeout 1
title Amazon Linux
root (hd0)
kernel /boot/vmlinuz-6.1 root=LABEL=/ console=hvc0 quiet
initrd /boot/initrd.img-6.1
EOF
    fs ext4 root
    want="$boot_image root=LABEL=/ $serial quiet"
}
case_pv_grub_whole_disk() {
    pv_grub_menu
    disk none root
}
case_pv_grub_partition() {
    pv_grub_menu
    disk dos root
}

case_extlinux() { # Alpine
    new_tree
    file boot/extlinux.conf <<'EOF'
DEFAULT virt
PROMPT 0
TIMEOUT 10
LABEL virt
  MENU LABEL Linux virt
  LINUX vmlinuz-6.1
  INITRD initrd.img-6.1
  APPEND root=/dev/xvda1 modules=ext4 console=hvc0 quiet
EOF
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid modules=ext4 $serial quiet"
}

case_extlinux_no_timeout() { # the default starts at once
    new_tree
    file boot/extlinux/extlinux.conf <<'EOF'
DEFAULT linux
PROMPT 0
LABEL other
  LINUX /boot/missing
LABEL linux
  LINUX /boot/vmlinuz-6.1
  INITRD /boot/initrd.img-6.1
  APPEND root=/dev/xvda1 console=hvc0 quiet
EOF
    fs ext4 root
    disk dos root
    want="BOOT_IMAGE=///boot/vmlinuz-6.1 root=UUID=$uuid $serial quiet"
}

case_esp_config() { # GPT, an ESP whose grub.cfg leads to the root's
    new_tree
    grub_cfg boot/grub/grub.cfg 'linux /boot/vmlinuz-6.1 root=/dev/xvda2 ro console=hvc0 quiet' /boot/initrd.img-6.1
    fs ext4 root
    rm -rf "$tree"
    file EFI/debian/grub.cfg <<EOF
search.fs_uuid $uuid root
set prefix=(\$root)'/boot/grub'
configfile \$prefix/grub.cfg
EOF
    fs vfat esp
    disk gpt esp root
    want="$boot_image root=UUID=$uuid ro $serial quiet"
}

case_password() {
    new_tree
    file boot/grub/grub.cfg <<'EOF'
set superusers="root"
password root secret
set timeout=0
menuentry 'open' --unrestricted {
  linux /boot/vmlinuz-6.1 root=/dev/xvda1 console=hvc0 quiet
  initrd /boot/initrd.img-6.1
}
menuentry 'closed' {
  linux /boot/vmlinuz-6.1 root=/dev/xvda1 single
  initrd /boot/initrd.img-6.1
}
EOF
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid $serial quiet"
}

case_pv_only_kernel() {
    new_tree
    xen_kernel "$work/xen.elf"
    gzip -9n <"$work/xen.elf" >"$tree/boot/vmlinuz-2.6.18-xen"
    grub_cfg boot/grub/grub.cfg 'linux /boot/vmlinuz-2.6.18-xen root=/dev/xvda1 console=hvc0 quiet' /boot/initrd.img-6.1
    fs ext4 root
    disk dos root
    says='kernel for Xen paravirtual guests only: it cannot start'
}

case_two_disks() { # both have a configuration: a menu of two, then the first
    new_tree
    grub_cfg boot/grub/grub.cfg 'linux /boot/vmlinuz-6.1 root=/dev/xvda1 first console=hvc0 quiet' /boot/initrd.img-6.1
    fs ext4 first
    grub_cfg boot/grub/grub.cfg 'linux /boot/vmlinuz-6.1 root=/dev/xvdb1 second console=hvc0 quiet' /boot/initrd.img-6.1
    uuid=$other_uuid
    fs ext4 second
    disk dos first
    disk dos second
    want="$boot_image root=UUID=5eed0000-0000-4000-8000-000000000001 first $serial quiet"
}

case_nothing() { # no configuration, no kernel
    new_tree
    rm -rf "$tree/boot"
    fs ext4 root
    disk dos root
    says='\(hd0,msdos1\) ext2, a Linux system'
}

case_no_disk() {
    says='No disk is visible'
}

case_no_config() { # kernels, but nothing that names them
    new_tree
    ln "$small/vmlinuz" "$tree/boot/vmlinuz-5.10"
    ln "$small/initrd.img" "$tree/boot/initrd.img-5.10"
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid ro console=tty0 $serial"
}

case_no_initrd() { # without an initial ramdisk only PARTUUID helps; this kernel then finds no root
    new_tree
    rm "$tree/boot/initrd.img-6.1"
    file boot/grub/grub.cfg <<'EOF'
set timeout=0
menuentry 'Gentoo' {
  linux /boot/vmlinuz-6.1 root=/dev/xvda1 console=hvc0 panic=1
}
EOF
    fs ext4 root
    disk dos root
    says='Kernel command line: .*root=PARTUUID=5eed0000-01'
}

case_initrd_missing() { # the entry fails; our menu says why
    new_tree
    grub_cfg boot/grub/grub.cfg 'linux /boot/vmlinuz-6.1 root=/dev/xvda1 console=hvc0 quiet' /boot/initrd.img-gone
    fs ext4 root
    disk dos root
    says='did not boot: the initial ramdisk /boot/initrd.img-gone'
}

case_kernel_missing_fallback() { # the guest's own fallback goes first
    new_tree
    file boot/grub/grub.cfg <<'EOF'
set timeout=0
set default=0
set fallback=1
menuentry 'gone' {
  linux /boot/vmlinuz-gone root=/dev/xvda1 console=hvc0 quiet
  initrd /boot/initrd.img-6.1
}
menuentry 'there' {
  linux /boot/vmlinuz-6.1 root=/dev/xvda1 console=hvc0 quiet
  initrd /boot/initrd.img-6.1
}
EOF
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid $serial quiet"
}

case_xen_tools_wrong_partition() { # root (hd0,0) is the swap partition
    new_tree
    file boot/grub/menu.lst <<'EOF'
default         0
timeout         1
title           Debian GNU/Linux, kernel 6.1
root            (hd0,0)
kernel          /boot/vmlinuz-6.1 root=/dev/xvda2 ro elevator=noop quiet
initrd          /boot/initrd.img-6.1
EOF
    fs ext4 root
    disk dos - root
    want="$boot_image root=UUID=$uuid ro elevator=noop quiet console=tty0 $serial"
}

case_savedefault() { # GRUB Legacy's savedefault; nothing is written
    new_tree
    file boot/grub/menu.lst <<'EOF'
default saved
timeout 1
title Ubuntu
root (hd0,0)
kernel /boot/vmlinuz-6.1 root=/dev/sda1 ro console=hvc0 quiet
initrd /boot/initrd.img-6.1
savedefault
boot
EOF
    fs ext3 root
    disk dos root
    want="$boot_image root=UUID=$uuid ro $serial quiet"
}

case_save_env() { # recordfail writes grubenv at home; here the disk stays as it is
    new_tree
    { printf '# GRUB Environment Block\nrecordfail=0\n'; head -c 1100 /dev/zero | tr '\0' '#'; } | head -c 1024 | file boot/grub/grubenv
    file boot/grub/grub.cfg <<'EOF'
if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
function recordfail {
  set recordfail=1
  if [ -n "${have_grubenv}" ]; then if [ -z "${boot_once}" ]; then save_env recordfail; fi; fi
}
set timeout=0
menuentry 'Ubuntu' {
  recordfail
  linux /boot/vmlinuz-6.1 root=/dev/xvda1 ro console=hvc0 quiet rf=$recordfail
  initrd /boot/initrd.img-6.1
}
EOF
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid ro $serial quiet rf=1"
}

case_saved_entry() { # Debian's and Ubuntu's way: load_env without arguments, the second entry saved
    new_tree
    { printf '# GRUB Environment Block\nsaved_entry=second\n'; head -c 1100 /dev/zero | tr '\0' '#'; } | head -c 1024 | file boot/grub/grubenv
    file boot/grub/grub.cfg <<'EOF'
if [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "${next_entry}" ] ; then
  set default="${next_entry}"
else
  set default="${saved_entry}"
fi
set timeout=0
menuentry 'First' --id first {
  linux /boot/vmlinuz-6.1 root=/dev/xvda1 ro console=hvc0 quiet n=1
  initrd /boot/initrd.img-6.1
}
menuentry 'Second' --id second {
  linux /boot/vmlinuz-6.1 root=/dev/xvda1 ro console=hvc0 quiet n=2
  initrd /boot/initrd.img-6.1
}
EOF
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid ro $serial quiet n=2"
}

case_broken_syntax() { # half a file: said, and the menu comes
    new_tree
    printf 'set timeout=0\nmenuentry "guest" {\n  if [ x = y ]; then\n linux /boot/vmlinuz-6.1\n' | file boot/grub/grub.cfg
    fs ext4 root
    disk dos root
    says='Repair|Other ways to boot'
}

case_huge_config() { # hundreds of entries, and hundreds of names beside /boot
    new_tree
    for n in $(seq 1 300); do echo x | file "data file $n"; done
    {
        printf 'set timeout=0\nset default=0\n'
        for n in $(seq 1 400); do
            printf 'menuentry "kernel %s" --class gnu-linux --id k%s {\n  linux /boot/vmlinuz-6.1 root=/dev/xvda1 n=%s console=hvc0 quiet\n  initrd /boot/initrd.img-6.1\n}\n' "$n" "$n" "$n"
        done
    } | file boot/grub/grub.cfg
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid n=1 $serial quiet"
}

case_consoles_kept() { # a serial console is named already; noprobe would hide the disk
    new_tree
    grub_cfg boot/grub/grub.cfg 'linux /boot/vmlinuz-6.1 root=/dev/hda1 ide0=noprobe console=ttyS0,9600 console=hvc0 quiet resume=/dev/xvda2' \
        /boot/initrd.img-6.1
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid console=ttyS0,9600 quiet noresume"
}

case_windows_bios() { # BIOS Windows in partition 2; its boot sector is not one that boots
    bootmgr_stub "$work/bootmgr"
    ntfs windows "$work/bootmgr=bootmgr"
    disk dos - windows
    says='BOOTMGR-STUB drive=80 hidden=00002800'
}

case_windows_second_disk() { # the boot manager must see its disk as the first
    new_tree
    rm -rf "$tree/boot"
    fs ext2 data
    bootmgr_stub "$work/bootmgr"
    ntfs windows "$work/bootmgr=NTLDR"
    disk dos data
    disk dos windows
    says='BOOTMGR-STUB drive=80 hidden=00000800'
}

case_multiboot() { # no Linux; the module for it is not in the core
    multiboot_case multiboot module
    says='MULTIBOOT-STUB 2badb002'
}

case_multiboot2() { # Xen's own entries are such
    multiboot_case multiboot2 module2
    says='MULTIBOOT-STUB 36d76289'
}

multiboot_case() { # command for the kernel, for its module
    new_tree
    multiboot_stub "$tree/boot/xen"
    file boot/grub/grub.cfg <<EOF
set timeout=0
menuentry 'hypervisor' {
  insmod $1
  $1 /boot/xen placeholder
  $2 /boot/vmlinuz-6.1 placeholder
}
EOF
    fs ext4 root
    disk dos root
}

case_windows_uefi() {
    rm -rf "$tree"
    mkdir -p "$tree/EFI/Microsoft/Boot"
    efi_stub "$tree/EFI/Microsoft/Boot/bootmgfw.efi" WINDOWS-STUB
    fs vfat esp
    disk gpt esp
    says='WINDOWS-STUB'
}

case_efi_loader() { # an EFI guest with a loader of its own and no configuration that we know
    rm -rf "$tree"
    mkdir -p "$tree/EFI/BOOT"
    efi_stub "$tree/EFI/BOOT/BOOTX64.EFI" LOADER-STUB
    fs vfat esp
    disk gpt esp
    says='LOADER-STUB'
}

case_parameter_disk() { # a small FAT disk labelled LIFEBOAT
    case_debian_mbr
    rm -rf "$tree"
    printf '# GRUB Environment Block\nconsole=ttyS0,57600\nroot=keep\n' | file lifeboat.env
    fs vfat parameters -n LIFEBOAT
    disk none parameters
    want="$boot_image root=/dev/xvda1 ro console=ttyS0,57600 quiet \"dyndbg=file nosuch.c +p\""
}

case_many_disks() { # 24 disks, as storage servers have; the system is on the first
    case_debian_mbr
    rm -rf "$tree"
    mkdir -p "$tree/data"
    truncate -s 8M "$work/data.fs"
    mke2fs -q -t ext4 -d "$tree" "$work/data.fs"
    for count in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23; do
        disk dos data
    done
}

legacy_guest() { # a menu.lst that any GRUB Legacy can follow, for partition $1
    new_tree
    printf 'default 0\ntimeout 1\ntitle guest\nroot (%s)\nkernel /boot/vmlinuz-6.1 root=/dev/xvda1 ro console=hvc0 quiet\ninitrd /boot/initrd.img-6.1\n' \
        "$1" | file boot/grub/grub.conf
    want="$boot_image root=UUID=$uuid ro $serial quiet"
    legacy="root=/dev/xvda1 ro console=hvc0 quiet"
}

case_menu_lst_third_partition() { # GRUB Legacy needs its second list of places
    legacy_guest hd0,2
    fs ext3 root
    disk dos - - root
}

case_menu_lst_gpt() {
    legacy_guest hd0,0
    fs ext3 root
    disk gpt root
}

case_menu_lst_xfs() {
    legacy_guest hd0,0
    fs xfs root
    disk dos root
}

case_lvm() { # the whole system in a logical volume; the disk has nothing else
    [ -n "$wrap" ] || skip "needs wrap=PROGRAM"
    new_tree
    file boot/grub/grub.cfg <<'EOF'
set timeout=0
insmod lvm
menuentry 'lvm' {
  insmod lvm
  set root='lvm/vg0-root'
  linux /boot/vmlinuz-6.1 root=/dev/mapper/vg0-root ro console=hvc0 quiet
  initrd /boot/initrd.img-6.1
}
EOF
    fs ext4 root
    "$wrap" lvm "$work/root.fs" "$work/lvm.fs"
    disk dos lvm
    want="$boot_image root=/dev/mapper/vg0-root ro $serial quiet"
}

case_md() { # one half of a mirror
    [ -n "$wrap" ] || skip "needs wrap=PROGRAM"
    new_tree
    grub_cfg boot/grub/grub.cfg 'linux /boot/vmlinuz-6.1 root=/dev/md0 ro console=hvc0 quiet' /boot/initrd.img-6.1
    fs ext4 root
    "$wrap" md "$work/root.fs" "$work/md.fs"
    disk dos md
    want="$boot_image root=/dev/md0 ro $serial quiet"
}

case_luks() { # the whole system encrypted; the parameter luks=on, and a person types the passphrase
    new_tree
    grub_cfg boot/grub/grub.cfg 'linux /boot/vmlinuz-6.1 root=/dev/mapper/root console=hvc0 quiet' /boot/initrd.img-6.1
    fs ext4 root -b 4096
    luks root secret
    disk dos root
    want="$boot_image root=/dev/mapper/root $serial quiet"
}

case_sectors_4096() { # GPT and its numbers count in sectors of 4 KiB
    new_tree
    grub_cfg boot/grub/grub.cfg 'linux /boot/vmlinuz-6.1 root=/dev/xvda1 console=hvc0 quiet' /boot/initrd.img-6.1
    fs ext4 root -b 4096
    disk_4096 root
    want="$boot_image root=UUID=$uuid $serial quiet"
}

case_kernel32() { # a 64-bit kernel on a 32-bit processor
    new_tree
    mv "$tree/boot/vmlinuz-6.1" "$tree/boot/vmlinuz-6.1-amd64"
    grub_cfg boot/grub/grub.cfg 'linux /boot/vmlinuz-6.1-amd64 root=/dev/xvda1 console=hvc0' /boot/initrd.img-6.1
    fs ext4 root
    disk dos root
    says='is a 64-bit kernel, but this machine'
}

case_kernel_without_stub() { # before Linux 3.3: no EFI program in the kernel; GRUB 2.12 tries that first
    new_tree
    rm "$tree/boot/vmlinuz-6.1"
    cp "$small/vmlinuz" "$tree/boot/vmlinuz-6.1"
    printf '\0\0' | dd of="$tree/boot/vmlinuz-6.1" conv=notrunc status=none
    grub_cfg boot/grub/grub.cfg 'linux /boot/vmlinuz-6.1 root=/dev/xvda1 console=hvc0' /boot/initrd.img-6.1
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid $serial"
}
