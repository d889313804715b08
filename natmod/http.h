// HTTP/1.1 request heads (RFC 9112), strict and bounded.
//
// Nothing here allocates, keeps state or knows of MicroPython: bytes in the
// caller's buffer become offsets into that buffer.
#ifndef AIOWEB_HTTP_H
#define AIOWEB_HTTP_H

#include <stddef.h>
#include <stdint.h>

// A native module compiles its sources as one unit, where every function can be
// static; the host's tests link them separately.
#ifndef AIOWEB_FN
#define AIOWEB_FN
#endif

// Lengths stay within a small int of a 32-bit MicroPython, so that handing one
// over never allocates.
#define HTTP_LENGTH_MAX 0x3fffffff
#define HTTP_LENGTH_NONE (-1)
#define HTTP_METHOD_MAX 32

enum {
    HTTP_VERSION_11 = 1,       // HTTP/1.1 or a later 1.x
    HTTP_KEEP_ALIVE = 2,       // the client lets the connection persist (RFC 9112 9.3)
    HTTP_UPGRADE = 4,          // Connection lists upgrade
    HTTP_CHUNKED = 8,          // the body is in chunked coding
    HTTP_EXPECT_CONTINUE = 16, // Expect: 100-continue
};

// A range of the buffer that the head was parsed from.
typedef struct {
    uint32_t start;
    uint32_t end;
} http_span_t;

typedef struct {
    http_span_t method;
    http_span_t path;  // still percent-encoded; empty for an absolute-form without one
    http_span_t query; // without its '?'; start is 0 when there is none
    // native.c hands these over in this order, and asserts it
    uint32_t flags;     // HTTP_...
    int32_t length;     // Content-Length, or HTTP_LENGTH_NONE
    uint32_t fields;    // where the first field line starts
    http_span_t target; // as received
    http_span_t host;   // of the absolute-form, else of Host; start is 0 when there is none
} http_head_t;

typedef struct {
    http_span_t name;
    http_span_t value; // without the optional whitespace around it
} http_field_t;

// Parse the request head that starts at buf, of which n bytes have arrived.
//   > 0  the head's length, with its empty line. *h is filled in.
//   = 0  more bytes are needed.
//   < 0  minus the status to refuse the request with.
// A fault is told at the latest when its line is complete; one in a method or a
// target at once, but for bytes that are no UTF-8. A head longer than the caller's buffer is the
// caller's to refuse.
AIOWEB_FN int http_parse_head(
    const uint8_t *buf, size_t n, size_t max_target, size_t max_fields, http_head_t *h);

// Step through the field lines of a parsed head of n bytes: from the line at
// pos, which starts as h.fields. Returns where the next line is, or 0 at the end.
AIOWEB_FN size_t http_next_field(const uint8_t *buf, size_t n, size_t pos, http_field_t *f);

// The same, stopping only at fields of that name, in any case (RFC 9110 5.1).
AIOWEB_FN size_t http_find_field(
    const uint8_t *buf, size_t n, size_t pos, const uint8_t *name, size_t len, http_field_t *f);

#endif
