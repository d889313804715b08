// What request heads are made of: words, and bytes of some classes. Included by http.c
// alone, as it is code.
#ifndef AIOWEB_SYNTAX_H
#define AIOWEB_SYNTAX_H

#include <stddef.h>
#include <stdint.h>

// The words that the parser knows. Those of small letters match in any case. The
// schemes are the last, see check_form.
#define WORDS(WORD)                                                                                \
    WORD(HOST, "host")                                                                             \
    WORD(CONNECTION, "connection")                                                                 \
    WORD(KEEP_ALIVE, "keep-alive")                                                                 \
    WORD(UPGRADE, "upgrade")                                                                       \
    WORD(CHUNKED, "chunked")                                                                       \
    WORD(CLOSE, "close")                                                                           \
    WORD(CONTENT_LENGTH, "content-length")                                                         \
    WORD(TRANSFER_ENCODING, "transfer-encoding")                                                   \
    WORD(EXPECT, "expect")                                                                         \
    WORD(100_CONTINUE, "100-continue")                                                             \
    WORD(CONNECT, "CONNECT")                                                                       \
    WORD(OPTIONS, "OPTIONS")                                                                       \
    WORD(HTTP, "http")                                                                             \
    WORD(HTTPS, "https")

// Their numbers, from 1 on: 0 is no word.
#define NUMBER(name, text) WORD_##name,
enum { WORD_NONE, WORDS(NUMBER) };

// Their bytes, one after the other: each its length and its text. A length of 0 ends them.
#define MEMBERS(name, text)                                                                        \
    uint8_t length_##name;                                                                         \
    char text_##name[sizeof(text) - 1];
#define VALUES(name, text) sizeof(text) - 1, text,
static const struct {
    WORDS(MEMBERS)
    uint8_t end;
} words = { WORDS(VALUES) 0 };
#define SIZE(name, text) +sizeof(text)
_Static_assert(sizeof(words) == WORDS(SIZE) + 1, "see find_word");

// What a byte may be part of: classes[] has a set of these bits for each of
// 0x00..0x7e, and no higher byte is in any class.
enum {
    TOKEN = 1,   // tchar, RFC 9110 5.6.2
    PATH = 2,    // a request target up to its query: visible, no '#' and no '?', RFC 9112 3.2
    HOST = 4,    // reg-name: unreserved and sub-delims, RFC 3986 3.2.2
    LITERAL = 8, // beside HEX between the brackets of an IP-literal
    HEX = 16,
    SPACE = 32, // SP and HTAB
    COMMA = 64,
    QUERY = 128, // the '?' that may also be in a request target
};

#define IN(c, a, z) ((c) >= (a) && (c) <= (z))
#define IS_ALNUM(c) (IN(c, '0', '9') || IN((c) | 0x20, 'a', 'z'))
#define IS_HEX(c) (IN(c, '0', '9') || IN((c) | 0x20, 'a', 'f'))
#define IS_SPACE(c) ((c) == ' ' || (c) == '\t')
// characters of both tokens and hosts, of tokens only, and of hosts only
#define IS_BOTH(c)                                                                                 \
    (IS_ALNUM(c) || (c) == '!' || (c) == '$' || (c) == '&' || (c) == '\'' || (c) == '*'            \
        || (c) == '+' || (c) == '-' || (c) == '.' || (c) == '_' || (c) == '~')
#define IS_TOKEN(c)                                                                                \
    (IS_BOTH(c) || (c) == '#' || (c) == '%' || (c) == '^' || (c) == '`' || (c) == '|')
#define IS_HOST(c)                                                                                 \
    (IS_BOTH(c) || (c) == '(' || (c) == ')' || (c) == ',' || (c) == ';' || (c) == '=')
#define CLASS(c)                                                                                   \
    ((IS_TOKEN(c) ? TOKEN : 0) | (IN(c, 0x21, 0x7e) && (c) != '#' && (c) != '?' ? PATH : 0)        \
        | (IS_HOST(c) ? HOST : 0) | (IS_HEX(c) ? HEX : 0)                                          \
        | ((c) == ':' || (c) == '.' ? LITERAL : 0) | (IS_SPACE(c) ? SPACE : 0)                     \
        | ((c) == '?' ? QUERY : 0) | ((c) == ',' ? COMMA : 0))
#define CLASS4(c) CLASS(c), CLASS((c) + 1), CLASS((c) + 2), CLASS((c) + 3)
#define CLASS16(c) CLASS4(c), CLASS4((c) + 4), CLASS4((c) + 8), CLASS4((c) + 12)

static const uint8_t classes[127] = { CLASS16(0), CLASS16(16), CLASS16(32), CLASS16(48),
    CLASS16(64), CLASS16(80), CLASS16(96), CLASS4(112), CLASS4(116), CLASS4(120), CLASS(124),
    CLASS(125), CLASS(126) };

_Static_assert(QUERY == 0x80, "see check_partial_line");

static inline int is_digit(uint32_t c) {
    return c - '0' < 10;
}

// The first byte from p on that is not in the class. Only whole lines are parsed:
// their last byte, an LF, is in no class, so nothing needs to look for the end.
static const uint8_t *skip(const uint8_t *p, uint32_t class) {
    // an integer until then, for there may be no byte before p to point to
    uintptr_t at = (uintptr_t)p - 1;
    uint32_t c;
    do {
        c = *(const uint8_t *)++at;
    } while (c < sizeof(classes) && classes[c] & class);
    return (const uint8_t *)at;
}

typedef uint32_t __attribute__((may_alias)) http_word_t;

// The compiler may assume nothing of the arguments, nor inline the function.
#if defined(__has_attribute) && __has_attribute(noipa)
#define NOIPA __attribute__((noipa))
#else
#define NOIPA
#endif

// The first byte from p on that no field value has (RFC 9110 5.5). There is one
// before end. ones is 0x01010101: as long as GCC doesn't know that, it keeps the
// masks in registers, where it would load constants anew for every word.
NOIPA static const uint8_t *skip_value(const uint8_t *p, const uint8_t *end, uint32_t ones) {
    const uint8_t *stop = end - ((uintptr_t)end & 3);
    uint32_t spaces = ones << 5;
    uint32_t tops = ones << 7;
    for (;; p++) {
        if (((uintptr_t)p & 3) == 0) {
            // By words while every byte is in 0x20..0x7e: in the lowest one that is
            // not, the difference or the sum has the top bit set.
            while (p < stop) {
                uint32_t w = *(const http_word_t *)(const void *)p;
                if (((w - spaces) | (w + ones)) & tops) {
                    break;
                }
                p += 4;
            }
        }
        if ((*p < 0x20 && *p != '\t') || *p == 0x7f) {
            return p;
        }
    }
}

// Which of the words p[0..n) is, or 0. Among the characters of tokens and of values
// the bit 0x20 tells only a letter's cases apart, so far as the words have them.
static int find_word(const uint8_t *p, uint32_t n) {
    const uint8_t *word = (const uint8_t *)&words;
    for (int which = 1; *word; which++) {
        uint32_t len = *word++;
        if (len == n) {
            uint32_t i = 0;
            while (i < n && (p[i] == word[i] || (p[i] | 0x20) == word[i])) {
                i++;
            }
            if (i == n) {
                return which;
            }
        }
        word += len;
    }
    return 0;
}

// The first byte from p on that is neither in the class nor beyond ASCII.
__attribute__((noinline)) static const uint8_t *skip_text(const uint8_t *p, uint32_t class) {
    while (*p >= 0x80) {
        p = skip(p + 1, class);
    }
    return p;
}

// Whether two bytes are the same but for a letter's case.
static int is_same(uint32_t a, uint32_t b) {
    return a == b || ((a ^ b) == 0x20 && (a | 0x20) - 'a' < 26);
}

#endif
