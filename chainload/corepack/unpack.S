// SPDX-License-Identifier: GPL-2.0-or-later
// Unpacks one LZ4 block (doc/lz4_Block_format.md of LZ4), in place of _LzmaDecodeA in GRUB's decompressor
// (grub-core/boot/i386/pc/startup_raw.S) and called as that is: %esi the packed data, %edi where it goes,
// on the stack the unpacked length. Every register may be changed; the direction flag is clear at the end.
// A block ends with literals, so the end is looked for after them. The data is our own: corepack made it.
    .code32
    .text
    cld
    movl 4(%esp), %edx
    addl %edi, %edx // the end
sequence:
    xorl %eax, %eax
    lodsb // the token: number of literals, length of the match
    movl %eax, %ebx
    shrl $4, %eax
    call more_length
    movl %eax, %ecx
    rep movsb
    cmpl %edx, %edi
    jae done
    xorl %eax, %eax
    lodsw // how far back the match lies
    movl %edi, %ebp
    subl %eax, %ebp
    movl %ebx, %eax
    andl $15, %eax
    call more_length
    leal 4(%eax), %ecx
    xchgl %ebp, %esi
    rep movsb // byte by byte: a match may overlap what it makes
    movl %ebp, %esi
    jmp sequence

// %eax: four bits of a length; 15 means that bytes follow, up to the first one below 255.
more_length:
    cmpl $15, %eax
    jne done
next:
    movzbl (%esi), %ecx
    incl %esi
    addl %ecx, %eax
    cmpb $255, %cl
    je next
done:
    ret
