// Binds the parsers to MicroPython: the module web._native.
//
// Positions and lengths are small ints and results go to a list that the caller
// reuses, so that nothing is allocated but the strings asked for. Errors of use
// are raised by MicroPython itself: looking an exception type up here would find
// whatever the caller's globals bind to that name.
#include "py/dynruntime.h"

#include "http.h"
#include "text.h"
#include "ws.h"

static size_t get_int(mp_obj_t o) {
    return (size_t)mp_obj_get_int(o);
}

// IndexError, of a tuple without items, unless len is as much as needed. A subclass
// could have any index of the object itself.
static void check_room(size_t len, size_t least) {
    if (len < least) {
        mp_obj_subscr(mp_const_empty_tuple, MP_OBJ_NEW_SMALL_INT(0), MP_OBJ_SENTINEL);
    }
}

// The buffer of an object, of at least that many bytes, or TypeError or IndexError.
static uint8_t *get_buffer(mp_obj_t o, int flags, size_t least, size_t *n) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(o, &info, flags);
    check_room(info.len, least);
    *n = info.len;
    return info.buf;
}

// The bytes args[0][args[1]:args[2]], or IndexError. Numbers and truth come before
// any buffer and list: an object's own __int__ could resize those.
static uint8_t *get_span(const mp_obj_t *args, int flags, size_t *n) {
    size_t start = get_int(args[1]);
    size_t end = get_int(args[2]);
    size_t len;
    // an end before the start asks for more than any buffer has
    uint8_t *p = get_buffer(args[0], flags, start > end ? SIZE_MAX : end, &len);
    *n = end - start;
    return p + start;
}

// The items of a list with room for n, or TypeError or IndexError.
static mp_obj_t *get_list(mp_obj_t o, size_t n) {
    if (mp_obj_get_type(o) != &mp_type_list) {
        get_buffer(mp_const_none, MP_BUFFER_READ, 0, &n);
    }
    mp_obj_list_t *list = MP_OBJ_TO_PTR(o);
    check_room(list->len, n);
    return list->items;
}

static mp_obj_t new_str(const uint8_t *p, size_t n) {
    return mp_obj_new_str((const char *)p, n);
}

static mp_obj_t new_span(const uint8_t *buf, const http_span_t *s) {
    return new_str(buf + s->start, s->end - s->start);
}

// Memory to free with m_free, or MemoryError, which a dict raises that needs more.
static uint8_t *allocate(size_t n) {
    uint8_t *p;
    while ((p = m_realloc_maybe(NULL, n, false)) == NULL && n) {
        mp_obj_new_dict(n);
    }
    return p;
}

// Text from outside: UTF-8 where it is valid, else ISO-8859-1, which never fails.
static mp_obj_t new_text(const uint8_t *p, size_t n) {
    if (text_utf8(p, n, 0) == 0) {
        return new_str(p, n);
    }
    uint8_t *tmp = allocate(2 * n);
    mp_obj_t o = new_str(tmp, text_from_latin1(p, n, tmp));
    m_free(tmp);
    return o;
}

// Whether a str has these bytes. A connection's requests have much in common, and to
// look for an interned string costs more than to parse most heads.
static bool has_bytes(mp_obj_t str, const uint8_t *p, size_t n) {
    mp_buffer_info_t info;
    size_t i = 0;
    if (mp_get_buffer(str, &info, MP_BUFFER_READ) && info.len == n) {
        while (i < n && p[i] == ((const uint8_t *)info.buf)[i]) {
            i++;
        }
        return i == n;
    }
    return false;
}

// The text decoded, which is old if that is the same; with TEXT_STRICT, MP_OBJ_NULL
// if it can't be, to UTF-8.
static mp_obj_t new_unquoted(mp_obj_t old, const uint8_t *p, size_t n, unsigned mode) {
    size_t i = 0;
    while (i < n && p[i] != '%' && !(p[i] == '+' && mode & TEXT_PLUS)) {
        i++;
    }
    if (i == n) {
        return has_bytes(old, p, n) ? old : new_text(p, n);
    }
    uint8_t *tmp = allocate(n);
    int len = text_unquote(p, n, tmp, mode);
    mp_obj_t o = MP_OBJ_NULL;
    if (!(mode & TEXT_STRICT) || (len >= 0 && text_utf8(tmp, len, 0) == 0)) {
        o = new_text(tmp, len);
    }
    m_free(tmp);
    return o;
}

// parse_head(buf, start, end, max_target, max_fields, out) -> int
// out: method, path, query, flags, content length, offsets of the first field
// line, of the target and its end, of the host and its end (0, 0 without one).
static mp_obj_t parse_head(size_t n_args, const mp_obj_t *args) {
    size_t n;
    size_t start = get_int(args[1]);
    size_t max_target = get_int(args[3]);
    size_t max_fields = get_int(args[4]);
    const uint8_t *buf = get_span(args, MP_BUFFER_READ, &n);
    mp_obj_t *out = get_list(args[5], 10);
    http_head_t h;
    int used = http_parse_head(buf, n, max_target, max_fields, &h);
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
        if (!has_bytes(out[0], buf + h.method.start, h.method.end - h.method.start)) {
            out[0] = new_span(buf, &h.method);
        }
        out[1] = path;
        out[2] = h.query.start ? new_span(buf, &h.query) : mp_const_none;
        // the numbers lie one after the other; an offset of 0 is that of an absent host
        const uint32_t *numbers = (const uint32_t *)&h + offsetof(http_head_t, flags) / 4;
        for (int i = 0; i < 7; i++) {
            mp_int_t number = (int32_t)numbers[i];
            if (i >= 2 && number) {
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
    size_t n;
    size_t start = get_int(args[1]);
    const uint8_t *buf = get_span(args, MP_BUFFER_READ, &n);
    mp_obj_t *out = get_list(args[3], 2);
    http_field_t f;
    size_t pos = http_next_field(buf, n, 0, &f);
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
    size_t n, pos = 0;
    const uint8_t *buf = get_span(args, MP_BUFFER_READ, &n);
    size_t len;
    const uint8_t *name = get_buffer(args[3], MP_BUFFER_READ, 0, &len);
    http_field_t f;
    mp_obj_t found = mp_const_none;
    while ((pos = http_find_field(buf, n, pos, name, len, &f)) != 0) {
        mp_obj_t value = new_text(buf + f.value.start, f.value.end - f.value.start);
        if (found != mp_const_none) {
            found = mp_binary_op(MP_BINARY_OP_ADD, found, new_str((const uint8_t *)", ", 2));
            value = mp_binary_op(MP_BINARY_OP_ADD, found, value);
        }
        found = value;
    }
    return found;
}

// unquote(s, plus) -> str
static mp_obj_t unquote(size_t n_args, const mp_obj_t *args) {
    size_t n;
    unsigned mode = mp_obj_is_true(args[1]) ? TEXT_PLUS : 0;
    const uint8_t *p = get_buffer(args[0], MP_BUFFER_READ, 0, &n);
    return new_unquoted(mp_const_none, p, n, mode);
}

// utf8(buf, start, end, state) -> the new state, see text.h
static mp_obj_t utf8(size_t n_args, const mp_obj_t *args) {
    size_t n;
    int32_t state = get_int(args[3]);
    const uint8_t *p = get_span(args, MP_BUFFER_READ, &n);
    return MP_OBJ_NEW_SMALL_INT(text_utf8(p, n, state));
}

// ws_parse(buf, start, end, masked, rsv, out) -> int
// out: first byte, payload length, offset of the masking key (0 without one)
static mp_obj_t ws_parse(size_t n_args, const mp_obj_t *args) {
    size_t n;
    size_t start = get_int(args[1]);
    int masked = mp_obj_is_true(args[3]);
    unsigned rsv = get_int(args[4]);
    const uint8_t *buf = get_span(args, MP_BUFFER_READ, &n);
    mp_obj_t *out = get_list(args[5], 3);
    ws_header_t h;
    int used = ws_parse_header(buf, n, masked, rsv, &h);
    if (used > 0) {
        out[0] = MP_OBJ_NEW_SMALL_INT(h.first);
        out[1] = MP_OBJ_NEW_SMALL_INT(h.length);
        out[2] = MP_OBJ_NEW_SMALL_INT(h.key ? start + h.key : 0);
    }
    return MP_OBJ_NEW_SMALL_INT(used);
}

// ws_build(buf, first, length, key or None) -> the header's length
static mp_obj_t ws_build(size_t n_args, const mp_obj_t *args) {
    size_t n;
    unsigned first = get_int(args[1]);
    uint32_t length = get_int(args[2]);
    uint8_t *out = get_buffer(args[0], MP_BUFFER_WRITE, WS_HEADER_MAX, &n);
    const uint8_t *key = NULL;
    if (args[3] != mp_const_none) {
        key = get_buffer(args[3], MP_BUFFER_READ, 4, &n);
    }
    return MP_OBJ_NEW_SMALL_INT(ws_build_header(out, first, length, key));
}

// mask(buf, start, end, key, offset): in place, see ws.h
static mp_obj_t mask(size_t n_args, const mp_obj_t *args) {
    size_t n;
    uint32_t offset = get_int(args[4]);
    uint8_t *p = get_span(args, MP_BUFFER_RW, &n);
    size_t key_len;
    const uint8_t *key = get_buffer(args[3], MP_BUFFER_READ, 4, &key_len);
    ws_mask(p, n, key, offset);
    return mp_const_none;
}

// The functions in the order of their names, as mpy_ld.py sorts mp_native_qstr_table.
// Its first entry is the file's name.
static const mp_obj_fun_builtin_var_t functions[] = {
    { { &mp_type_fun_builtin_var }, MP_OBJ_FUN_MAKE_SIG(4, 4, false), .fun.var = find_field },
    { { &mp_type_fun_builtin_var }, MP_OBJ_FUN_MAKE_SIG(5, 5, false), .fun.var = mask },
    { { &mp_type_fun_builtin_var }, MP_OBJ_FUN_MAKE_SIG(4, 4, false), .fun.var = next_field },
    { { &mp_type_fun_builtin_var }, MP_OBJ_FUN_MAKE_SIG(6, 6, false), .fun.var = parse_head },
    { { &mp_type_fun_builtin_var }, MP_OBJ_FUN_MAKE_SIG(2, 2, false), .fun.var = unquote },
    { { &mp_type_fun_builtin_var }, MP_OBJ_FUN_MAKE_SIG(4, 4, false), .fun.var = utf8 },
    { { &mp_type_fun_builtin_var }, MP_OBJ_FUN_MAKE_SIG(4, 4, false), .fun.var = ws_build },
    { { &mp_type_fun_builtin_var }, MP_OBJ_FUN_MAKE_SIG(6, 6, false), .fun.var = ws_parse },
};
_Static_assert(&MP_QSTR_find_field == &mp_native_qstr_table[1], "order");
_Static_assert(&MP_QSTR_mask == &mp_native_qstr_table[2], "order");
_Static_assert(&MP_QSTR_next_field == &mp_native_qstr_table[3], "order");
_Static_assert(&MP_QSTR_parse_head == &mp_native_qstr_table[4], "order");
_Static_assert(&MP_QSTR_unquote == &mp_native_qstr_table[5], "order");
_Static_assert(&MP_QSTR_utf8 == &mp_native_qstr_table[6], "order");
_Static_assert(&MP_QSTR_ws_build == &mp_native_qstr_table[7], "order");
_Static_assert(&MP_QSTR_ws_parse == &mp_native_qstr_table[8], "order");

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    for (size_t i = 0; i < sizeof(functions) / sizeof(*functions);) {
        const mp_obj_fun_builtin_var_t *function = &functions[i++];
        mp_store_global(mp_native_qstr_table[i], MP_OBJ_FROM_PTR(function));
    }
    MP_DYNRUNTIME_INIT_EXIT
}
