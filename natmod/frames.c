// The module web._frames: WebSocket frames and the check of their texts.
#include "module.h"

#include "ws.c"

BINDINGS

// ws_parse(buf, start, end, expect, out) -> int
// expect: see ws.h; out: first byte, payload length
// The header of a masked frame ends with the key, and what is there of its payload
// is unmasked.
static mp_obj_t ws_parse(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t b;
    unsigned expect = get_int(args[3]);
    get_span(args, MP_BUFFER_RW, &b);
    mp_obj_t *out = get_list(args[4], 2);
    ws_header_t h;
    int used = ws_parse_header(b.buf, b.len, expect, &h);
    if (used > 0) {
        uint8_t *payload = (uint8_t *)b.buf + used;
        b.len -= used;
        out[0] = MP_OBJ_NEW_SMALL_INT(h.first);
        out[1] = MP_OBJ_NEW_SMALL_INT(h.length);
        if (expect & WS_MASKED) {
            ws_mask(payload, b.len < h.length ? b.len : h.length, payload - 4, 0);
        }
    }
    return MP_OBJ_NEW_SMALL_INT(used);
}

// ws_build(buf, first, data, key or b"") -> how many bytes of buf are filled: with the
// header, and as much of data as there is room for
static mp_obj_t ws_build(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t out, key, data;
    unsigned first = get_int(args[1]);
    get_buffer(args[0], MP_BUFFER_WRITE, WS_HEADER_MAX, &out);
    get_buffer(args[2], MP_BUFFER_READ, 0, &data);
    get_buffer(args[3], MP_BUFFER_READ, 0, &key);
    size_t n = ws_build_header(out.buf, first, data.len, key.len < 4 ? NULL : key.buf);
    size_t room = out.len - n;
    if (data.len > room) {
        data.len = room;
    }
    mp_fun_table.memmove_((uint8_t *)out.buf + n, data.buf, data.len);
    return MP_OBJ_NEW_SMALL_INT(n + data.len);
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
    FUNCTION(ws_parse, 5),
};
_Static_assert(&MP_QSTR_mask == &mp_native_qstr_table[1], "order");
_Static_assert(&MP_QSTR_ws_build == &mp_native_qstr_table[2], "order");
_Static_assert(&MP_QSTR_ws_parse == &mp_native_qstr_table[3], "order");

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    return init(self, functions, sizeof(functions) / sizeof(*functions));
}
