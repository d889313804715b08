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

static inline size_t get_int(mp_obj_t o) {
    return (size_t)mp_obj_get_int(o);
}

// The bytes o[start:end], or IndexError.
static uint8_t *get_span(mp_obj_t o, mp_obj_t start_in, mp_obj_t end_in, int flags, size_t *n) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(o, &info, flags);
    size_t start = get_int(start_in);
    size_t end = get_int(end_in);
    if (start > end || end > info.len) {
        mp_obj_subscr(o, MP_OBJ_NEW_SMALL_INT(info.len), MP_OBJ_SENTINEL);
    }
    *n = end - start;
    return (uint8_t *)info.buf + start;
}

// The items of a list with room for n, or TypeError or IndexError.
static mp_obj_t *get_list(mp_obj_t o, size_t n) {
    if (mp_obj_get_type(o) != &mp_type_list) {
        mp_buffer_info_t info;
        mp_get_buffer_raise(mp_const_none, &info, MP_BUFFER_READ);
    }
    mp_obj_list_t *list = MP_OBJ_TO_PTR(o);
    if (list->len < n) {
        mp_obj_subscr(o, MP_OBJ_NEW_SMALL_INT(list->len), MP_OBJ_SENTINEL);
    }
    return list->items;
}

static mp_obj_t new_str(const uint8_t *p, size_t n) {
    return mp_obj_new_str((const char *)p, n);
}

// Text from outside: UTF-8 where it is valid, else ISO-8859-1, which never fails.
static mp_obj_t new_text(const uint8_t *p, size_t n) {
    if (text_utf8(p, n, 0) == 0) {
        return new_str(p, n);
    }
    uint8_t *tmp = m_malloc(2 * n);
    mp_obj_t o = new_str(tmp, text_from_latin1(p, n, tmp));
    m_free(tmp);
    return o;
}

static mp_obj_t new_unquoted(const uint8_t *p, size_t n, unsigned mode) {
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '%' || (p[i] == '+' && mode & TEXT_PLUS)) {
            uint8_t *tmp = m_malloc(n);
            mp_obj_t o = new_text(tmp, text_unquote(p, n, tmp, mode));
            m_free(tmp);
            return o;
        }
    }
    return new_text(p, n);
}

// The path decoded, or MP_OBJ_NULL if it can't be.
static mp_obj_t new_path(const uint8_t *p, size_t n) {
    size_t i = 0;
    while (i < n && p[i] != '%') {
        i++;
    }
    if (i == n) {
        return n ? new_str(p, n) : new_str((const uint8_t *)"/", 1);
    }
    uint8_t *tmp = m_malloc(n);
    int len = text_unquote(p, n, tmp, TEXT_STRICT);
    mp_obj_t o = len > 0 && text_utf8(tmp, len, 0) == 0 ? new_str(tmp, len) : MP_OBJ_NULL;
    m_free(tmp);
    return o;
}

// parse_head(buf, start, end, max_target, max_fields, out) -> int
// out: method, path, query, flags, content length, offsets of the first field
// line, of the target and its end, of the host and its end (0, 0 without one).
static mp_obj_t parse_head(size_t n_args, const mp_obj_t *args) {
    size_t n;
    const uint8_t *buf = get_span(args[0], args[1], args[2], MP_BUFFER_READ, &n);
    mp_obj_t *out = get_list(args[5], 10);
    http_head_t h;
    int used = http_parse_head(buf, n, get_int(args[3]), get_int(args[4]), &h);
    if (used > 0) {
        mp_obj_t path = new_path(buf + h.path.start, h.path.end - h.path.start);
        if (path == MP_OBJ_NULL) {
            return MP_OBJ_NEW_SMALL_INT(-400);
        }
        mp_int_t start = get_int(args[1]);
        mp_int_t host = h.host.start ? start : 0;
        out[0] = new_str(buf + h.method.start, h.method.end - h.method.start);
        out[1] = path;
        out[2] = h.query.start ? new_str(buf + h.query.start, h.query.end - h.query.start)
                               : mp_const_none;
        out[3] = MP_OBJ_NEW_SMALL_INT(h.flags);
        out[4] = MP_OBJ_NEW_SMALL_INT(h.length);
        out[5] = MP_OBJ_NEW_SMALL_INT(start + h.fields);
        out[6] = MP_OBJ_NEW_SMALL_INT(start + h.target.start);
        out[7] = MP_OBJ_NEW_SMALL_INT(start + h.target.end);
        out[8] = MP_OBJ_NEW_SMALL_INT(host + h.host.start);
        out[9] = MP_OBJ_NEW_SMALL_INT(host + h.host.end);
    }
    return MP_OBJ_NEW_SMALL_INT(used);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(parse_head_obj, 6, 6, parse_head);

// next_field(buf, pos, end, out) -> the next line's position, 0 at the end
// out: name, value
static mp_obj_t next_field(size_t n_args, const mp_obj_t *args) {
    size_t n;
    const uint8_t *buf = get_span(args[0], args[1], args[2], MP_BUFFER_READ, &n);
    mp_obj_t *out = get_list(args[3], 2);
    http_field_t f;
    size_t pos = http_next_field(buf, n, 0, &f);
    if (pos) {
        out[0] = new_str(buf + f.name.start, f.name.end - f.name.start);
        out[1] = new_text(buf + f.value.start, f.value.end - f.value.start);
        pos += get_int(args[1]);
    }
    return MP_OBJ_NEW_SMALL_INT(pos);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(next_field_obj, 4, 4, next_field);

// find_field(buf, pos, end, name) -> str, or None
// Repeated fields are combined in order (RFC 9110 5.3).
static mp_obj_t find_field(size_t n_args, const mp_obj_t *args) {
    size_t n, pos = 0;
    const uint8_t *buf = get_span(args[0], args[1], args[2], MP_BUFFER_READ, &n);
    mp_buffer_info_t name;
    mp_get_buffer_raise(args[3], &name, MP_BUFFER_READ);
    http_field_t f;
    mp_obj_t found = mp_const_none;
    while ((pos = http_find_field(buf, n, pos, name.buf, name.len, &f)) != 0) {
        mp_obj_t value = new_text(buf + f.value.start, f.value.end - f.value.start);
        if (found != mp_const_none) {
            found = mp_binary_op(MP_BINARY_OP_ADD, found, new_str((const uint8_t *)", ", 2));
            value = mp_binary_op(MP_BINARY_OP_ADD, found, value);
        }
        found = value;
    }
    return found;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(find_field_obj, 4, 4, find_field);

// unquote(s, plus) -> str
static mp_obj_t unquote(mp_obj_t s, mp_obj_t plus) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(s, &info, MP_BUFFER_READ);
    return new_unquoted(info.buf, info.len, mp_obj_is_true(plus) ? TEXT_PLUS : 0);
}
static MP_DEFINE_CONST_FUN_OBJ_2(unquote_obj, unquote);

static void store_pair(mp_obj_t dict, mp_obj_t key, mp_obj_t value) {
    if (mp_obj_is_true(mp_binary_op(MP_BINARY_OP_IN, key, dict))) {
        mp_obj_t old = mp_obj_subscr(dict, key, MP_OBJ_SENTINEL);
        if (mp_obj_get_type(old) == &mp_type_list) {
            mp_obj_list_append(old, value);
            return;
        }
        mp_obj_t both[2] = { old, value };
        value = mp_obj_new_list(2, both);
    }
    mp_obj_dict_store(dict, key, value);
}

// parse_qs(s) -> dict
static mp_obj_t parse_qs(mp_obj_t s) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(s, &info, MP_BUFFER_READ);
    const uint8_t *p = info.buf;
    const uint8_t *end = p + info.len;
    mp_obj_t dict = mp_obj_new_dict(0);
    while (p < end) {
        const uint8_t *q = p;
        const uint8_t *eq = NULL;
        for (; q < end && *q != '&'; q++) {
            if (*q == '=' && eq == NULL) {
                eq = q;
            }
        }
        if (q > p) {
            mp_obj_t key = new_unquoted(p, (eq ? eq : q) - p, TEXT_PLUS);
            store_pair(dict, key, eq ? new_unquoted(eq + 1, q - eq - 1, TEXT_PLUS) : mp_const_true);
        }
        p = q + 1;
    }
    return dict;
}
static MP_DEFINE_CONST_FUN_OBJ_1(parse_qs_obj, parse_qs);

// utf8(buf, start, end, state) -> the new state, see text.h
static mp_obj_t utf8(size_t n_args, const mp_obj_t *args) {
    size_t n;
    const uint8_t *p = get_span(args[0], args[1], args[2], MP_BUFFER_READ, &n);
    return MP_OBJ_NEW_SMALL_INT(text_utf8(p, n, get_int(args[3])));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(utf8_obj, 4, 4, utf8);

// ws_parse(buf, start, end, masked, rsv, out) -> int
// out: first byte, payload length, offset of the masking key (0 without one)
static mp_obj_t ws_parse(size_t n_args, const mp_obj_t *args) {
    size_t n;
    const uint8_t *buf = get_span(args[0], args[1], args[2], MP_BUFFER_READ, &n);
    mp_obj_t *out = get_list(args[5], 3);
    ws_header_t h;
    int used = ws_parse_header(buf, n, mp_obj_is_true(args[3]), get_int(args[4]), &h);
    if (used > 0) {
        out[0] = MP_OBJ_NEW_SMALL_INT(h.first);
        out[1] = MP_OBJ_NEW_SMALL_INT(h.length);
        out[2] = MP_OBJ_NEW_SMALL_INT(h.key ? get_int(args[1]) + h.key : 0);
    }
    return MP_OBJ_NEW_SMALL_INT(used);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(ws_parse_obj, 6, 6, ws_parse);

static const uint8_t *get_key(mp_obj_t o) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(o, &info, MP_BUFFER_READ);
    if (info.len < 4) {
        mp_obj_subscr(o, MP_OBJ_NEW_SMALL_INT(3), MP_OBJ_SENTINEL);
    }
    return info.buf;
}

// ws_build(buf, first, length, key or None) -> the header's length
static mp_obj_t ws_build(size_t n_args, const mp_obj_t *args) {
    size_t n;
    uint8_t *out = get_span(
        args[0], MP_OBJ_NEW_SMALL_INT(0), MP_OBJ_NEW_SMALL_INT(WS_HEADER_MAX), MP_BUFFER_WRITE, &n);
    const uint8_t *key = args[3] == mp_const_none ? NULL : get_key(args[3]);
    return MP_OBJ_NEW_SMALL_INT(ws_build_header(out, get_int(args[1]), get_int(args[2]), key));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(ws_build_obj, 4, 4, ws_build);

// mask(buf, start, end, key, offset): in place, see ws.h
static mp_obj_t mask(size_t n_args, const mp_obj_t *args) {
    size_t n;
    uint8_t *p = get_span(args[0], args[1], args[2], MP_BUFFER_RW, &n);
    ws_mask(p, n, get_key(args[3]), get_int(args[4]));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mask_obj, 5, 5, mask);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_parse_head, MP_OBJ_FROM_PTR(&parse_head_obj));
    mp_store_global(MP_QSTR_next_field, MP_OBJ_FROM_PTR(&next_field_obj));
    mp_store_global(MP_QSTR_find_field, MP_OBJ_FROM_PTR(&find_field_obj));
    mp_store_global(MP_QSTR_unquote, MP_OBJ_FROM_PTR(&unquote_obj));
    mp_store_global(MP_QSTR_parse_qs, MP_OBJ_FROM_PTR(&parse_qs_obj));
    mp_store_global(MP_QSTR_utf8, MP_OBJ_FROM_PTR(&utf8_obj));
    mp_store_global(MP_QSTR_ws_parse, MP_OBJ_FROM_PTR(&ws_parse_obj));
    mp_store_global(MP_QSTR_ws_build, MP_OBJ_FROM_PTR(&ws_build_obj));
    mp_store_global(MP_QSTR_mask, MP_OBJ_FROM_PTR(&mask_obj));
    MP_DYNRUNTIME_INIT_EXIT
}
