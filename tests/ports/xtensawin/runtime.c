// What the compiler calls for division, 64-bit products and floats.
// Part of micropython-aioweb; MIT licence.
//
// The lx106 compiler's own library has the other ABI, and leaves out what the
// ESP8266 has in ROM. Floats are IEEE single precision, rounded to nearest
// even; doubles are only converted, for struct and printf.

#include <stdint.h>

#define SIGN (0x80000000)
#define INF (0x7f800000)
#define NAN (0x7fc00000)

static uint32_t divide(uint32_t n, uint32_t d, uint32_t *rem) {
    uint32_t q = 0;
    if (d != 0 && n >= d) {
        int shift = __builtin_clz(d) - __builtin_clz(n);
        d <<= shift;
        for (; shift >= 0; shift--, d >>= 1) {
            q <<= 1;
            if (n >= d) {
                n -= d;
                q |= 1;
            }
        }
    }
    *rem = n;
    return q;
}

uint32_t __udivsi3(uint32_t n, uint32_t d) {
    uint32_t rem;
    return divide(n, d, &rem);
}

uint32_t __umodsi3(uint32_t n, uint32_t d) {
    uint32_t rem;
    divide(n, d, &rem);
    return rem;
}

static uint32_t magnitude(int32_t x) {
    return x < 0 ? -(uint32_t)x : x;
}

int32_t __divsi3(int32_t n, int32_t d) {
    uint32_t rem, q = divide(magnitude(n), magnitude(d), &rem);
    return (n ^ d) < 0 ? -q : q;
}

int32_t __modsi3(int32_t n, int32_t d) {
    uint32_t rem;
    divide(magnitude(n), magnitude(d), &rem);
    return n < 0 ? -rem : rem;
}

uint64_t __muldi3(uint64_t a, uint64_t b) {
    uint32_t al = a & 0xffff, ah = (uint32_t)a >> 16;
    uint32_t bl = b & 0xffff, bh = (uint32_t)b >> 16;
    uint32_t mid = ah * bl + (al * bl >> 16); // can't overflow
    uint32_t mid2 = al * bh + (mid & 0xffff); // nor can this
    uint32_t high = ah * bh + (mid >> 16) + (mid2 >> 16);
    high += (uint32_t)(a >> 32) * (uint32_t)b + (uint32_t)a * (uint32_t)(b >> 32);
    return (uint64_t)high << 32 | mid2 << 16 | (al * bl & 0xffff);
}

uint64_t __udivdi3(uint64_t n, uint64_t d) {
    if ((n | d) >> 32 == 0) {
        return __udivsi3(n, d);
    }
    uint64_t q = 0, rem = 0;
    for (int i = 0; i < 64; i++) {
        uint32_t carry = rem >> 63;
        rem = rem << 1 | n >> 63;
        n <<= 1;
        q <<= 1;
        if (carry || rem >= d) {
            rem -= d;
            q |= 1;
        }
    }
    return q;
}

/******************************************************************************/
// Single precision. Values are passed as their bits, which is the ABI here.

static int is_nan(uint32_t a) {
    return a << 1 > INF << 1;
}

static int is_inf(uint32_t a) {
    return a << 1 == INF << 1;
}

// Bits that fall off at the right stay as the lowest bit, to round by.
static uint32_t shift_right(uint32_t sig, int n) {
    if (n > 31) {
        return sig != 0;
    }
    return sig >> n | (n > 0 && sig << (32 - n) != 0);
}

// Splits a finite number other than 0: its mantissa gets bit 23 as the highest,
// and the exponent of a subnormal number becomes 0 or negative.
static uint32_t unpack(uint32_t a, int *exp) {
    uint32_t sig = a & 0x7fffff;
    *exp = a >> 23 & 0xff;
    if (*exp != 0) {
        return sig | 0x800000;
    }
    int shift = __builtin_clz(sig) - 8;
    *exp = 1 - shift;
    return sig << shift;
}

// The float nearest to sig * 2**(exp - 157): exp is the exponent to store if
// bit 30 is the highest in sig.
static uint32_t pack(uint32_t sign, int exp, uint32_t sig) {
    if (sig == 0) {
        return sign;
    }
    int shift = __builtin_clz(sig) - 1;
    sig = shift < 0 ? shift_right(sig, 1) : sig << shift;
    exp -= shift;
    if (exp >= 255) {
        return sign | INF;
    }
    if (exp <= 0) {
        sig = shift_right(sig, 1 - exp);
        exp = 1;
    }
    uint32_t rest = sig & 0x7f;
    sig = (sig + 0x40) >> 7;
    if (rest == 0x40) {
        sig &= ~1;
    }
    // The highest bit of sig, or a carry, counts the exponent up.
    return sign | (((exp - 1) << 23) + sig);
}

uint32_t __addsf3(uint32_t a, uint32_t b) {
    if (a << 1 < b << 1) {
        uint32_t t = a;
        a = b;
        b = t;
    }
    // a has the larger magnitude now, and is a NaN if either is.
    uint32_t sign = a & SIGN;
    int subtract = (a ^ b) >> 31;
    if (is_nan(a) || (is_inf(b) && subtract)) {
        return NAN;
    }
    if (is_inf(a) || b << 1 == 0) {
        return a << 1 == 0 ? a & b : a;
    }
    int exp_a, exp_b;
    uint32_t sig_a = unpack(a, &exp_a) << 7;
    uint32_t sig_b = unpack(b, &exp_b) << 7;
    sig_b = shift_right(sig_b, exp_a - exp_b);
    uint32_t sum = subtract ? sig_a - sig_b : sig_a + sig_b;
    return sum == 0 ? 0 : pack(sign, exp_a, sum);
}

uint32_t __subsf3(uint32_t a, uint32_t b) {
    return __addsf3(a, b ^ SIGN);
}

uint32_t __mulsf3(uint32_t a, uint32_t b) {
    uint32_t sign = (a ^ b) & SIGN;
    int zero = a << 1 == 0 || b << 1 == 0;
    int inf = is_inf(a) || is_inf(b);
    if (is_nan(a) || is_nan(b) || (zero && inf)) {
        return NAN;
    }
    if (zero || inf) {
        return inf ? sign | INF : sign;
    }
    int exp_a, exp_b;
    uint32_t sig_a = unpack(a, &exp_a);
    uint64_t product = __muldi3(sig_a, unpack(b, &exp_b));
    uint32_t sig = product >> 16;
    return pack(sign, exp_a + exp_b - 127, sig | ((product & 0xffff) != 0));
}

uint32_t __divsf3(uint32_t a, uint32_t b) {
    uint32_t sign = (a ^ b) & SIGN;
    int zero_a = a << 1 == 0, zero_b = b << 1 == 0;
    if (is_nan(a) || is_nan(b) || (zero_a && zero_b) || (is_inf(a) && is_inf(b))) {
        return NAN;
    }
    if (is_inf(a) || zero_b) {
        return sign | INF;
    }
    if (zero_a || is_inf(b)) {
        return sign;
    }
    int exp_a, exp_b;
    uint32_t rem = unpack(a, &exp_a);
    uint32_t d = unpack(b, &exp_b);
    if (rem < d) {
        rem <<= 1;
        exp_a -= 1;
    }
    uint32_t q = 0;
    for (int i = 0; i < 31; i++, rem <<= 1) {
        q <<= 1;
        if (rem >= d) {
            rem -= d;
            q |= 1;
        }
    }
    return pack(sign, exp_a - exp_b + 127, q | (rem != 0));
}

int __unordsf2(uint32_t a, uint32_t b) {
    return is_nan(a) || is_nan(b);
}

static int compare(uint32_t a, uint32_t b, int unordered) {
    if (__unordsf2(a, b)) {
        return unordered;
    }
    int32_t x = a & SIGN ? SIGN - a : a;
    int32_t y = b & SIGN ? SIGN - b : b;
    return (x > y) - (x < y);
}

// Each is compared with 0 by its operator; a NaN must make that false, for
// __nesf2 true.
int __ltsf2(uint32_t a, uint32_t b) {
    return compare(a, b, 1);
}
int __lesf2(uint32_t a, uint32_t b) __attribute__((alias("__ltsf2")));
int __eqsf2(uint32_t a, uint32_t b) __attribute__((alias("__ltsf2")));
int __nesf2(uint32_t a, uint32_t b) __attribute__((alias("__ltsf2")));

int __gtsf2(uint32_t a, uint32_t b) {
    return compare(a, b, -1);
}
int __gesf2(uint32_t a, uint32_t b) __attribute__((alias("__gtsf2")));

uint32_t __fixunssfsi(uint32_t a) {
    int exp = a >> 23 & 0xff;
    uint32_t sig = (a << 8) | SIGN;
    if (a & SIGN || exp < 127) {
        return 0;
    }
    return exp > 158 ? 0xffffffff : sig >> (158 - exp);
}

int32_t __fixsfsi(uint32_t a) {
    uint32_t x = __fixunssfsi(a & ~SIGN);
    if (a & SIGN) {
        return x > SIGN ? SIGN : -x;
    }
    return x >= SIGN ? SIGN - 1 : x;
}

uint32_t __floatunsisf(uint32_t x) {
    return pack(0, 157, x);
}

uint32_t __floatsisf(int32_t x) {
    return pack(x & SIGN, 157, magnitude(x));
}

/******************************************************************************/
// Conversions of double precision.

uint64_t __extendsfdf2(uint32_t a) {
    uint64_t sign = (uint64_t)(a & SIGN) << 32;
    int exp;
    if (a << 1 == 0) {
        return sign;
    }
    if (is_nan(a) || is_inf(a)) {
        return sign | 0x7ffULL << 52 | (uint64_t)(a & 0x7fffff) << 29;
    }
    uint32_t sig = unpack(a, &exp);
    return sign | (uint64_t)(exp + 896) << 52 | (uint64_t)(sig & 0x7fffff) << 29;
}

uint32_t __truncdfsf2(uint64_t a) {
    uint32_t sign = (uint32_t)(a >> 32) & SIGN;
    int exp = a >> 52 & 0x7ff;
    uint64_t sig = a & 0xfffffffffffffULL;
    if (exp == 0x7ff) {
        return sig != 0 ? NAN : sign | INF;
    }
    if (exp != 0) {
        sig |= 1ULL << 52;
    }
    return pack(sign, exp - 896, (uint32_t)(sig >> 22) | ((sig & 0x3fffff) != 0));
}

uint64_t __floatsidf(int32_t x) {
    uint32_t sig = magnitude(x);
    if (sig == 0) {
        return 0;
    }
    int zeros = __builtin_clz(sig);
    uint64_t sign = (uint64_t)((uint32_t)x & SIGN) << 32;
    // Adding the highest bit of the mantissa counts the exponent up.
    return sign | (((uint64_t)(1023 + 30 - zeros) << 52) + ((uint64_t)(sig << zeros) << 21));
}
