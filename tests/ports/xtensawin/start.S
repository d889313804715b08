// Start-up, windows of registers, setjmp and longjmp.
// Part of micropython-aioweb; MIT licence.
//
// A frame's a0..a3 are saved in the 16 bytes below the sp of the function it
// called, and its a4..a7 in the 16 bytes below those at its own caller's sp.

    .macro copy4 dst, doff, src, soff
    .irp n, 0, 4, 8, 12
    l32i    a7, \src, \soff + \n
    s32i    a7, \dst, \doff + \n
    .endr
    .endm

    .macro function name
    .section .text.\name, "ax"
    .literal_position
    .align  4
    .global \name
    .type   \name, @function
\name:
    .endm

// Linux enters with sp at argc, argv and the environment. A return address of
// 0 tells the register windows, and debuggers, that there is no caller.
    function _start
    movi    a0, 0
    mov     a6, sp
    call4   port_main

// void window_spill(int n): takes n more windows, which makes the hardware
// save those of the callers. 15 are enough for a core with 64 registers.
    function window_spill
    entry   sp, 16
    beqz    a2, 1f
    addi    a6, a2, -1
    call4   window_spill
1:  retw

// void *window_spill_all(void): saves the registers of all callers to the
// stack and returns the lowest address where they can be.
    function window_spill_all
    entry   sp, 16
    movi    a6, 15
    call4   window_spill
    addi    a2, sp, -16
    retw

// int setjmp(jmp_buf): keeps, of the caller, a0..a3 (word 0) and a4..a7
// (word 4), what lies below its sp (word 8: alloca moves it), and where to
// return to (word 12). Calls come as call8, the only kind that GCC makes.
    function setjmp
    entry   sp, 16
    movi    a6, 15
    call4   window_spill
    addi    a3, sp, -16
    copy4   a2, 0, a3, 0
    l32i    a3, a3, 4
    addi    a3, a3, -16
    copy4   a2, 32, a3, 0
    l32i    a3, a3, 4
    addi    a3, a3, -32
    copy4   a2, 16, a3, 0
    s32i    a0, a2, 48
    movi    a2, 0
    retw

// void longjmp(jmp_buf, int): with all windows saved, retw loads the caller's
// registers from memory; so put those of setjmp's caller there.
    function longjmp
    entry   sp, 16
    movi    a6, 15
    call4   window_spill
    addi    a4, sp, -16
    copy4   a4, 0, a2, 0
    l32i    a4, a2, 4
    addi    a4, a4, -16
    copy4   a4, 0, a2, 32
    l32i    a4, a2, 36
    addi    a4, a4, -32
    copy4   a4, 0, a2, 16
    l32i    a0, a2, 48
    movi    a2, 1
    movnez  a2, a3, a3
    retw
