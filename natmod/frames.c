// The module web._frames: WebSocket frames and the check of their texts.
#include "module.h"

#include "ws.c"

// ws_parse(buf, start, end, masked, rsv, out) -> int
// out: first byte, payload length, offset of the masking key (0 without one)
static mp_obj_t ws_parse(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t b;
    int masked = mp_obj_is_true(args[3]);
    unsigned rsv = get_int(args[4]);
    size_t start = get_span(args, MP_BUFFER_READ, &b);
    mp_obj_t *out = get_list(args[5], 3);
    ws_header_t h;
    int used = ws_parse_header(b.buf, b.len, masked, rsv, &h);
    if (used > 0) {
        out[0] = MP_OBJ_NEW_SMALL_INT(h.first);
        out[1] = MP_OBJ_NEW_SMALL_INT(h.length);
        out[2] = MP_OBJ_NEW_SMALL_INT(h.key ? start + h.key : 0);
    }
    return MP_OBJ_NEW_SMALL_INT(used);
}

// ws_build(buf, first, length, key or None) -> the header's length
static mp_obj_t ws_build(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t out, key;
    unsigned first = get_int(args[1]);
    uint32_t length = get_int(args[2]);
    get_buffer(args[0], MP_BUFFER_WRITE, WS_HEADER_MAX, &out);
    key.buf = NULL;
    if (args[3] != mp_const_none) {
        get_buffer(args[3], MP_BUFFER_READ, 4, &key);
    }
    return MP_OBJ_NEW_SMALL_INT(ws_build_header(out.buf, first, length, key.buf));
}

// mask(buf, start, end, key, offset): in place, see ws.h
static mp_obj_t mask(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t b, key;
    uint32_t offset = get_int(args[4]);
    get_span(args, MP_BUFFER_RW, &b);
    get_buffer(args[3], MP_BUFFER_READ, 4, &key);
    ws_mask(b.buf, b.len, key.buf, offset);
    return mp_const_none;
}

static const mp_obj_fun_builtin_var_t functions[] = {
    FUNCTION(mask, 5),
    FUNCTION(ws_build, 4),
    FUNCTION(ws_parse, 6),
};
_Static_assert(&MP_QSTR_mask == &mp_native_qstr_table[1], "order");
_Static_assert(&MP_QSTR_ws_build == &mp_native_qstr_table[2], "order");
_Static_assert(&MP_QSTR_ws_parse == &mp_native_qstr_table[3], "order");

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    return init(self, functions, sizeof(functions) / sizeof(*functions));
}
