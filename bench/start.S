// Enters cost_main on an empty stack of the kernel's making.
    .global _start
_start:
#if defined(__thumb__)
    .thumb_func
    .type _start, %function
    bl cost_main
#elif defined(__riscv)
    call cost_main
#elif defined(__xtensa__)
    .literal_position
    movi a0, 0
    movi a4, cost_main
    callx4 a4
#elif defined(__x86_64__) || defined(__i386__)
    call cost_main
#endif
