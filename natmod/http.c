#include "http.h"

// What only the parser needs to remember, above the public flags.
enum {
    SEEN_HOST = 0x100,
    SEEN_CLOSE = 0x200, // the connection options, in the order of take_connection
    SEEN_KEEP_ALIVE = 0x400,
    SEEN_UPGRADE = 0x800,
    PUBLIC_FLAGS = 0xff,
};

// What a byte may be part of: classes[] has a set of these bits for each of
// 0x00..0x7f, and no higher byte is in any class.
enum {
    TOKEN = 1,   // tchar, RFC 9110 5.6.2
    TARGET = 2,  // a request target: visible and no '#', RFC 9112 3.2
    HOST = 4,    // reg-name: unreserved, sub-delims and '%', RFC 3986 3.2.2
    LITERAL = 8, // between the brackets of an IP-literal
    HEX = 16,
    DIGIT = 32,
    SPACE = 64, // SP and HTAB
};

#define IN(c, a, z) ((c) >= (a) && (c) <= (z))
#define IS_ALNUM(c) (IN(c, '0', '9') || IN((c) | 0x20, 'a', 'z'))
#define IS_HEX(c) (IN(c, '0', '9') || IN((c) | 0x20, 'a', 'f'))
// characters of both tokens and hosts, of tokens only, and of hosts only
#define IS_BOTH(c)                                                                                 \
    (IS_ALNUM(c) || (c) == '!' || IN(c, '$', '\'') || (c) == '*' || (c) == '+' || (c) == '-'       \
        || (c) == '.' || (c) == '_' || (c) == '~')
#define IS_TOKEN(c) (IS_BOTH(c) || (c) == '#' || (c) == '^' || (c) == '`' || (c) == '|')
#define IS_HOST(c)                                                                                 \
    (IS_BOTH(c) || (c) == '(' || (c) == ')' || (c) == ',' || (c) == ';' || (c) == '=')
#define CLASS(c)                                                                                   \
    ((IS_TOKEN(c) ? TOKEN : 0) | (IN(c, 0x21, 0x7e) && (c) != '#' ? TARGET : 0)                    \
        | (IS_HOST(c) ? HOST : 0) | (IS_HEX(c) ? HEX : 0) | (IN(c, '0', '9') ? DIGIT : 0)          \
        | (IS_HEX(c) || (c) == ':' || (c) == '.' || ((c) | 0x20) == 'v' ? LITERAL : 0)             \
        | ((c) == ' ' || (c) == '\t' ? SPACE : 0))
#define CLASS4(c) CLASS(c), CLASS((c) + 1), CLASS((c) + 2), CLASS((c) + 3)
#define CLASS16(c) CLASS4(c), CLASS4((c) + 4), CLASS4((c) + 8), CLASS4((c) + 12)

static const uint8_t classes[128] = { CLASS16(0), CLASS16(16), CLASS16(32), CLASS16(48),
    CLASS16(64), CLASS16(80), CLASS16(96), CLASS16(112) };

static inline int is_digit(uint32_t c) {
    return c - '0' < 10;
}

// The first byte from p on that is not in the class, or end.
static const uint8_t *skip(const uint8_t *p, const uint8_t *end, uint32_t class) {
    while (p < end && *p < 128 && classes[*p] & class) {
        p++;
    }
    return p;
}

typedef uint32_t __attribute__((may_alias)) http_word_t;

// The first byte from p on that no field value has (RFC 9110 5.5), or end.
static const uint8_t *skip_value(const uint8_t *p, const uint8_t *end) {
    for (;; p++) {
        if (((uintptr_t)p & 3) == 0) {
            // By words while every byte is >= 0x80 or in 0x20..0x7e: below 0x20 the
            // difference has a byte's top bit set, at 0x7f the sum. A carry from a
            // neighbour may only cause a closer look.
            while (end - p >= 4) {
                uint32_t w = *(const http_word_t *)(const void *)p;
                if (((w - 0x20202020) | (w + 0x01010101)) & ~w & 0x80808080) {
                    break;
                }
                p += 4;
            }
        }
        if (p == end || ((*p < 0x20 || *p == 0x7f) && *p != '\t')) {
            return p;
        }
    }
}

// How many bytes the line's end at p takes: 2, or 0 when more are needed, or -400
// for anything else. A bare CR or LF ends no line (RFC 9112 2.2).
static int line_end(const uint8_t *p, const uint8_t *end) {
    if (p < end && *p != '\r') {
        return -400;
    }
    if (end - p < 2) {
        return 0;
    }
    return p[1] == '\n' ? 2 : -400;
}

static void set_span(http_span_t *s, const uint8_t *buf, const uint8_t *p, const uint8_t *end) {
    s->start = p - buf;
    s->end = end - buf;
}

// Which of the words p[0..n) is, counted from 1, or 0. A word in the list follows
// its length. fold is 0x20 to ignore case: the words are then lower-case, of
// letters and '-', and among token characters that bit tells no others apart.
static int find_word(const uint8_t *p, size_t n, const char *words, uint32_t fold) {
    for (int which = 1; *words; which++) {
        size_t len = *words++;
        if (len == n) {
            size_t i = 0;
            while (i < n && (p[i] | fold) == (uint8_t)words[i]) {
                i++;
            }
            if (i == n) {
                return which;
            }
        }
        words += len;
    }
    return 0;
}

// The next element of a comma-separated list of tokens (RFC 9110 5.6.1): *p goes
// past it and the spaces behind. Returns its length, 0 at the end of the list, or
// -1 when there is something else than a token; then *p is left there.
static int next_token(const uint8_t **p, const uint8_t *end, const uint8_t **token) {
    const uint8_t *q = skip(*p, end, SPACE);
    while (q < end && *q == ',') {
        q = skip(q + 1, end, SPACE);
    }
    *token = q;
    q = skip(q, end, TOKEN);
    int len = q - *token;
    q = skip(q, end, SPACE);
    *p = q;
    if (len == 0) {
        return q == end ? 0 : -1;
    }
    return q == end || *q == ',' ? len : -1;
}

// Host = uri-host [ ":" port ] (RFC 9110 7.2, RFC 3986 3.2.2). A userinfo's '@'
// is in neither, so it is refused. need_port: the port must be there, as in the
// authority-form.
static int is_host(const uint8_t *p, const uint8_t *end, int need_port) {
    if (p < end && *p == '[') {
        const uint8_t *q = skip(p + 1, end, LITERAL);
        if (q == end || *q != ']' || q == p + 1) {
            return 0;
        }
        p = q + 1;
    } else {
        const uint8_t *q = skip(p, end, HOST);
        for (; p < q; p++) {
            if (*p == '%' && skip(p + 1, q - p > 3 ? p + 3 : q, HEX) != p + 3) {
                return 0;
            }
        }
    }
    if (p < end && *p++ != ':') {
        return 0;
    }
    if (p == end) {
        return !need_port;
    }
    return skip(p, end, DIGIT) == end;
}

// RFC 9110 8.6: digits alone. An identical repeat is harmless, a differing one
// is refused (RFC 9112 6.3).
static int take_length(http_head_t *h, const uint8_t *p, const uint8_t *end) {
    uint32_t n = 0;
    if (p == end) {
        return -400;
    }
    for (; p < end; p++) {
        if (!is_digit(*p)) {
            return -400;
        }
        if (n <= HTTP_LENGTH_MAX) {
            n = n > HTTP_LENGTH_MAX / 10 ? HTTP_LENGTH_MAX + 1u : n * 10 + (*p - '0');
        }
    }
    if (n > HTTP_LENGTH_MAX) {
        return -413;
    }
    if (h->length != HTTP_LENGTH_NONE && h->length != (int32_t)n) {
        return -400;
    }
    h->length = n;
    return 0;
}

// RFC 9112 6.1: chunked, once, as the last and only coding.
static int take_coding(http_head_t *h, const uint8_t *p, const uint8_t *end) {
    const uint8_t *token;
    int n, any = 0;
    while ((n = next_token(&p, end, &token)) > 0) {
        if (h->flags & HTTP_CHUNKED) {
            return -400;
        }
        if (!find_word(token, n, "\7chunked", 0x20)) {
            return -501;
        }
        h->flags |= HTTP_CHUNKED;
        any = 1;
    }
    if (n < 0) {
        // a coding with parameters is one that nobody here knows
        return p < end && *p == ';' && p > token ? -501 : -400;
    }
    return any ? 0 : -400;
}

static int take_connection(http_head_t *h, const uint8_t *p, const uint8_t *end) {
    const uint8_t *token;
    int n;
    while ((n = next_token(&p, end, &token)) > 0) {
        int option = find_word(token, n,
            "\5close"
            "\12keep-alive"
            "\7upgrade",
            0x20);
        h->flags |= option ? SEEN_CLOSE << (option - 1) : 0;
    }
    return n < 0 ? -400 : 0;
}

// The fields that decide how the message is framed and the connection kept.
static int take_field(http_head_t *h, const uint8_t *buf, const uint8_t *name, size_t len,
    const uint8_t *p, const uint8_t *end) {
    switch (find_word(name, len,
        "\4host"
        "\12connection"
        "\16content-length"
        "\21transfer-encoding"
        "\6expect",
        0x20)) {
        case 1:
            if (h->flags & SEEN_HOST || !is_host(p, end, 0)) {
                return -400;
            }
            h->flags |= SEEN_HOST;
            if (!h->host.start) { // an absolute-form's authority takes precedence
                set_span(&h->host, buf, p, end);
            }
            return 0;
        case 2:
            return take_connection(h, p, end);
        case 3:
            return take_length(h, p, end);
        case 4:
            return take_coding(h, p, end);
        case 5:
            if (h->flags & HTTP_VERSION_11) {
                if (!find_word(p, end - p,
                        "\14"
                        "100-continue",
                        0x20)) {
                    return -417;
                }
                h->flags |= HTTP_EXPECT_CONTINUE;
            }
    }
    return 0;
}

// What holds for the head as a whole.
static int finish_head(http_head_t *h) {
    uint32_t flags = h->flags;
    if (flags & HTTP_CHUNKED && (h->length != HTTP_LENGTH_NONE || !(flags & HTTP_VERSION_11))) {
        return -400; // RFC 9112 6.1: request smuggling, or a proxy that is broken
    }
    if (flags & HTTP_VERSION_11) {
        if (!(flags & SEEN_HOST)) {
            return -400;
        }
        if (!(flags & SEEN_CLOSE)) {
            flags |= HTTP_KEEP_ALIVE;
        }
        if (flags & SEEN_UPGRADE) { // ignored in HTTP/1.0 (RFC 9110 7.8)
            flags |= HTTP_UPGRADE;
        }
    } else {
        if ((flags & (SEEN_CLOSE | SEEN_KEEP_ALIVE)) == SEEN_KEEP_ALIVE) {
            flags |= HTTP_KEEP_ALIVE;
        }
    }
    h->flags = flags & PUBLIC_FLAGS;
    return 0;
}

// The target's form (RFC 9112 3.2) decides where path and query are.
static int split_target(const uint8_t *buf, http_head_t *h) {
    const uint8_t *p = buf + h->target.start;
    const uint8_t *end = buf + h->target.end;
    int method = find_word(buf + h->method.start, h->method.end - h->method.start,
        "\7CONNECT"
        "\7OPTIONS",
        0);
    h->path = h->target;
    if (method == 1) {
        return *p != ':' && is_host(p, end, 1) ? 0 : -400;
    }
    if (*p == '*') {
        return end - p == 1 && method == 2 ? 0 : -400;
    }
    if (*p != '/') {
        const uint8_t *host = p;
        while (host < end && *host++ != ':') {
        }
        if (!find_word(p, host - p,
                "\5http:"
                "\6https:",
                0x20)
            || end - host < 3 || host[0] != '/' || host[1] != '/' || host[2] == ':') {
            return -400;
        }
        host += 2;
        for (p = host; p < end && *p != '/' && *p != '?'; p++) {
        }
        if (p == host || !is_host(host, p, 0)) {
            return -400;
        }
        set_span(&h->host, buf, host, p);
        h->path.start = h->host.end;
    }
    for (; p < end; p++) {
        if (*p == '?') {
            h->path.end = p - buf;
            set_span(&h->query, buf, p + 1, end);
            break;
        }
    }
    return 0;
}

// method SP target SP version CRLF, at *p (RFC 9112 3), which goes past it.
// Returns 1, or 0 when more bytes are needed, or minus the status.
static int parse_request_line(
    const uint8_t *buf, const uint8_t **p, const uint8_t *end, size_t max_target, http_head_t *h) {
    const uint8_t *q = skip(*p, end, TOKEN);
    if (q - *p > HTTP_METHOD_MAX) {
        return -501;
    }
    if (q == end) {
        return 0;
    }
    if (q == *p || *q != ' ') {
        return -400;
    }
    set_span(&h->method, buf, *p, q);
    const uint8_t *target = q + 1;
    q = skip(target, end, TARGET);
    if ((size_t)(q - target) > max_target) {
        return -414;
    }
    if (q == end) {
        return 0;
    }
    if (q == target) {
        return -400;
    }
    set_span(&h->target, buf, target, q);
    for (const char *want = " HTTP/1.1\r\n"; *want; want++, q++) {
        if (q == end) {
            return 0;
        }
        if (*q != (uint8_t)*want && !(*want == '1' && is_digit(*q))) {
            return -400;
        }
    }
    if (q[-5] != '1') {
        return -505;
    }
    h->flags = q[-3] != '0' ? HTTP_VERSION_11 : 0;
    *p = q;
    int status = split_target(buf, h);
    return status ? status : 1;
}

AIOWEB_FN int http_parse_head(
    const uint8_t *buf, size_t n, size_t max_target, size_t max_fields, http_head_t *h) {
    const uint8_t *p = buf;
    const uint8_t *end = buf + n;
    int status;
    while (p < end && *p == '\r') { // RFC 9112 2.2: empty lines before the request
        status = line_end(p, end);
        if (status <= 0) {
            return status;
        }
        p += 2;
    }
    h->query.start = h->query.end = h->host.start = h->host.end = 0;
    h->length = HTTP_LENGTH_NONE;
    status = parse_request_line(buf, &p, end, max_target, h);
    if (status <= 0) {
        return status;
    }
    h->fields = p - buf;

    while (p < end && *p != '\r') {
        const uint8_t *name = p;
        p = skip(p, end, TOKEN);
        if (p == end) {
            return 0;
        }
        if (p == name || *p != ':') { // obs-fold and whitespace before ':' end here too
            return -400;
        }
        size_t len = p - name;
        const uint8_t *value = skip(p + 1, end, SPACE);
        p = skip_value(value, end);
        status = line_end(p, end);
        if (status <= 0) {
            return status;
        }
        if (max_fields-- == 0) {
            return -431;
        }
        const uint8_t *last = p;
        while (last > value && (last[-1] == ' ' || last[-1] == '\t')) {
            last--;
        }
        p += 2;
        status = take_field(h, buf, name, len, value, last);
        if (status) {
            return status;
        }
    }
    status = line_end(p, end);
    if (status <= 0) {
        return status;
    }
    status = finish_head(h);
    return status ? status : p + 2 - buf;
}

AIOWEB_FN size_t http_next_field(const uint8_t *buf, size_t n, size_t pos, http_field_t *f) {
    // the head was parsed: a name, ':', a value and CRLF, or the empty line
    const uint8_t *end = buf + n;
    const uint8_t *p = buf + pos;
    const uint8_t *q = skip(p, end, TOKEN);
    if (q == p || q == end) {
        return 0;
    }
    set_span(&f->name, buf, p, q);
    p = skip(q + 1, end, SPACE);
    q = skip_value(p, end);
    set_span(&f->value, buf, p, q);
    while (f->value.end > f->value.start
           && (buf[f->value.end - 1] == ' ' || buf[f->value.end - 1] == '\t')) {
        f->value.end--;
    }
    return end - q >= 2 ? (size_t)(q + 2 - buf) : 0;
}

static uint32_t fold(uint32_t c) {
    return c - 'A' < 26 ? c | 0x20 : c;
}

AIOWEB_FN size_t http_find_field(
    const uint8_t *buf, size_t n, size_t pos, const uint8_t *name, size_t len, http_field_t *f) {
    while ((pos = http_next_field(buf, n, pos, f)) != 0) {
        if (f->name.end - f->name.start == len) {
            const uint8_t *p = buf + f->name.start;
            size_t i = 0;
            while (i < len && fold(p[i]) == fold(name[i])) {
                i++;
            }
            if (i == len) {
                break;
            }
        }
    }
    return pos;
}
