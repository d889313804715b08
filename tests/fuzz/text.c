// Percent-encoding and UTF-8: in place or not, in one piece or several, the result is the
// same, and UTF-8 is what a plain reading of RFC 3629 says.
#include "check.h"
#include "text.h"

static void check_unquote(const uint8_t *data, size_t size, unsigned mode) {
    uint8_t *src = exactly(data, size);
    uint8_t *dst = malloc(size);
    int n = text_unquote(src, size, dst, mode);
    CHECK(n >= -1 && n <= (int)size);
    CHECK(n >= 0 || mode & TEXT_STRICT);
    int lax = n >= 0 ? text_unquote(src, size, src, mode & ~TEXT_STRICT) : -1; // in place
    CHECK(n == lax);
    CHECK(n <= 0 || memcmp(src, dst, n) == 0);
    if (n >= 0 && mode & TEXT_STRICT) {
        // a NUL is refused only as %00, which nobody types
        CHECK(memchr(data, 0, size) || !memchr(dst, 0, n));
    }
    free(src);
    free(dst);
}

// How many bytes the character at p has (RFC 3629 4), 0 if it is none, -1 if it is cut.
static int character(const uint8_t *p, size_t n) {
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    int size = *p < 0x80 ? 1 : *p < 0xc0 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf8 ? 4 : 0;
    if (size < 2) {
        return size;
    }
    uint32_t low = *p & (0x7f >> size), high = low;
    for (int i = 1; i < size; i++) {
        // what is not there yet may be any
        uint32_t byte = (size_t)i < n ? p[i] : 0x80;
        if ((byte & 0xc0) != 0x80) {
            return 0;
        }
        low = low << 6 | (byte & 0x3f);
        high = high << 6 | ((size_t)i < n ? byte & 0x3f : 0x3f);
    }
    if (high < least[size] || low > 0x10ffff || (low >= 0xd800 && high <= 0xdfff)) {
        return 0;
    }
    return (size_t)size <= n ? size : -1;
}

static void check_utf8(const uint8_t *data, size_t size) {
    size_t at = 0;
    int n = 1;
    while (at < size && (n = character(data + at, size - at)) > 0) {
        at += n;
    }
    uint8_t *buf = exactly(data, size);
    int32_t whole = text_utf8(buf, size, 0);
    CHECK(n == 0 ? whole < 0 : n < 0 ? whole > 0 : whole == 0);
    for (size_t i = 0; i <= size && i < 100; i++) {
        int32_t state = text_utf8(buf, i, 0);
        CHECK(text_utf8(buf + i, size - i, state) == whole);
    }
    free(buf);
}

static void check_latin1(const uint8_t *data, size_t size) {
    uint8_t *src = exactly(data, size);
    uint8_t *wide = malloc(2 * size);
    size_t n = text_from_latin1(src, size, wide);
    CHECK(n >= size && n <= 2 * size);
    CHECK(text_utf8(wide, n, 0) == 0);
    size_t at = 0;
    for (size_t i = 0; i < size; i++) { // and back
        unsigned c = wide[at++];
        c = c < 0x80 ? c : (c & 3) << 6 | (wide[at++] & 0x3f);
        CHECK(c == src[i]);
    }
    free(src);
    free(wide);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    for (unsigned mode = 0; mode < 4; mode++) {
        check_unquote(data, size, mode);
    }
    check_utf8(data, size);
    check_latin1(data, size);
    return 0;
}
