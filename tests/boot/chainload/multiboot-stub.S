/* SPDX-License-Identifier: GPL-2.0-or-later
 * Stands for a kernel that wants a multiboot loader, of version 1 or 2 of that specification: prints
 * "MULTIBOOT-STUB 2badb002" on COM1, the number being what the loader leaves in EAX, and stops. */
    .code32
    .text
    .balign 8
    .long 0x1badb002, 0, -0x1badb002
    .balign 8
header:
    .long 0xe85250d6, 0, end - header, -(0xe85250d6 + (end - header))
    .short 0, 0
    .long 8
end:
    .globl _start
_start:
    mov %eax, %ebx
    mov $text, %esi
next:
    lodsb
    test %al, %al
    jz number
    call putc
    jmp next
number:
    mov $8, %ecx
digit:
    rol $4, %ebx
    mov %bl, %al
    and $15, %al
    add $'0', %al
    cmp $'9', %al
    jbe put
    add $('a' - '0' - 10), %al
put:
    call putc
    loop digit
    mov $'\n', %al
    call putc
stop:
    hlt
    jmp stop
putc:
    mov %al, %ah
    mov $0x3fd, %dx
wait:
    in %dx, %al
    test $0x20, %al
    jz wait
    mov %ah, %al
    mov $0x3f8, %dx
    out %al, %dx
    ret
text: .asciz "\r\nMULTIBOOT-STUB "
