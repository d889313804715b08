#include "http.h"
#include "syntax.h"
#include "text.h"

// What only the parser needs to remember, beside the public flags.
enum {
    PUBLIC_FLAGS = 0x1f,
    SEEN_HOST = 0x80,
    SEEN_OPTION = 0x100, // shifted by the number of a word in Connection, one of these:
    SEEN_KEEP_ALIVE = SEEN_OPTION << WORD_KEEP_ALIVE,
    SEEN_CLOSE = SEEN_OPTION << WORD_CLOSE,
    SEEN_UPGRADE = SEEN_OPTION << WORD_UPGRADE,
    SEEN_TO_PUBLIC = SEEN_KEEP_ALIVE / HTTP_KEEP_ALIVE, // divides the first and the last
};
_Static_assert(SEEN_UPGRADE / SEEN_TO_PUBLIC == HTTP_UPGRADE, "see finish_head");
_Static_assert(SEEN_OPTION << WORD_HTTPS > 0, "see take_connection");

static void set_span(http_span_t *s, const uint8_t *buf, const uint8_t *p, const uint8_t *end) {
    s->start = (uint32_t)(p - buf);
    s->end = (uint32_t)(end - buf);
}

// The field line at p, which is one of whole lines up to end: *f tells where its
// parts are. Returns where its CR is, or NULL when it is no field line.
static const uint8_t *split_field(
    const uint8_t *buf, const uint8_t *p, const uint8_t *end, http_field_t *f) {
    const uint8_t *q = skip(p, TOKEN);
    if (q == p || *q != ':') { // obs-fold and whitespace before ':' end here too
        return NULL;
    }
    set_span(&f->name, buf, p, q);
    do {
        q++;
    } while (*q == ' ' || *q == '\t');
    p = q;
    q = skip_value(p, end, 0x01010101);
    if (q[0] != '\r' || q[1] != '\n') {
        return NULL;
    }
    const uint8_t *last = q;
    while (last > p && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }
    set_span(&f->value, buf, p, last);
    return q;
}

// Host = uri-host [ ":" port ] (RFC 9110 7.2, RFC 3986 3.2.2). A userinfo's '@' is
// in neither, so it is refused. Returns the first byte from p on that is not part of
// it; NULL when the port with its ':' is shorter than the least, or is all there is:
// only both may be empty (RFC 9110 4.2.1).
static const uint8_t *skip_host(const uint8_t *p, int least_port) {
    const uint8_t *host = p;
    if (*p == '[') {
        // IPvFuture, or by its looks an IPv6address (RFC 3986 3.2.2)
        p = skip(p + 1 + ((p[1] | 0x20) == 'v'), HEX | LITERAL);
        if (p - host < 3 || *p++ != ']') {
            return NULL;
        }
    } else {
        while (*(p = skip(p, HOST)) == '%') {
            const uint8_t *percent = p;
            p = skip(p + 1, HEX);
            if (p - percent < 3) {
                return NULL;
            }
        }
    }
    const uint8_t *port = p;
    if (*p == ':') {
        while (is_digit(*++p)) {
        }
    }
    return (port == host && p != port) || (int)(p - port) < least_port ? NULL : p;
}

// RFC 9110 8.6: digits alone. An identical repeat is harmless, a differing one
// is refused (RFC 9112 6.3).
static int take_length(http_head_t *h, const uint8_t *p, const uint8_t *end) {
    uint32_t n = 0;
    do { // what follows the value is no digit either
        if (!is_digit(*p)) {
            return -400;
        }
        if (n > HTTP_LENGTH_MAX / 10) {
            n = HTTP_LENGTH_MAX / 10 + 1;
        }
        n = n * 10 + (*p - '0');
    } while (++p < end);
    if (n > HTTP_LENGTH_MAX) {
        return -413;
    }
    if (h->length != HTTP_LENGTH_NONE && h->length != (int32_t)n) {
        return -400;
    }
    h->length = (int32_t)n;
    return 0;
}

// What the next token of a list (RFC 9110 5.6.1) is: one of the words, or 0, with
// parameters too; or one of these. *at moves behind it. The list ends with its line.
enum { LIST_END = -1, NO_TOKEN = -2 };
static int next_token(const uint8_t **at) {
    const uint8_t *token = skip(*at, SPACE | COMMA);
    const uint8_t *end = skip(token, TOKEN);
    const uint8_t *p = skip(end, SPACE);
    *at = p;
    if (end == token) {
        return *p == '\r' ? LIST_END : NO_TOKEN;
    }
    if (*p != ',' && *p != '\r') {
        return *p == ';' ? 0 : NO_TOKEN;
    }
    return find_word(token, (uint32_t)(end - token));
}

// Connection (RFC 9110 7.6.1): each word of it sets its flag.
static int take_connection(http_head_t *h, const uint8_t *p) {
    int word;
    while ((word = next_token(&p)) >= 0) {
        h->flags |= SEEN_OPTION << word;
    }
    return word == LIST_END ? 0 : -400;
}

// Transfer-Encoding: chunked, which must be the last coding (RFC 9112 6.1), is the only
// one that is known here.
static int take_coding(http_head_t *h, const uint8_t *p) {
    int word = next_token(&p);
    if (word < 0 || h->flags & HTTP_CHUNKED) {
        return -400;
    }
    if (word != WORD_CHUNKED) {
        return -501;
    }
    h->flags |= HTTP_CHUNKED;
    return next_token(&p) == LIST_END ? 0 : -400;
}

// A bit that tells the names apart which take_field knows, from most others too.
#define NAME_BIT(first, len) (1u << (((first) + (len)) & 31))
#define BIT_OF(name) NAME_BIT((uint8_t)words.text_##name[0], (uint32_t)sizeof(words.text_##name))
#define KNOWN_NAMES                                                                                \
    (BIT_OF(HOST) | BIT_OF(CONNECTION) | BIT_OF(CONTENT_LENGTH) | BIT_OF(TRANSFER_ENCODING)        \
        | BIT_OF(EXPECT))

// The fields that decide how the message is framed and the connection kept.
static int take_field(http_head_t *h, const uint8_t *buf, const http_field_t *f) {
    const uint8_t *name = buf + f->name.start;
    uint32_t len = f->name.end - f->name.start;
    if (!(NAME_BIT(*name, len) & KNOWN_NAMES)) {
        return 0; // most fields end here
    }
    const uint8_t *p = buf + f->value.start;
    switch (find_word(name, len)) {
        case WORD_HOST:
            if (skip_host(p, 0) != buf + f->value.end || h->flags & SEEN_HOST) {
                return -400;
            }
            h->flags |= SEEN_HOST;
            if (!h->host.start) { // an absolute-form's authority takes precedence
                h->host = f->value;
            }
            return 0;
        case WORD_CONNECTION:
            return take_connection(h, p);
        case WORD_CONTENT_LENGTH:
            return take_length(h, p, buf + f->value.end);
        case WORD_TRANSFER_ENCODING:
            return take_coding(h, p);
        case WORD_EXPECT:
            if (h->flags & HTTP_VERSION_11) {
                if (find_word(p, f->value.end - f->value.start) != WORD_100_CONTINUE) {
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
    if (flags & HTTP_CHUNKED && h->length != HTTP_LENGTH_NONE) {
        return -400; // RFC 9112 6.1: request smuggling, or a proxy that is broken
    }
    flags |= flags / SEEN_TO_PUBLIC & (HTTP_KEEP_ALIVE | HTTP_UPGRADE);
    if (flags & HTTP_VERSION_11) {
        if (!(flags & SEEN_HOST)) {
            return -400;
        }
        flags |= HTTP_KEEP_ALIVE;
    } else {
        if (flags & HTTP_CHUNKED) {
            flags &= ~(uint32_t)HTTP_KEEP_ALIVE; // RFC 9112 6.1: who sent it may frame it otherwise
        }
        flags &= ~(uint32_t)HTTP_UPGRADE; // RFC 9110 7.8
    }
    if (flags & SEEN_CLOSE) {
        flags &= ~(uint32_t)HTTP_KEEP_ALIVE;
    }
    h->flags = flags & PUBLIC_FLAGS;
    return 0;
}

// What h->target must be for its form (RFC 9112 3.2), with the host and the path of
// an absolute-form. Returns 0 or minus the status.
static int check_form(http_head_t *h, const uint8_t *buf) {
    int method = find_word(buf + h->method.start, h->method.end - h->method.start);
    const uint8_t *p = buf + h->target.start;
    const uint8_t *end = buf + h->target.end;
    if (method == WORD_CONNECT) {
        return skip_host(p, 2) == end ? 0 : -400;
    }
    if (*p == '/') {
        return 0;
    }
    if (*p == '*') {
        return p + 1 == end && method == WORD_OPTIONS ? 0 : -400;
    }
    const uint8_t *host = skip(p, TOKEN);
    if (find_word(p, (uint32_t)(host - p)) < WORD_HTTP || host[0] != ':' || host[1] != '/'
        || host[2] != '/') {
        return -400;
    }
    host += 3;
    p = skip_host(host, 0);
    if (p == NULL || p == host || (p != end && *p != '/' && *p != '?')) {
        return -400;
    }
    set_span(&h->host, buf, host, p);
    h->path.start = h->host.end;
    return 0;
}

// A request line of which the end is still to come, p up to end: what can't become
// one (the start of a TLS handshake, say) is refused at once.
static int check_partial_line(const uint8_t *p, const uint8_t *end, size_t max_target) {
    uint32_t class = TOKEN;
    size_t max = HTTP_METHOD_MAX;
    for (;;) {
        const uint8_t *part = p;
        // bytes beyond ASCII may yet turn out to be UTF-8, in a target
        while (p < end && (*p < sizeof(classes) ? classes[*p] & class : *p & class & QUERY)) {
            p++;
        }
        if ((size_t)(p - part) > max) {
            return class == TOKEN ? -501 : -414;
        }
        if (p == end) {
            return 0;
        }
        if (p == part || *p++ != ' ') {
            return -400;
        }
        if (class != TOKEN) {
            return 0;
        }
        class = PATH | QUERY;
        max = max_target;
    }
}

// SP HTTP-version CRLF at p (RFC 9112 2.3). Returns 0 or minus the status.
static int parse_version(const uint8_t *p, http_head_t *h) {
    if (p[0] != ' ' || p[1] != 'H' || p[2] != 'T' || p[3] != 'T' || p[4] != 'P' || p[5] != '/'
        || !is_digit(p[6]) || p[7] != '.' || !is_digit(p[8]) || p[9] != '\r' || p[10] != '\n') {
        return -400;
    }
    if (p[6] != '1') {
        return -505;
    }
    h->flags = p[8] != '0' ? HTTP_VERSION_11 : 0;
    return 0;
}

// method SP target SP version CRLF at p (RFC 9112 3). Returns where in buf it ends, or
// minus the status.
static int parse_request_line(
    const uint8_t *buf, const uint8_t *p, size_t max_target, http_head_t *h) {
    const uint8_t *q = skip(p, TOKEN);
    if (q - p > HTTP_METHOD_MAX) {
        return -501;
    }
    if (q == p || *q != ' ') {
        return -400;
    }
    set_span(&h->method, buf, p, q);
    p = q + 1;
    const uint8_t *path = skip(p, PATH);
    q = skip(path, PATH | QUERY);
    if (*q >= 0x80) {
        // no URI has bytes beyond ASCII (RFC 3986 2), but clients send what was typed
        path = skip_text(path, PATH);
        q = skip_text(q, PATH | QUERY);
        if ((size_t)(q - p) <= max_target && text_utf8(p, (size_t)(q - p), 0)) {
            return -400;
        }
    }
    if ((size_t)(q - p) - 1 >= max_target) {
        return q == p ? -400 : -414;
    }
    set_span(&h->target, buf, p, q);
    set_span(&h->path, buf, p, path);
    h->query.start = h->host.start = h->host.end = 0;
    if (path != q) {
        set_span(&h->query, buf, path + 1, q);
    }
    int status = parse_version(q, h);
    if (status) {
        return status;
    }
    // the usual form needs no closer look
    status = *p == '/' && buf[h->method.start] != 'C' ? 0 : check_form(h, buf);
    return status ? status : (int)(q + sizeof(" HTTP/1.1\r\n") - 1 - buf);
}

// The field lines from p on and the empty line, as far as the lines up to end are
// whole. Returns as http_parse_head.
static int parse_fields(
    const uint8_t *buf, const uint8_t *p, const uint8_t *end, size_t max_fields, http_head_t *h) {
    int status;
    for (; p < end; p += 2) {
        if (*p == '\r') {
            if (p[1] != '\n') {
                return -400;
            }
            status = finish_head(h);
            return status ? status : (int)(p + 2 - buf);
        }
        http_field_t f;
        p = split_field(buf, p, end, &f);
        if (p == NULL) {
            return -400;
        }
        if (max_fields-- == 0) {
            return -431;
        }
        status = take_field(h, buf, &f);
        if (status) {
            return status;
        }
    }
    return 0;
}

// Not inline in the binding, for fewer bytes.
__attribute__((noinline)) AIOWEB_FN int http_parse_head(
    const uint8_t *buf, size_t n, size_t max_target, size_t max_fields, http_head_t *h) {
    const uint8_t *p = buf;
    const uint8_t *end = buf + n; // of the whole lines
    while (end > buf && end[-1] != '\n') {
        end--;
    }
    for (; p < end && *p == '\r'; p += 2) { // RFC 9112 2.2: empty lines before the request
        if (p[1] != '\n') {
            return -400;
        }
    }
    if (p == end) {
        end = buf + n;
        return end - p == 1 && *p == '\r' ? 0 : check_partial_line(p, end, max_target);
    }
    int status = parse_request_line(buf, p, max_target, h);
    if (status < 0) {
        return status;
    }
    h->fields = (uint32_t)status;
    h->length = HTTP_LENGTH_NONE;
    return parse_fields(buf, buf + status, end, max_fields, h);
}

AIOWEB_FN size_t http_next_field(const uint8_t *buf, size_t n, size_t pos, http_field_t *f) {
    // the head was parsed, so its last byte is an LF
    while (n > pos && buf[n - 1] != '\n') {
        n--;
    }
    const uint8_t *q = n > pos ? split_field(buf, buf + pos, buf + n, f) : NULL;
    return q ? (size_t)(q + 2 - buf) : 0;
}

AIOWEB_FN size_t http_find_field(
    const uint8_t *buf, size_t n, size_t pos, const uint8_t *name, size_t len, http_field_t *f) {
    while ((pos = http_next_field(buf, n, pos, f)) != 0) {
        if (f->name.end - f->name.start == len) {
            const uint8_t *p = buf + f->name.start;
            size_t i = 0;
            while (i < len && is_same(p[i], name[i])) {
                i++;
            }
            if (i == len) {
                break;
            }
        }
    }
    return pos;
}
