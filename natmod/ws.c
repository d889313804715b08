#include "ws.h"

typedef uint32_t __attribute__((may_alias)) ws_word_t;

AIOWEB_FN int ws_parse_header(
    const uint8_t *buf, size_t n, int masked, unsigned rsv, ws_header_t *h) {
    if (n == 0) {
        return 0;
    }
    uint32_t first = buf[0];
    uint32_t opcode = first & WS_OPCODE;
    // 5.2: 3-7 and 11-15 are reserved, as are bits that nothing was negotiated
    // for; 5.5: a control frame is whole, and RFC 7692 compresses none
    if ((opcode & 7) > 2 || first & WS_RSV & ~rsv
        || (opcode & WS_CONTROL && (first & (WS_FIN | WS_RSV)) != WS_FIN)) {
        return -1002;
    }
    if (n == 1) {
        return 0;
    }
    uint32_t length = buf[1] & 0x7f;
    if (!(buf[1] & WS_MASKED) != !masked || (opcode & WS_CONTROL && length > 125)) {
        return -1002;
    }
    size_t at = 2;
    if (length >= 126) {
        size_t bytes = length == 126 ? 2 : 8;
        if (n < 2 + bytes) {
            return 0;
        }
        uint32_t high = 0;
        length = 0;
        for (; at < 2 + bytes; at++) {
            high = high << 8 | length >> 24;
            length = length << 8 | buf[at];
        }
        // 5.2: the shortest form that holds the length, and no top bit
        if (high >> 31 || (high == 0 && length < (bytes == 2 ? 126 : 0x10000))) {
            return -1002;
        }
        if (high || length > WS_LENGTH_MAX) {
            return -1009;
        }
    }
    h->first = first;
    h->length = length;
    h->key = 0;
    if (masked) {
        h->key = at;
        at += 4;
    }
    return at <= n ? (int)at : 0;
}

AIOWEB_FN int ws_build_header(uint8_t *out, unsigned first, uint32_t length, const uint8_t *key) {
    uint8_t *p = out;
    uint32_t mask_bit = key ? WS_MASKED : 0;
    *p++ = first;
    if (length < 126) {
        *p++ = mask_bit | length;
    } else {
        if (length < 0x10000) {
            *p++ = mask_bit | 126;
        } else {
            *p++ = mask_bit | 127;
            for (int i = 0; i < 4; i++) {
                *p++ = 0;
            }
            *p++ = length >> 24;
            *p++ = length >> 16;
        }
        *p++ = length >> 8;
        *p++ = length;
    }
    if (key) {
        for (int i = 0; i < 4; i++) {
            *p++ = key[i];
        }
    }
    return p - out;
}

AIOWEB_FN void ws_mask(uint8_t *p, size_t n, const uint8_t *key, uint32_t offset) {
    uint8_t *end = p + n;
    // bytes up to a word's start: an unaligned access faults on a Cortex-M0
    while (p < end && (uintptr_t)p & 3) {
        *p++ ^= key[offset++ & 3];
    }
    // the key as it lies in memory from here on, whatever the byte order
    union {
        uint8_t bytes[4];
        uint32_t word;
    } k;
    for (int i = 0; i < 4; i++) {
        k.bytes[i] = key[(offset + i) & 3];
    }
    uint32_t word = k.word;
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
    for (p = (uint8_t *)w; p < end; p++) {
        *p ^= key[offset++ & 3];
    }
}
