// Percent-encoding (RFC 3986 2.1), form encoding (WHATWG URL) and UTF-8 (RFC 3629).
#ifndef AIOWEB_TEXT_H
#define AIOWEB_TEXT_H

#include <stddef.h>
#include <stdint.h>

#ifndef AIOWEB_FN
#define AIOWEB_FN
#endif

enum {
    TEXT_PLUS = 1,   // '+' is a space: queries and forms
    TEXT_STRICT = 2, // a '%' without two hex digits after it, and %00, are refused
};

// Decode src[0..n) to dst, which has room for n bytes and may be src.
// Returns the decoded length, or -1 (TEXT_STRICT only).
AIOWEB_FN int text_unquote(const uint8_t *src, size_t n, uint8_t *dst, unsigned mode);

// Check n more bytes of a UTF-8 stream. state is 0 at the start, then what the
// call before returned: 0 at a character's end, > 0 within one, < 0 when the
// bytes can't be UTF-8 any more.
AIOWEB_FN int32_t text_utf8(const uint8_t *p, size_t n, int32_t state);

// Write the ISO-8859-1 text src[0..n) as UTF-8 to dst, which has room for 2 * n
// bytes. Returns the length written.
AIOWEB_FN size_t text_from_latin1(const uint8_t *src, size_t n, uint8_t *dst);

#endif
