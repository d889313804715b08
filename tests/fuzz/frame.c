// WebSocket frames: the first byte says what was negotiated, the rest is what came.
#include "check.h"
#include "ws.h"

static int parse(const uint8_t *data, size_t size, unsigned expect, ws_header_t *h) {
    uint8_t *buf = exactly(data, size);
    int used = ws_parse_header(buf, size, expect, h);
    free(buf);
    return used;
}

static void check_header(const uint8_t *data, size_t size, unsigned expect) {
    ws_header_t h;
    int used = parse(data, size, expect, &h);
    CHECK(used == 0 || used == -1002 || used == -1009 || (used >= 2 && used <= WS_HEADER_MAX));
    CHECK(used <= (int)size);
    for (size_t i = 0; i < size && i < WS_HEADER_MAX; i++) {
        ws_header_t part;
        int got = parse(data, i, expect, &part);
        CHECK(got == 0 || got == used);
        CHECK(got <= 0 || (part.first == h.first && part.length == h.length));
    }
    if (used > 0) {
        CHECK(h.length <= WS_LENGTH_MAX);
        CHECK(!(h.first & WS_RSV & ~expect));
        CHECK(!(h.first & WS_CONTROL) || (h.length <= 125 && h.first & WS_FIN));
        // what is built of it is the same (RFC 6455 5.2: there is one form of each length)
        uint8_t *out = malloc(WS_HEADER_MAX);
        const uint8_t *key = expect & WS_MASKED ? data + used - 4 : NULL;
        CHECK(ws_build_header(out, h.first, h.length, key) == used);
        CHECK(memcmp(out, data, used) == 0);
        free(out);
    }
}

static void check_mask(const uint8_t *data, size_t size) {
    if (size < 5) {
        return;
    }
    const uint8_t *key = data;
    uint32_t offset = data[4];
    data += 5;
    size -= 5;
    for (size_t pad = 0; pad < 4; pad++) {
        uint8_t *room = malloc(pad + size);
        uint8_t *buf = room + pad;
        if (size) {
            memcpy(buf, data, size);
        }
        size_t split = size ? (size_t)key[pad] % size : 0;
        ws_mask(buf, split, key, offset);
        ws_mask(buf + split, size - split, key, offset + split);
        for (size_t i = 0; i < size; i++) {
            CHECK(buf[i] == (data[i] ^ key[(offset + i) & 3]));
        }
        free(room);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    check_header(data + 1, size - 1, data[0] & (WS_MASKED | WS_RSV));
    check_mask(data + 1, size - 1);
    return 0;
}
