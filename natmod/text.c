#include "text.h"

typedef uint32_t __attribute__((may_alias)) text_word_t;

// The value of a hex digit, or -1. Not inline, for fewer bytes.
__attribute__((noinline)) static int hex_value(uint32_t c) {
    if (c - '0' < 10) {
        return (int)(c - '0');
    }
    c = (c | 0x20) - 'a';
    return c < 6 ? (int)c + 10 : -1;
}

AIOWEB_FN int text_unquote(const uint8_t *src, size_t n, uint8_t *dst, unsigned mode) {
    const uint8_t *end = src + n;
    uint8_t *out = dst;
    while (src < end) {
        uint32_t c = *src++;
        if (c == '%') {
            int hi = end - src >= 2 ? hex_value(src[0]) : -1;
            int lo = hi >= 0 ? hex_value(src[1]) : -1;
            if (lo >= 0) {
                c = (uint32_t)(hi << 4 | lo);
                src += 2;
            }
            if (mode & TEXT_STRICT && (lo < 0 || c == 0)) {
                return -1;
            }
        } else if (c == '+' && mode & TEXT_PLUS) {
            c = ' ';
        }
        *out++ = (uint8_t)c;
    }
    return (int)(out - dst);
}

// Within a character, state holds how many bytes are still due in bits 0-1, the
// least value of the next one in bits 8-15 and how far above that it may be in bits
// 16-23 (RFC 3629 4).
AIOWEB_FN int32_t text_utf8(const uint8_t *p, size_t n, int32_t state) {
    const uint8_t *end = p + n;
    uintptr_t last = n >= 8 ? (uintptr_t)end - 8 : 0; // where eight bytes may start
    while (p < end) {
        uint32_t c = *p++;
        if (state) {
            if (state < 0 || c - (state >> 8 & 0xff) > (uint32_t)state >> 16) {
                return -1;
            }
            state = (state & 3) - 1;
            if (state) {
                state |= 0x3f8000; // 80..BF
            }
        } else if (c < 0x80) {
            // eight ASCII bytes a turn, by words where p is aligned
            if (((uintptr_t)p & 3) == 0) {
                const text_word_t *w = (const text_word_t *)(const void *)p;
                while ((uintptr_t)w <= last && ((w[0] | w[1]) & 0x80808080) == 0) {
                    w += 2;
                }
                p = (const uint8_t *)w;
            }
        } else if (c - 0xc2 < 0x33) {
            state = 0x3f8001 + (c >= 0xe0) + (c >= 0xf0);
            if (c == 0xe0) {
                state += 0x2000 - 0x200000; // overlong below A0
            } else if (c == 0xed) {
                state -= 0x200000; // surrogates above 9F
            } else if (c == 0xf0) {
                state += 0x1000 - 0x100000; // overlong below 90
            } else if (c == 0xf4) {
                state -= 0x300000; // over U+10FFFF above 8F
            }
        } else {
            return -1;
        }
    }
    return state;
}

AIOWEB_FN size_t text_from_latin1(const uint8_t *src, size_t n, uint8_t *dst) {
    uint8_t *out = dst;
    while (n--) {
        uint32_t c = *src++;
        if (c >= 0x80) {
            *out++ = (uint8_t)(0xc0 | c >> 6);
            c = 0x80 | (c & 0x3f);
        }
        *out++ = (uint8_t)c;
    }
    return (size_t)(out - dst);
}
