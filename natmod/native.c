// The module web._native: the parser of heads and what reads their parts.
#include "module.h"
#include "py/objtype.h"

#include "http.c"
#include "text.c"

BINDINGS

static mp_obj_t new_str(const uint8_t *p, size_t n) {
    return mp_obj_new_str((const char *)p, n);
}

static mp_obj_t new_span(const uint8_t *buf, const http_span_t *s) {
    return new_str(buf + s->start, s->end - s->start);
}

// Memory to release, or MemoryError, which a dict raises that needs more.
static uint8_t *allocate(size_t n) {
    uint8_t *p;
    while ((p = mp_fun_table.realloc_(NULL, n, false)) == NULL && n) {
        mp_obj_new_dict(n);
    }
    return p;
}

static void release(uint8_t *p) {
    mp_fun_table.realloc_(p, 0, false);
}

// Text from outside: UTF-8 where it is valid, else ISO-8859-1, which never fails.
static mp_obj_t new_text(const uint8_t *p, size_t n) {
    if (text_utf8(p, n, 0) == 0) {
        return new_str(p, n);
    }
    uint8_t *tmp = allocate(2 * n);
    mp_obj_t o = new_str(tmp, text_from_latin1(p, n, tmp));
    release(tmp);
    return o;
}

// The same, but old if that is this text: a connection's requests have much in common,
// and to look for an interned string costs more than to parse most heads.
static mp_obj_t keep_text(mp_obj_t old, const uint8_t *p, size_t n) {
    mp_buffer_info_t b;
    if (mp_get_buffer(old, &b, MP_BUFFER_READ) && b.len == n) {
        size_t i = 0;
        while (i < n && p[i] == ((const uint8_t *)b.buf)[i]) {
            i++;
        }
        if (i == n) {
            return old;
        }
    }
    return new_text(p, n);
}

// The text decoded, which is old if that is the same; with TEXT_STRICT, MP_OBJ_NULL
// if it can't be, to UTF-8.
static mp_obj_t new_unquoted(mp_obj_t old, const uint8_t *p, size_t n, unsigned mode) {
    size_t i = 0;
    while (i < n && p[i] != '%' && !(p[i] == '+' && mode & TEXT_PLUS)) {
        i++;
    }
    if (i == n) {
        return keep_text(old, p, n);
    }
    uint8_t *tmp = allocate(n);
    int len = text_unquote(p, n, tmp, mode);
    mp_obj_t o = MP_OBJ_NULL;
    if (!(mode & TEXT_STRICT) || (len >= 0 && text_utf8(tmp, len, 0) == 0)) {
        o = new_text(tmp, len);
    }
    release(tmp);
    return o;
}

// The numbers of a head, which out gets as they lie, from flags on to the end.
#define INDEX(member) ((offsetof(http_head_t, member) - offsetof(http_head_t, flags)) / 4)
enum {
    OFFSETS = INDEX(fields),
    NUMBERS = sizeof(http_head_t) / 4 - offsetof(http_head_t, flags) / 4
};
_Static_assert(INDEX(length) == 1, "order");
_Static_assert(OFFSETS == 2 && INDEX(target) == 3 && INDEX(host) == 5, "order");
_Static_assert(NUMBERS == 7, "nothing else, and no gap");

// parse_head(buf, start, end, max_target, max_fields, out) -> int
// out: method, path, query, flags, content length, offsets of the first field
// line, of the target and its end, of the host and its end (0, 0 without one).
static mp_obj_t parse_head(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t b;
    size_t max_target = get_int(args[3]);
    size_t max_fields = get_int(args[4]);
    size_t start = get_span(args, MP_BUFFER_READ, &b);
    const uint8_t *buf = b.buf;
    mp_obj_t *out = get_list(args[5], 3 + NUMBERS);
    http_head_t h;
    int used = http_parse_head(buf, b.len, max_target, max_fields, &h);
    if (used > 0) {
        const uint8_t *p = buf + h.path.start;
        size_t len = h.path.end - h.path.start;
        if (len == 0) { // an absolute-form without a path asks for the root
            p = (const uint8_t *)"/";
            len = 1;
        }
        mp_obj_t path = new_unquoted(out[1], p, len, TEXT_STRICT);
        if (path == MP_OBJ_NULL) {
            return MP_OBJ_NEW_SMALL_INT(-400);
        }
        out[0] = keep_text(out[0], buf + h.method.start, h.method.end - h.method.start);
        out[1] = path;
        out[2] = h.query.start ? new_span(buf, &h.query) : mp_const_none;
        const uint32_t *numbers = (const uint32_t *)&h + offsetof(http_head_t, flags) / 4;
        for (int i = 0; i < NUMBERS; i++) {
            mp_int_t number = (int32_t)numbers[i];
            if (i >= OFFSETS && number) { // 0 is that of an absent host
                number += start;
            }
            out[3 + i] = MP_OBJ_NEW_SMALL_INT(number);
        }
    }
    return MP_OBJ_NEW_SMALL_INT(used);
}

// next_field(buf, pos, end, out) -> the next line's position, 0 at the end
// out: name, value
static mp_obj_t next_field(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t b;
    size_t start = get_span(args, MP_BUFFER_READ, &b);
    const uint8_t *buf = b.buf;
    mp_obj_t *out = get_list(args[3], 2);
    http_field_t f;
    size_t pos = http_next_field(buf, b.len, 0, &f);
    if (pos) {
        out[0] = new_span(buf, &f.name);
        out[1] = new_text(buf + f.value.start, f.value.end - f.value.start);
        pos += start;
    }
    return MP_OBJ_NEW_SMALL_INT(pos);
}

// find_field(buf, pos, end, name) -> str, or None
// Repeated fields are combined in order (RFC 9110 5.3).
static mp_obj_t find_field(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t b, name;
    size_t pos = 0;
    get_span(args, MP_BUFFER_READ, &b);
    const uint8_t *buf = b.buf;
    get_buffer(args[3], MP_BUFFER_READ, 0, &name);
    http_field_t f;
    mp_obj_t found = mp_const_none;
    while ((pos = http_find_field(buf, b.len, pos, name.buf, name.len, &f)) != 0) {
        mp_obj_t value = new_text(buf + f.value.start, f.value.end - f.value.start);
        if (found != mp_const_none) {
            found = mp_binary_op(MP_BINARY_OP_ADD, found, new_str((const uint8_t *)", ", 2));
            value = mp_binary_op(MP_BINARY_OP_ADD, found, value);
        }
        found = value;
    }
    return found;
}

// members(o) -> int
// How many attributes an instance of a Python class has of its own. Its __dict__ would
// be a copy of them all.
static mp_obj_t members(size_t n_args, const mp_obj_t *args) {
    if (!(mp_obj_get_type(args[0])->flags & MP_TYPE_FLAG_INSTANCE_TYPE)) {
        get_int(mp_const_none); // TypeError
    }
    const mp_obj_instance_t *instance = MP_OBJ_TO_PTR(args[0]);
    return MP_OBJ_NEW_SMALL_INT(instance->members.used);
}

// unquote(s, plus) -> str
static mp_obj_t unquote(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t b;
    unsigned mode = mp_obj_is_true(args[1]) * TEXT_PLUS;
    get_buffer(args[0], MP_BUFFER_READ, 0, &b);
    return new_unquoted(mp_const_none, b.buf, b.len, mode);
}

// utf8(buf, start, end, state) -> the new state, see text.h
static mp_obj_t utf8(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t b;
    int32_t state = get_int(args[3]);
    get_span(args, MP_BUFFER_READ, &b);
    return MP_OBJ_NEW_SMALL_INT(text_utf8(b.buf, b.len, state));
}

static const mp_obj_fun_builtin_var_t functions[] = {
    FUNCTION(find_field, 4),
    FUNCTION(members, 1),
    FUNCTION(next_field, 4),
    FUNCTION(parse_head, 6),
    FUNCTION(unquote, 2),
    FUNCTION(utf8, 4),
};
_Static_assert(&MP_QSTR_find_field == &mp_native_qstr_table[1], "order");
_Static_assert(&MP_QSTR_members == &mp_native_qstr_table[2], "order");
_Static_assert(&MP_QSTR_next_field == &mp_native_qstr_table[3], "order");
_Static_assert(&MP_QSTR_parse_head == &mp_native_qstr_table[4], "order");
_Static_assert(&MP_QSTR_unquote == &mp_native_qstr_table[5], "order");
_Static_assert(&MP_QSTR_utf8 == &mp_native_qstr_table[6], "order");

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    return init(self, functions, sizeof(functions) / sizeof(*functions));
}
