// Tests of the port's assembly and of the compiler's run-time functions: what
// they get wrong, tests in Python seldom notice.
// Part of micropython-aioweb; MIT licence.

#include <alloca.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "syscalls.h"

#define NOINLINE __attribute__((noinline))
#define CHECK(cond) check(cond, #cond, __LINE__)

static uintptr_t *stack_top;
static int failures;
// Hides values from the optimiser.
static volatile uint32_t zero = 0;

static void print(const char *str) {
    write(STDOUT_FILENO, str, strlen(str));
}

static void print_int(unsigned int n) {
    char buf[11];
    char *p = buf + sizeof(buf) - 1;
    *p = '\0';
    do {
        *--p = '0' + n % 10;
        n /= 10;
    } while (n != 0);
    print(p);
}

static NOINLINE void check(int ok, const char *what, int line) {
    if (!ok) {
        print("FAIL line ");
        print_int(line);
        print(": ");
        print(what);
        print("\n");
        failures += 1;
    }
}

// Each level keeps values in registers across the call below it.
static NOINLINE uint32_t recurse(uint32_t depth, void (*leaf)(void)) {
    if (depth == 0) {
        if (leaf != NULL) {
            leaf();
        }
        return 1;
    }
    uint32_t a = depth * 3 + zero, b = depth ^ 0x55aa, c = ~depth;
    uint32_t below = recurse(depth - 1, leaf);
    return below + a + (b ^ 0x55aa) + ~c;
}

static uint32_t recurse_result(uint32_t depth) {
    return 1 + 5 * (depth * (depth + 1) / 2);
}

static void spill(void) {
    window_spill_all();
}

static void test_recursion(void) {
    for (uint32_t depth = 0; depth < 40; depth++) {
        CHECK(recurse(depth, NULL) == recurse_result(depth));
        CHECK(recurse(depth, spill) == recurse_result(depth));
    }
    CHECK(recurse(5000, NULL) == recurse_result(5000));
}

// The registers of a caller stay out of its save area until the calls below it
// have used up the physical registers: 8 at each level, and 8 more that are in
// use at the comparison.
static NOINLINE int windows_until_spill(volatile uintptr_t *save_area, int depth) {
    if (*save_area != 0x5a5a5a5a || depth > 40) {
        return depth;
    }
    return windows_until_spill(save_area, depth + 1) + zero;
}

static NOINLINE int count_registers(void) {
    volatile uintptr_t *save_area = (uintptr_t *)__builtin_frame_address(0) - 4;
    *save_area = 0x5a5a5a5a;
    return 8 * (windows_until_spill(save_area, 0) + 3);
}

/******************************************************************************/
// setjmp and longjmp.

static jmp_buf env;

static __attribute__((used)) void jump(void) {
    longjmp(env, 7);
}

static NOINLINE int jump_from(uint32_t depth) {
    uint32_t a = depth + 1, b = depth + 2, c = depth + 3, d = depth + 4;
    int ret = setjmp(env);
    if (ret == 0) {
        recurse(depth, jump);
        return -1;
    }
    return ret == 7 && a == depth + 1 && b == depth + 2 && c == depth + 3 && d == depth + 4;
}

// alloca moves sp, and with it the place of the caller's registers.
static NOINLINE int jump_over_alloca(uint32_t size) {
    volatile int count = 0;
    int ret = setjmp(env);
    if (count < 3) {
        count += 1;
        char *buf = alloca(size * count);
        memset(buf, 0xee, size * count);
        recurse(count, jump);
    }
    return ret + count;
}

// A jump out of many frames, again and again, each from a deeper one.
static NOINLINE uint32_t jump_nested(uint32_t depth) {
    jmp_buf saved;
    memcpy(saved, env, sizeof(env));
    uint32_t result;
    if (depth == 0) {
        result = 0;
    } else if (setjmp(env) == 0) {
        recurse(depth, jump);
        result = 1000000;
    } else {
        result = jump_nested(depth - 1) + depth;
    }
    memcpy(env, saved, sizeof(env));
    return result;
}

// GCC trusts no register across setjmp; this does.
static NOINLINE uint32_t jump_with_registers(void) {
    uint32_t result;
    __asm__ volatile (
        "movi a4, 1\n movi a5, 20\n movi a6, 300\n movi a7, 1000\n"
        "mov a10, %1\n"
        "call8 setjmp\n"
        "bnez a10, 1f\n"
        "movi a4, 7\n movi a5, 7\n movi a6, 7\n movi a7, 7\n"
        "call8 jump\n"
        "1: add a4, a4, a5\n add a6, a6, a7\n add %0, a4, a6\n"
        : "=r" (result) : "r" (env)
        : "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15", "memory");
    return result;
}

static void test_setjmp(void) {
    CHECK(jump_with_registers() == 1321);
    for (uint32_t depth = 0; depth < 40; depth++) {
        CHECK(jump_from(depth) == 1);
        CHECK(jump_over_alloca(16 * depth + 16) == 7 + 3);
        CHECK(recurse(depth, NULL) == recurse_result(depth));
    }
    CHECK(jump_nested(30) == 30 * 31 / 2);
    if (setjmp(env) == 0) {
        longjmp(env, 0);
    }
}

/******************************************************************************/
// Values in any caller's registers must be found in the range that is scanned.

#define MARK(n) (0x7ea50000 + (n))

static uint32_t marks_missing;
static uint32_t marks;

// Takes a number, and hides the sum: this must not be what is found.
static NOINLINE int mark_on_stack(uintptr_t n) {
    uintptr_t *lowest = window_spill_all();
    for (uintptr_t *p = lowest; p < stack_top; p++) {
        uintptr_t value = *p ^ MARK(0);
        __asm__ volatile ("" : "+r" (value));
        if (value == n) {
            return 1;
        }
    }
    return 0;
}

static NOINLINE void clear_stack(void) {
    volatile char buf[16384];
    for (unsigned int i = 0; i < sizeof(buf); i++) {
        buf[i] = 0;
    }
}

// The two values live in registers of this frame during the call.
static NOINLINE uint32_t hold_marks(uint32_t depth) {
    uint32_t a = MARK(2 * depth - 1) + zero, b = MARK(2 * depth) + zero;
    __asm__ volatile ("" : "+r" (a), "+r" (b));
    uint32_t below = 0;
    if (depth > 1) {
        below = hold_marks(depth - 1);
    } else {
        for (uint32_t i = 1; i <= marks; i++) {
            marks_missing += !mark_on_stack(i);
        }
    }
    __asm__ volatile ("" : "+r" (a), "+r" (b));
    return below + (a - MARK(0)) + (b - MARK(0));
}

static void test_gc_range(void) {
    for (uint32_t depth = 1; depth < 20; depth++) {
        marks = 2 * depth;
        clear_stack();
        CHECK(hold_marks(depth) == marks * (marks + 1) / 2);
    }
    CHECK(marks_missing == 0);
    CHECK(!mark_on_stack(marks + 1));
}

/******************************************************************************/

static float as_float(uint32_t bits) {
    union { uint32_t u; float f; } x = { bits + zero };
    return x.f;
}

static uint32_t as_bits(float f) {
    union { float f; uint32_t u; } x = { f };
    return x.u;
}

static void test_runtime(void) {
    uint32_t z = zero;
    CHECK((z + 0xffffffff) / (z + 10) == 429496729 && (z + 0xffffffff) % (z + 10) == 5);
    CHECK((int)(z - 7) / (int)(z + 2) == -3 && (int)(z - 7) % (int)(z + 2) == -1);
    CHECK((int)(z + 7) / (int)(z - 2) == -3 && (int)(z + 7) % (int)(z - 2) == 1);
    CHECK((int)(z + 0x80000000) / (int)(z + 1) == (int)0x80000000);
    uint64_t big = (uint64_t)(z + 0xfedcba98) << 32 | 0x76543210;
    CHECK(big * (z + 0x123456789ULL) == 0xcccccccce1833a90);
    CHECK(big / (z + 0x123456789ULL) == 0xe0000000 && big / (z + 3) == 0x54f43e32d21c10b0);

    // Operands and results as bits, from a host's IEEE arithmetic: ordinary,
    // halfway cases, subnormal numbers, overflow.
    static const uint32_t sums[][3] = {
        { 0x3dcccccd, 0x3e4ccccd, 0x3e99999a }, { 0x4b800000, 0x3f800000, 0x4b800000 },
        { 0x4b800000, 0x40400000, 0x4b800002 }, { 0x3f800000, 0xbf7fffff, 0x33800000 },
        { 0x00800000, 0x80000001, 0x007fffff }, { 0x7f7fffff, 0x7f7fffff, 0x7f800000 },
        { 0x80000000, 0x80000000, 0x80000000 }, { 0x3f800000, 0xbf800000, 0x00000000 },
    };
    static const uint32_t products[][3] = {
        { 0x3dcccccd, 0x3e4ccccd, 0x3ca3d70b }, { 0x00800000, 0x3f000000, 0x00400000 },
        { 0x00000003, 0x3f000000, 0x00000002 }, { 0x7f000000, 0xc0800000, 0xff800000 },
        { 0x3f800001, 0x3f800001, 0x3f800002 }, { 0x80000000, 0x40000000, 0x80000000 },
    };
    static const uint32_t quotients[][3] = {
        { 0x3f800000, 0x40400000, 0x3eaaaaab }, { 0x40e00000, 0x41200000, 0x3f333333 },
        { 0x00800000, 0x40400000, 0x002aaaab }, { 0x3f800000, 0x00000000, 0x7f800000 },
        { 0x00000001, 0x00000003, 0x3eaaaaab }, { 0xff7fffff, 0x3f000000, 0xff800000 },
    };
    for (unsigned int i = 0; i < sizeof(sums) / sizeof(*sums); i++) {
        CHECK(as_bits(as_float(sums[i][0]) + as_float(sums[i][1])) == sums[i][2]);
    }
    for (unsigned int i = 0; i < sizeof(products) / sizeof(*products); i++) {
        CHECK(as_bits(as_float(products[i][0]) * as_float(products[i][1])) == products[i][2]);
    }
    for (unsigned int i = 0; i < sizeof(quotients) / sizeof(*quotients); i++) {
        CHECK(as_bits(as_float(quotients[i][0]) / as_float(quotients[i][1])) == quotients[i][2]);
    }
    float nan = as_float(0x7fc00000), one = as_float(0x3f800000), minus = as_float(0xc0000000);
    CHECK(!(nan < one) && !(nan > one) && !(nan <= one) && !(nan >= one) && nan != nan);
    CHECK(minus < one && one >= minus && as_float(0x80000000) == as_float(0));
    CHECK((int)minus == -2 && (unsigned int)as_float(0x4f7fffff) == 0xffffff00);
    CHECK((float)(int)(z - 16777217) == as_float(0xcb800000));
    CHECK((float)(z + 0xffffffff) == as_float(0x4f800000));
    CHECK((float)(double)as_float(0x00000001) == as_float(0x00000001));
}

void port_main(uintptr_t *sp) {
    stack_top = sp;
    print("physical registers: ");
    print_int(count_registers());
    print("\n");
    test_recursion();
    test_setjmp();
    test_gc_range();
    test_runtime();
    print(failures == 0 ? "selftest: pass\n" : "selftest: FAIL\n");
    _exit(failures != 0);
}
