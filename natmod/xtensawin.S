// Assembler macros for the mnemonics of Xtensa's Windowed option.
//
// GCC for the lx106 emits correct code for the windowed ABI of the ESP32 when
// asked to, but the assembler beside it does not know these instructions.
// The assembler reads its input files one after the other, so naming this
// file before the compiler's output supplies them:
//
//   xtensa-lx106-elf-gcc -mabi=windowed -mlongcalls -Wa,xtensawin.S -c x.c

// Numbers of the registers; the .L prefix keeps them out of the object file.
.set .Lxtw_sp, 1
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
.set .Lxtw_a\n, \n
.endr

.macro entry as, imm
    .if (\imm) & 7 || (\imm) < 0 || (\imm) > 32760
    .error "entry: frame size out of range"
    .endif
    .byte 0x36, .Lxtw_\as | ((\imm) >> 3 & 15) << 4, (\imm) >> 7
.endm

.macro callx4 as
    .byte 0xd0, .Lxtw_\as, 0x00
.endm

.macro callx8 as
    .byte 0xe0, .Lxtw_\as, 0x00
.endm

.macro callx12 as
    .byte 0xf0, .Lxtw_\as, 0x00
.endm

// A direct call becomes a load of the address and an indirect call, as with
// -mlongcalls. The register is free: the call puts the return address there.
.macro call4 target
    movi a4, \target
    callx4 a4
.endm

.macro call8 target
    movi a8, \target
    callx8 a8
.endm

.macro call12 target
    movi a12, \target
    callx12 a12
.endm

.macro retw
    .byte 0x90, 0x00, 0x00
.endm

.macro retw.n
    .byte 0x1d, 0xf0
.endm

.macro movsp at, as
    .byte .Lxtw_\at << 4, 0x10 | .Lxtw_\as, 0x00
.endm
