// SHA-1, RFC 3174.
#include <string.h>

#include "lib/axtls/crypto/crypto.h"

static uint32_t rotated(uint32_t x, int n) {
    return x << n | x >> (32 - n);
}

static void take_block(SHA1_CTX *s) {
    uint32_t w[80];
    for (int i = 0; i < 16; i++) {
        const uint8_t *p = s->block + 4 * i;
        w[i] = (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
    }
    for (int i = 16; i < 80; i++) {
        w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    uint32_t a = s->state[0], b = s->state[1], c = s->state[2], d = s->state[3], e = s->state[4];
    for (int i = 0; i < 80; i++) {
        uint32_t f = i < 20 ? ((b & c) | (~b & d)) + 0x5a827999
            : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
            : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
            : (b ^ c ^ d) + 0xca62c1d6;
        f += rotated(a, 5) + e + w[i];
        e = d;
        d = c;
        c = rotated(b, 30);
        b = a;
        a = f;
    }
    s->state[0] += a;
    s->state[1] += b;
    s->state[2] += c;
    s->state[3] += d;
    s->state[4] += e;
}

void SHA1_Init(SHA1_CTX *s) {
    static const uint32_t start[] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
    memcpy(s->state, start, sizeof(start));
    s->length = 0;
}

void SHA1_Update(SHA1_CTX *s, const uint8_t *data, int length) {
    for (int i = 0; i < length; i++) {
        s->block[s->length++ & 63] = data[i];
        if ((s->length & 63) == 0) {
            take_block(s);
        }
    }
}

void SHA1_Final(uint8_t *digest, SHA1_CTX *s) {
    uint64_t bits = s->length * 8;
    SHA1_Update(s, (const uint8_t *)"\x80", 1);
    while ((s->length & 63) != 56) {
        SHA1_Update(s, (const uint8_t *)"", 1);
    }
    for (int i = 56; i >= 0; i -= 8) {
        uint8_t byte = bits >> i;
        SHA1_Update(s, &byte, 1);
    }
    for (int i = 0; i < SHA1_SIZE; i++) {
        digest[i] = s->state[i / 4] >> (24 - 8 * (i % 4));
    }
}
