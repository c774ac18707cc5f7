# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Guests for the medium that starts under Secure Boot; as cases.sh. No `quiet`, because their kernel has
# to say that Secure Boot is on. $signed is a folder with shimx64.efi and grubx64.efi.

# Debian's way, with everything that is a command here: load_env with a saved entry, save_env, gfxterm.
case_secure_grub_cfg() {
    new_tree
    { printf '# GRUB Environment Block\nsaved_entry=second\n'; head -c 1100 /dev/zero | tr '\0' '#'; } | head -c 1024 | file boot/grub/grubenv
    file boot/grub/grub.cfg <<EOF
if [ -s \$prefix/grubenv ]; then
  load_env
fi
set default="\${saved_entry}"
if loadfont unicode ; then
  set gfxmode=auto
  insmod all_video
  insmod gfxterm
fi
terminal_output gfxterm
set timeout=0
function recordfail { set recordfail=1; save_env recordfail; }
menuentry 'First' --id first {
  linux /boot/vmlinuz-6.1 n=1
}
menuentry 'Second' --id second {
  recordfail
  insmod gzio
  insmod part_msdos
  insmod ext2
  search --no-floppy --fs-uuid --set=root $uuid
  linux /boot/vmlinuz-6.1 root=/dev/xvda1 ro console=ttyS0,115200n8 n=2 rf=\$recordfail
  initrd /boot/initrd.img-6.1
}
EOF
    fs ext4 root
    disk dos root
    want="$boot_image root=/dev/xvda1 ro $serial n=2 rf=1"
}

# A grub.cfg that is of no use outside Xen; the parameter `line` makes up for it.
case_secure_line_auto() {
    new_tree
    grub_cfg boot/grub/grub.cfg 'linux /boot/vmlinuz-6.1 root=/dev/xvda1 ro console=hvc0' /boot/initrd.img-6.1
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid ro console=tty0 $serial"
}

case_secure_line_auto_btrfs() {
    new_tree @/boot
    mkdir -p "$tree/@/etc"
    mv "$tree/etc/fstab" "$tree/@/etc/fstab"
    grub_cfg @/boot/grub/grub.cfg 'linux /@/boot/vmlinuz-6.1 root=/dev/xvda1 console=hvc0' /@/boot/initrd.img-6.1
    fs btrfs root
    disk dos root
    want="BOOT_IMAGE=/@/boot/vmlinuz-6.1 root=UUID=$uuid ro rootflags=subvol=@ console=tty0 $serial"
}

# pv-grub-menu wrote such files up to Debian 12. The second entry is the default.
case_secure_menu_lst() {
    new_tree
    file boot/grub/menu.lst <<'EOF'
## ## Start Default Options ##
default=1
timeout         3
color cyan/blue white/blue
title           Debian GNU/Linux, kernel 5.10 (on /dev/xvda1)
root            (hd0)
kernel          /boot/vmlinuz-5.10 root=/dev/xvda1 ro

title           Debian GNU/Linux, kernel 6.1
root            (hd0)
kernel          /boot/vmlinuz-6.1 root=/dev/xvda1 ro console=hvc0
initrd          /boot/initrd.img-6.1

title           Debian GNU/Linux, kernel 6.1 (single-user mode)
root            (hd0)
kernel          /boot/vmlinuz-6.1 root=/dev/xvda1 ro single
initrd          /boot/initrd.img-gone
EOF
    fs ext4 root
    disk dos root
    want="$boot_image root=UUID=$uuid ro $serial"
}

# Entries of RHEL and Fedora; what they say is read by commands that would load a kernel, and must not.
case_secure_bls() {
    new_tree
    ln "$small/vmlinuz" "$tree/boot/vmlinuz-4.18.0-80.el8.x86_64"
    ln "$small/initrd.img" "$tree/boot/initramfs-4.18.0-80.el8.x86_64.img"
    printf 'set timeout=0\nif [ -s $prefix/grubenv ]; then load_env; fi\nset default="${saved_entry}"\ninsmod blscfg\nblscfg\n' | file boot/grub2/grub.cfg
    { printf '# GRUB Environment Block\nsaved_entry=f00d-4.18.0-80.el8.x86_64\nkernelopts=root=/dev/xvda1 ro console=hvc0\n'; head -c 1100 /dev/zero | tr '\0' '#'; } |
        head -c 1024 | file boot/grub2/grubenv
    printf 'title Rocky Linux 8\nversion 4.18.0-80.el8.x86_64\nlinux /boot/vmlinuz-4.18.0-80.el8.x86_64\ninitrd /boot/initramfs-4.18.0-80.el8.x86_64.img $tuned_initrd\noptions $kernelopts $tuned_params\n' |
        file boot/loader/entries/f00d-4.18.0-80.el8.x86_64.conf
    sed -e s/8.0-80/8.0-100/ "$tree/boot/loader/entries/f00d-4.18.0-80.el8.x86_64.conf" | file boot/loader/entries/f00d-4.18.0-100.el8.x86_64.conf
    fs ext4 root
    disk dos root
    want="BOOT_IMAGE=/boot/vmlinuz-4.18.0-80.el8.x86_64 root=UUID=$uuid ro $serial"
}

# One byte more, and nobody's signature fits.
case_secure_unsigned_kernel() {
    new_tree
    rm "$tree/boot/vmlinuz-6.1"
    { cat "$small/vmlinuz"; printf x; } >"$tree/boot/vmlinuz-6.1"
    fs ext4 root
    disk dos root
    says='a kernel must be signed by Debian'
}

# A guest with an EFI partition of its own: its shim knows the key of its kernels.
case_secure_own_shim() {
    rm -rf "$tree"
    mkdir -p "$tree/EFI/debian"
    cp "$signed/shimx64.efi" "$signed/grubx64.efi" "$tree/EFI/debian/"
    printf 'if [ "$lockdown" = y ]; then echo OWN-SHIM-AND-LOCKED; fi\nsleep 1000\n' >"$tree/EFI/debian/grub.cfg"
    fs vfat esp
    disk gpt esp
    says='OWN-SHIM-AND-LOCKED'
}

# Windows' boot manager is signed by Microsoft; so is shim, which stands in for it.
case_secure_windows() {
    rm -rf "$tree"
    mkdir -p "$tree/EFI/Microsoft/Boot" "$tree/EFI/debian"
    cp "$signed/shimx64.efi" "$tree/EFI/Microsoft/Boot/bootmgfw.efi"
    cp "$signed/grubx64.efi" "$tree/EFI/Microsoft/Boot/grubx64.efi"
    printf 'if [ "$lockdown" = y ]; then echo WINDOWS-STAND-IN; fi\nsleep 1000\n' >"$tree/EFI/debian/grub.cfg"
    fs vfat esp
    disk gpt esp
    says='WINDOWS-STAND-IN'
}
