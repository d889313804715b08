// Runs natmod's parsers on the host, under sanitizers: a command a line on
// standard input, an answer a line on standard output. Bytes are in hex, "-" for
// none. What a parser gets lies in memory of its exact size.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "text.h"
#include "ws.h"

// The first n bytes of p in memory of their own.
static uint8_t *copy(const uint8_t *p, size_t n) {
    uint8_t *out = malloc(n);
    memcpy(out, p, n);
    return out;
}

static size_t from_hex(char *hex) {
    size_t n = 0;
    if (hex[0] != '-') {
        for (; hex[2 * n]; n++) {
            unsigned byte;
            sscanf(hex + 2 * n, "%2x", &byte);
            hex[n] = (char)byte;
        }
    }
    return n;
}

static void put(const uint8_t *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        printf("%02x", p[i]);
    }
    printf(n ? " " : "- ");
}

static void put_span(const uint8_t *buf, http_span_t s) {
    put(buf + s.start, s.end - s.start);
}

// Whether the path decodes, which the binding asks before it makes a str of it.
static int path_ok(const uint8_t *buf, http_span_t path) {
    size_t n = path.end - path.start;
    uint8_t *out = malloc(n);
    int len = text_unquote(buf + path.start, n, out, TEXT_STRICT);
    int ok = len >= 0 && text_utf8(out, len, 0) == 0;
    free(out);
    return ok;
}

// Field lines that end anywhere, as Python may ask for: no byte beyond them is read.
static void read_cut_fields(const uint8_t *p, size_t n, size_t start) {
    for (size_t end = start; end < n; end++) {
        uint8_t *buf = copy(p, end);
        http_field_t f;
        for (size_t pos = start; (pos = http_next_field(buf, end, pos, &f)) != 0;) {
            if (pos > end || f.value.end > end) {
                printf("beyond ");
            }
        }
        free(buf);
    }
}

static int parse_head(const uint8_t *p, size_t n, const size_t *limits, int print) {
    uint8_t *buf = copy(p, n);
    http_head_t h;
    int used = http_parse_head(buf, n, limits[0], limits[1], &h);
    if (used > 0 && !path_ok(buf, h.path)) {
        used = -400;
    }
    if (used > 0 && print) {
        put_span(buf, h.method);
        put_span(buf, h.target);
        put(buf + h.query.start, h.query.start ? h.query.end - h.query.start : 0);
        put_span(buf, h.host);
        printf("%u %d ", (unsigned)h.flags, (int)h.length);
        read_cut_fields(buf, used, h.fields);
        http_field_t f;
        for (size_t pos = h.fields; (pos = http_next_field(buf, used, pos, &f)) != 0;) {
            put_span(buf, f.name);
            put_span(buf, f.value);
            http_field_t found;
            if (!http_find_field(
                    buf, used, h.fields, buf + f.name.start, f.name.end - f.name.start, &found)) {
                printf("lost ");
            }
        }
    }
    free(buf);
    return used;
}

static int parse_frame(const uint8_t *p, size_t n, const size_t *options, int print) {
    uint8_t *buf = copy(p, n);
    ws_header_t h;
    int used = ws_parse_header(buf, n, options[0], &h);
    if (used > 0 && print) {
        printf("%u %u ", (unsigned)h.first, (unsigned)h.length);
    }
    free(buf);
    return used;
}

// The result for the whole, after all that came for its growing parts.
static void parse(int (*f)(const uint8_t *, size_t, const size_t *, int), const uint8_t *p,
    size_t n, const size_t *options) {
    int before = 0;
    for (size_t i = 0; i < n && before == 0; i++) {
        before = f(p, i, options, 0);
        if (before > 0 && (size_t)before != i) {
            printf("consumed %d of %zu ", before, i);
        }
    }
    int used = f(p, n, options, 1);
    if (before && before != used) {
        printf("part said %d ", before);
    }
    // what follows a whole head or header, or a refused one, changes nothing
    static const uint8_t next[] = "GET /next HTTP/1.1\r\nHost: next\r\n\r\n";
    uint8_t *both = malloc(n + sizeof(next));
    memcpy(both, p, n);
    memcpy(both + n, next, sizeof(next));
    if (used && f(both, n + sizeof(next), options, 0) != used) {
        printf("with trailing data: %d ", f(both, n + sizeof(next), options, 0));
    }
    free(both);
    printf("%d\n", used);
}

static void unquote(const uint8_t *p, size_t n, unsigned mode) {
    uint8_t *src = copy(p, n);
    uint8_t *dst = malloc(n);
    int len = text_unquote(src, n, dst, mode);
    if (len >= 0) {
        uint8_t *wide = malloc(2 * (size_t)len);
        if (text_utf8(dst, len, 0) == 0) {
            put(dst, len);
        } else {
            put(wide, text_from_latin1(dst, len, wide));
        }
        free(wide);
    }
    printf("%d\n", len < 0 ? -1 : 0);
    free(src);
    free(dst);
}

static void utf8(const uint8_t *p, size_t n) {
    uint8_t *buf = copy(p, n);
    int32_t state = 0;
    size_t i = 0;
    for (; i < n && state >= 0; i++) {
        state = text_utf8(buf + i, 1, state);
    }
    int32_t whole = text_utf8(buf, n, 0);
    printf("%d %d %d\n", whole == state, state < 0 ? (int)i - 1 : -1, state == 0);
    free(buf);
}

static void mask(const uint8_t *p, size_t n, const uint8_t *key, uint32_t offset) {
    for (size_t pad = 0; pad < 5; pad++) {
        uint8_t *buf = malloc(pad + n);
        memcpy(buf + pad, p, n);
        ws_mask(buf + pad, n, key, offset);
        if (pad == 4) {
            put(buf + pad, n);
        }
        free(buf);
    }
    printf("\n");
}

int main(void) {
    static char line[100000], name[16], hex[90000], more[100];
    while (fgets(line, sizeof(line), stdin)) {
        size_t a[3] = { 0, 0, 0 };
        more[0] = '\0';
        if (sscanf(line, "%15s %89999s %zu %zu %zu %99s", name, hex, &a[0], &a[1], &a[2], more)
            < 2) {
            return 1;
        }
        size_t n = from_hex(hex);
        const uint8_t *p = (const uint8_t *)hex;
        size_t keyed = from_hex(more);
        if (strcmp(name, "head") == 0) {
            parse(parse_head, p, n, a);
        } else if (strcmp(name, "frame") == 0) {
            parse(parse_frame, p, n, a);
        } else if (strcmp(name, "build") == 0) {
            uint8_t *out = malloc(WS_HEADER_MAX);
            put(out, ws_build_header(out, a[0], a[1], keyed ? (uint8_t *)more : NULL));
            printf("\n");
            free(out);
        } else if (strcmp(name, "mask") == 0) {
            mask(p, n, (const uint8_t *)more, a[0]);
        } else if (strcmp(name, "unquote") == 0) {
            unquote(p, n, a[0]);
        } else if (strcmp(name, "utf8") == 0) {
            utf8(p, n);
        } else {
            return 1;
        }
    }
    return 0;
}
