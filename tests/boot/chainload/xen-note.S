/* SPDX-License-Identifier: GPL-2.0-or-later
 * An ELF file that carries the notes of a Xen paravirtual kernel and nothing else (Xen's public
 * header elfnote.h: 1 entry, 3 virtual base, 5 Xen version, 6 guest OS, 9 PAE mode, 10 bits of L1). */
.macro note type
    .section .note.Xen, "a", @note
    .long 4, 8, \type
    .asciz "Xen"
.endm
    note 6
    .ascii "linux\0\0\0"
    note 5
    .ascii "xen-3.0\0"
    note 1
    .quad _start
    note 3
    .quad 0xffffffff80000000
    note 9
    .ascii "yes\0\0\0\0\0"
    .text
    .globl _start
_start:
    hlt
