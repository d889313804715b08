// Request heads: whatever the bytes, a result is one of the contract's, growing parts of
// them lead to the same, and of an accepted head all parts lie in it and can be read.
#include "check.h"
#include "http.h"

enum { PARTS_OF = 400 }; // bytes, of which each part is tried

typedef struct {
    size_t max_target;
    size_t max_fields;
} limits_t;

static int parse(const uint8_t *data, size_t size, const limits_t *limits, http_head_t *h) {
    uint8_t *buf = exactly(data, size);
    int used = http_parse_head(buf, size, limits->max_target, limits->max_fields, h);
    free(buf);
    return used;
}

static void check_span(const http_span_t *s, size_t from, size_t to) {
    CHECK(from <= s->start && s->start <= s->end && s->end <= to);
}

// The field lines of a head, each of which is found by its name too.
static size_t check_fields(const uint8_t *buf, size_t used, const http_head_t *h) {
    size_t fields = 0;
    http_field_t f;
    for (size_t pos = h->fields, next; (next = http_next_field(buf, used, pos, &f)) != 0;
         pos = next, fields++) {
        CHECK(pos < next && next < used);
        check_span(&f.name, pos, next);
        CHECK(f.name.start < f.name.end && buf[f.name.end] == ':');
        check_span(&f.value, f.name.end + 1, next - 2);
        CHECK(buf[next - 2] == '\r' && buf[next - 1] == '\n');
        for (size_t i = f.value.start; i < f.value.end; i++) {
            CHECK(buf[i] == '\t' || (buf[i] >= ' ' && buf[i] != 0x7f));
        }
        http_field_t found;
        CHECK(
            http_find_field(buf, used, pos, buf + f.name.start, f.name.end - f.name.start, &found));
        CHECK(found.name.start == f.name.start && found.value.end == f.value.end);
    }
    return fields;
}

static void check_accepted(
    const uint8_t *data, size_t used, const limits_t *limits, const http_head_t *h) {
    uint8_t *buf = exactly(data, used);
    CHECK(used > 4 && memcmp(buf + used - 4, "\r\n\r\n", 4) == 0);
    check_span(&h->method, 0, h->target.start - 1);
    CHECK(h->method.end - h->method.start <= HTTP_METHOD_MAX);
    CHECK(h->method.start < h->method.end);
    check_span(&h->target, h->method.end + 1, h->fields);
    CHECK(h->target.end - h->target.start <= limits->max_target);
    check_span(&h->path, h->target.start, h->target.end);
    if (h->query.start) {
        check_span(&h->query, h->path.end + 1, h->target.end);
        CHECK(buf[h->query.start - 1] == '?');
    }
    check_span(&h->host, 0, used);
    CHECK(h->host.start || !(h->flags & HTTP_VERSION_11));
    CHECK(h->length == HTTP_LENGTH_NONE || (h->length >= 0 && h->length <= HTTP_LENGTH_MAX));
    // RFC 9112 6.1: never both
    CHECK(!(h->flags & HTTP_CHUNKED) || h->length == HTTP_LENGTH_NONE);
    CHECK(h->flags < 32);
    CHECK(check_fields(buf, used, h) <= limits->max_fields);
    free(buf);
}

static int try_limits(const uint8_t *data, size_t size, const limits_t *limits) {
    http_head_t h = { 0 };
    int used = parse(data, size, limits, &h);
    CHECK(used <= (int)size);
    CHECK(used >= 0 || used == -400 || used == -413 || used == -414 || used == -417 || used == -431
          || used == -501 || used == -505);
    if (used > 0) {
        check_accepted(data, used, limits, &h);
    }
    for (size_t i = 0, n = size < PARTS_OF ? size : PARTS_OF; i < n; i++) {
        http_head_t part = { 0 };
        int got = parse(data, i, limits, &part);
        CHECK(got == 0 || got == used);
        CHECK(got <= 0 || ((size_t)got <= i && memcmp(&part, &h, sizeof h) == 0));
    }
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const limits_t usual = { 1024, 48 }, tight = { 12, 2 };
    int used = try_limits(data, size, &usual);
    int within = try_limits(data, size, &tight);
    // a lower limit refuses, and changes nothing else
    CHECK(within == used || within == -414 || within == -431);
    return 0;
}
