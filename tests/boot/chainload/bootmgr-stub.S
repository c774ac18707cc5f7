/* SPDX-License-Identifier: GPL-2.0-or-later
 * Stands for Windows' bootmgr: says on COM1 with what it was started. GRUB's ntldr loads it at
 * 2000:0000, the volume's boot sector at 0000:7c00, the BIOS drive in DL. Prints
 * "BOOTMGR-STUB drive=80 hidden=00000800" (the sectors before the volume, from the BIOS parameter block)
 * and stops. Loaded by ntldr, so at most 64 KiB. */
    .code16
    .text
    .globl _start
_start:
    push %cs
    pop %ds
    mov %dl, drive
    mov $text_drive, %si
    call puts
    mov drive, %al
    call hex
    mov $text_hidden, %si
    call puts
    xor %ax, %ax
    mov %ax, %es
    mov $4, %cx
    mov $0x7c1f, %di
next:
    mov %es:(%di), %al
    call hex
    dec %di
    loop next
    mov $text_end, %si
    call puts
stop:
    hlt
    jmp stop
puts:
    lodsb
    test %al, %al
    jz done
    call putc
    jmp puts
hex:
    push %ax
    shr $4, %al
    call digit
    pop %ax
    and $15, %al
digit:
    and $15, %al
    add $'0', %al
    cmp $'9', %al
    jbe putc
    add $('a' - '0' - 10), %al
putc:
    push %dx
    push %ax
    mov $0x3fd, %dx
wait:
    in %dx, %al
    test $0x20, %al
    jz wait
    pop %ax
    mov $0x3f8, %dx
    out %al, %dx
    pop %dx
done:
    ret
drive: .byte 0
text_drive: .asciz "\r\nBOOTMGR-STUB drive="
text_hidden: .asciz " hidden="
text_end: .asciz "\r\n"
