// The two system calls that cost.c and anchor.c need, on every architecture.
#ifndef AIOWEB_COST_SYSTEM_H
#define AIOWEB_COST_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

// An open() of an empty path: the plugin logs the count before it.
static void mark(void) {
#if defined(__thumb__)
    register int r7 __asm__("r7") = 5;
    register const char *r0 __asm__("r0") = "";
    register int r1 __asm__("r1") = 0;
    __asm__ volatile("svc 0" : "+r"(r0) : "r"(r7), "r"(r1) : "memory");
#elif defined(__riscv)
    register int a7 __asm__("a7") = 56;
    register int a0 __asm__("a0") = -100;
    register const char *a1 __asm__("a1") = "";
    register int a2 __asm__("a2") = 0;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
#elif defined(__xtensa__)
    register int a2 __asm__("a2") = 8;
    register const char *a6 __asm__("a6") = "";
    register int a3 __asm__("a3") = 0;
    __asm__ volatile("syscall" : "+r"(a2) : "r"(a6), "r"(a3) : "memory");
#elif defined(__x86_64__)
    long rax = 2;
    __asm__ volatile("syscall" : "+a"(rax) : "D"(""), "S"(0L) : "rcx", "r11", "memory");
#elif defined(__i386__)
    int eax = 5;
    __asm__ volatile("int $0x80" : "+a"(eax) : "b"(""), "c"(0) : "memory");
#else
#error "no system call for this architecture"
#endif
}

static void leave(void) {
#if defined(__thumb__)
    register int r7 __asm__("r7") = 1;
    register int r0 __asm__("r0") = 0;
    __asm__ volatile("svc 0" : : "r"(r7), "r"(r0));
#elif defined(__riscv)
    register int a7 __asm__("a7") = 93;
    register int a0 __asm__("a0") = 0;
    __asm__ volatile("ecall" : : "r"(a7), "r"(a0));
#elif defined(__xtensa__)
    register int a2 __asm__("a2") = 118;
    register int a6 __asm__("a6") = 0;
    __asm__ volatile("syscall" : : "r"(a2), "r"(a6));
#elif defined(__x86_64__)
    __asm__ volatile("syscall" : : "a"(60), "D"(0));
#elif defined(__i386__)
    __asm__ volatile("int $0x80" : : "a"(1), "b"(0));
#endif
}

#endif
