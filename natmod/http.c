#include "http.h"

// What only the parser needs to remember, above the public flags.
enum {
    SEEN_HOST = 0x100,
    SEEN_CLOSE = 0x200, // the connection options, in the order of take_connection
    SEEN_KEEP_ALIVE = 0x400,
    SEEN_UPGRADE = 0x800,
    PUBLIC_FLAGS = 0xff,
};

static inline int is_digit(uint32_t c) {
    return c - '0' < 10;
}

static inline int is_alpha(uint32_t c) {
    return (c | 0x20) - 'a' < 26;
}

static int is_hex(uint32_t c) {
    return is_digit(c) || (c | 0x20) - 'a' < 6;
}

// tchar (RFC 9110 5.6.2) other than a letter; the bits stand for 0x20..0x3f.
static int is_tchar_rare(uint32_t c) {
    if (c - 0x20 < 0x20) {
        return 0x03ff6cfau >> (c - 0x20) & 1; // ! # $ % & ' * + - . 0-9
    }
    return c == '^' || c == '_' || c == '`' || c == '|' || c == '~';
}

static inline int is_tchar(uint32_t c) {
    return is_alpha(c) || is_tchar_rare(c);
}

static const uint8_t *skip_token(const uint8_t *p) {
    while (is_tchar(*p)) {
        p++;
    }
    return p;
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

static inline int is_space(uint32_t c) {
    return c == ' ' || c == '\t';
}

// The next element of a comma-separated list of tokens (RFC 9110 5.6.1): *p goes
// past it. Returns its length, 0 at the end of the list, or -1 when there is
// something else than a token; then *p is left there. The list ends before a
// control character or another byte that no token has.
static int next_token(const uint8_t **p, const uint8_t *end, const uint8_t **token) {
    const uint8_t *q = *p;
    while (q < end && (is_space(*q) || *q == ',')) {
        q++;
    }
    *token = q;
    if (q == end) {
        *p = q;
        return 0;
    }
    q = skip_token(q);
    int len = q - *token;
    while (q < end && is_space(*q)) {
        q++;
    }
    *p = q;
    return (q == end || *q == ',') && len > 0 ? len : -1;
}

// Host = uri-host [ ":" port ] (RFC 9110 7.2, RFC 3986 3.2.2). A userinfo's '@'
// is in neither, so it is refused. need_port: the port must be there, as in the
// authority-form.
static int is_host(const uint8_t *p, const uint8_t *end, int need_port) {
    int literal = p < end && *p == '[';
    const uint8_t *host = p;
    for (; p < end; p++) {
        uint32_t c = *p;
        if (c == ']' && literal) {
            literal = 0;
            p++;
            if (p - host <= 2) {
                return 0;
            }
            break;
        }
        if (literal) {
            if (!(is_hex(c) || c == ':' || c == '.' || (c | 0x20) == 'v' || p == host)) {
                return 0;
            }
        } else if (c == ':') {
            break;
        } else if (c == '#' || c == '^' || c == '`' || c == '|'
                   || !(is_tchar(c) || c - '(' < 2 || c == ',' || c == ';' || c == '=')
                   || (c == '%' && (end - p < 3 || !is_hex(p[1]) || !is_hex(p[2])))) {
            return 0; // reg-name: unreserved, sub-delims and percent-encoded
        }
    }
    if (literal) {
        return 0;
    }
    if (p < end && *p++ != ':') {
        return 0;
    }
    if (p == end) {
        return !need_port;
    }
    while (p < end && is_digit(*p)) {
        p++;
    }
    return p == end;
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
                h->host.start = p - buf;
                h->host.end = end - buf;
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
        while (*host++ != ':') {
            if (host == end) {
                return -400;
            }
        }
        if (!find_word(p, host - p,
                "\5http:"
                "\6https:",
                0x20)
            || *host++ != '/' || *host++ != '/') {
            return -400;
        }
        for (p = host; p < end && *p != '/' && *p != '?'; p++) {
        }
        if (p == host || *host == ':' || !is_host(host, p, 0)) {
            return -400;
        }
        h->host.start = host - buf;
        h->host.end = p - buf;
        h->path.start = p - buf;
    }
    for (; p < end; p++) {
        if (*p == '?') {
            h->path.end = p - buf;
            h->query.start = p + 1 - buf;
            h->query.end = end - buf;
            break;
        }
    }
    return 0;
}

// method SP target SP version CRLF, at p (RFC 9112 3). Returns past it, or NULL
// with *status set. The LF that ends the line ends every loop.
static const uint8_t *parse_request_line(
    const uint8_t *buf, const uint8_t *p, size_t max_target, http_head_t *h, int *status) {
    const uint8_t *q = skip_token(p);
    *status = -400;
    if (q == p || *q != ' ') {
        return NULL;
    }
    if (q - p > HTTP_METHOD_MAX) {
        *status = -501;
        return NULL;
    }
    h->method.start = p - buf;
    h->method.end = q - buf;
    p = ++q;
    while (*q - 0x21u < 0x5e && *q != '#') {
        q++;
    }
    if ((size_t)(q - p) > max_target) {
        *status = -414;
        return NULL;
    }
    if (q == p || *q != ' ') {
        return NULL;
    }
    h->target.start = p - buf;
    h->target.end = q - buf;
    // as far as the pattern matches there was no LF, so this reads no further
    const char *pattern = "HTTP/1.1\r\n";
    for (q++; *pattern; pattern++, q++) {
        if (*q != (uint8_t)*pattern && !(*pattern == '1' && is_digit(*q))) {
            return NULL;
        }
    }
    if (q[-5] != '1') {
        *status = -505;
        return NULL;
    }
    h->flags = q[-3] != '0' ? HTTP_VERSION_11 : 0;
    *status = split_target(buf, h);
    return *status ? NULL : q;
}

// Judge a request line of which the end is still to come: what can't become one
// (the start of a TLS handshake, say) is refused at once.
static int check_partial_line(const uint8_t *p, const uint8_t *end, size_t max_target) {
    if (p < end && *p == '\r') {
        return end - p == 1 ? 0 : -400;
    }
    const uint8_t *q = p;
    while (q < end && is_tchar(*q)) {
        q++;
    }
    if (q - p > HTTP_METHOD_MAX) {
        return -501;
    }
    if (q == end) {
        return 0;
    }
    if (*q != ' ' || q == p) {
        return -400;
    }
    p = ++q;
    while (q < end && *q - 0x21u < 0x5e && *q != '#') {
        q++;
    }
    if ((size_t)(q - p) > max_target) {
        return -414;
    }
    return q == end || (*q == ' ' && q > p) ? 0 : -400;
}

AIOWEB_FN int http_parse_head(
    const uint8_t *buf, size_t n, size_t max_target, size_t max_fields, http_head_t *h) {
    // Only whole lines are parsed. Their last byte is an LF, and no loop over
    // tokens, targets or values goes past a control character: that bounds them
    // all without a check at every byte.
    const uint8_t *end = buf + n;
    while (end > buf && end[-1] != '\n') {
        end--;
    }
    const uint8_t *p = buf;
    while (p < end && *p == '\r') { // RFC 9112 2.2: empty lines before the request
        if (p[1] != '\n') {
            return -400;
        }
        p += 2;
    }
    if (p == end) {
        return check_partial_line(p, buf + n, max_target);
    }

    h->query.start = h->query.end = h->host.start = h->host.end = 0;
    h->length = HTTP_LENGTH_NONE;
    int status;
    p = parse_request_line(buf, p, max_target, h, &status);
    if (p == NULL) {
        return status;
    }
    h->fields = p - buf;

    for (; p < end; p += 2) {
        if (*p == '\r') {
            if (p[1] != '\n') {
                return -400;
            }
            status = finish_head(h);
            return status ? status : p + 2 - buf;
        }
        const uint8_t *name = p;
        p = skip_token(p);
        size_t len = p - name;
        if (len == 0 || *p != ':') { // obs-fold and whitespace before ':' end here too
            return -400;
        }
        do {
            p++;
        } while (is_space(*p));
        const uint8_t *value = p;
        uint32_t c;
        while ((c = *p) - 0x20 < 0x5f || c >= 0x80 || c == '\t') {
            p++;
        }
        if (c != '\r' || p[1] != '\n') {
            return -400;
        }
        if (max_fields-- == 0) {
            return -431;
        }
        const uint8_t *last = p;
        while (last > value && is_space(last[-1])) {
            last--;
        }
        status = take_field(h, buf, name, len, value, last);
        if (status) {
            return status;
        }
    }
    return 0;
}

AIOWEB_FN size_t http_next_field(const uint8_t *buf, size_t n, size_t pos, http_field_t *f) {
    size_t i = pos;
    while (i < n && buf[i] != ':') {
        if (buf[i] == '\r') {
            return 0;
        }
        i++;
    }
    f->name.start = pos;
    f->name.end = i++;
    while (i < n && is_space(buf[i])) {
        i++;
    }
    f->value.start = i;
    while (i < n && buf[i] != '\r') {
        i++;
    }
    f->value.end = i;
    while (f->value.end > f->value.start && is_space(buf[f->value.end - 1])) {
        f->value.end--;
    }
    return i + 2 <= n ? i + 2 : 0;
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
