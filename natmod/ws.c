#include "ws.h"

#if defined(__x86_64__) || defined(__i386__)
typedef uint32_t __attribute__((may_alias, aligned(1))) ws_word_t;
#define ALIGNED 1 // as good as: words may lie anywhere
#else
typedef uint32_t __attribute__((may_alias)) ws_word_t;
#define ALIGNED 0
#endif

AIOWEB_FN int ws_parse_header(const uint8_t *buf, size_t n, unsigned expect, ws_header_t *h) {
    if (n == 0) {
        return 0;
    }
    uint32_t first = buf[0];
    uint32_t opcode = first & WS_OPCODE;
    // 5.2: 3-7 and 11-15 are reserved, as are bits that nothing was negotiated
    // for; 5.5: a control frame is whole, and RFC 7692 compresses none
    if ((opcode & 7) > 2 || first & WS_RSV & ~expect
        || (opcode & WS_CONTROL && (first & (WS_FIN | WS_RSV)) != WS_FIN)) {
        return -1002;
    }
    if (n == 1) {
        return 0;
    }
    uint32_t length = buf[1] & 0x7f;
    if ((buf[1] ^ expect) & WS_MASKED || (opcode & WS_CONTROL && length > 125)) {
        return -1002;
    }
    size_t at = 2;
    if (length >= 126) {
        uint32_t least = length == 126 ? 126 : 0x10000;
        size_t end = length == 126 ? 4 : 10;
        if (n < end) {
            return 0;
        }
        uint32_t high = 0;
        length = 0;
        do {
            high = high << 8 | length >> 24;
            length = length << 8 | buf[at];
        } while (++at < end);
        // 5.2: the shortest form that holds the length, and no top bit
        if (high >> 31 || (high == 0 && length < least)) {
            return -1002;
        }
        if (high || length > WS_LENGTH_MAX) {
            return -1009;
        }
    }
    h->first = first;
    h->length = length;
    if (expect & WS_MASKED) {
        at += 4;
    }
    return at <= n ? (int)at : 0;
}

AIOWEB_FN int ws_build_header(uint8_t *out, unsigned first, uint32_t length, const uint8_t *key) {
    uint8_t *p = out;
    uint32_t mask_bit = key ? WS_MASKED : 0;
    int more = length < 126 ? 0 : length < 0x10000 ? 2 : 8; // bytes of the length
    *p++ = (uint8_t)first;
    *p++ = (uint8_t)(mask_bit | (more == 0 ? length : more == 2 ? 126 : 127));
    while (more > 0) {
        more--;
        *p++ = more < 4 ? (uint8_t)(length >> more * 8) : 0;
    }
    if (key) {
        for (int i = 0; i < 4; i++) {
            *p++ = key[i];
        }
    }
    return (int)(p - out);
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the key's first byte must be a word's lowest"
#endif

// The key for the bytes that follow n bytes more.
static inline uint32_t turn(uint32_t key, uint32_t n) {
    return key >> (n * 8 & 31) | key << (-n * 8 & 31);
}

AIOWEB_FN void ws_mask(uint8_t *p, size_t n, const uint8_t *key, uint32_t offset) {
    uint8_t *end = p + n;
    uint32_t word = turn(key[0] | key[1] << 8 | key[2] << 16 | (uint32_t)key[3] << 24, offset);
    // bytes up to a word's start: an unaligned access faults on a Cortex-M0
    for (; !ALIGNED && p < end && (uintptr_t)p & 3; word = turn(word, 1)) {
        *p++ ^= (uint8_t)word;
    }
    ws_word_t *w = (ws_word_t *)(void *)p;
    for (const ws_word_t *stop = w + ((end - p) >> 2 & ~3); w != stop; w += 4) {
        w[0] ^= word;
        w[1] ^= word;
        w[2] ^= word;
        w[3] ^= word;
    }
    for (; end - (uint8_t *)w >= 4; w++) {
        *w ^= word;
    }
    // whole words leave the key where it was
    for (p = (uint8_t *)w; p < end; word >>= 8) {
        *p++ ^= (uint8_t)word;
    }
}
