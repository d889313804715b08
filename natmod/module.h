// What the bindings of both modules share. Each module is one translation unit:
// mpy_ld.py confuses pointers into the constants of several object files on the
// xtensa architectures; and with every function static the compiler drops what is
// inlined or not used.
//
// Positions and lengths are small ints and results go to a list that the caller
// reuses, so that nothing is allocated but the strings asked for. Errors of use
// are raised by MicroPython itself: looking an exception type up here would find
// whatever the caller's globals bind to that name.
#ifndef AIOWEB_MODULE_H
#define AIOWEB_MODULE_H

#include "py/dynruntime.h"

#define AIOWEB_FN static

#if defined(__arm__) || defined(__i386__)
// To find the function table's address takes more code there than a call.
__attribute__((noinline, const)) static const mp_fun_table_t *fun_table(void) {
    return &mp_fun_table;
}
#define mp_fun_table (*fun_table())
#endif

// The bindings that follow are smaller with addresses that are not kept in registers.
#define BINDINGS _Pragma("GCC optimize(\"no-move-loop-invariants\")")

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
static void get_buffer(mp_obj_t o, int flags, size_t least, mp_buffer_info_t *b) {
    mp_get_buffer_raise(o, b, flags);
    check_room(b->len, least);
}

// The bytes args[0][args[1]:args[2]], or IndexError. Returns args[1]. Numbers and truth
// come before any buffer and list: an object's own __int__ could resize those.
static size_t get_span(const mp_obj_t *args, int flags, mp_buffer_info_t *b) {
    size_t start = get_int(args[1]);
    size_t end = get_int(args[2]);
    // an end before the start asks for more than any buffer has
    get_buffer(args[0], flags, start > end ? SIZE_MAX : end, b);
    b->buf = (uint8_t *)b->buf + start;
    b->len = end - start;
    return start;
}

// The items of a list with room for n, or TypeError or IndexError.
static mp_obj_t *get_list(mp_obj_t o, size_t n) {
    if (mp_obj_get_type(o) != &mp_type_list) {
        get_int(mp_const_none);
    }
    mp_obj_list_t *list = MP_OBJ_TO_PTR(o);
    check_room(list->len, n);
    return list->items;
}

#define FUNCTION(name, n_args)                                                                     \
    { { &mp_type_fun_builtin_var }, MP_OBJ_FUN_MAKE_SIG(n_args, n_args, false), .fun.var = name }

// Give the module its functions. They are in the order of their names, as mpy_ld.py
// sorts mp_native_qstr_table, whose first entry is the file's name.
static inline mp_obj_t init(
    mp_obj_fun_bc_t *self, const mp_obj_fun_builtin_var_t *functions, size_t n) {
    for (size_t i = 1; i <= n; i++) {
        mp_store_attr(MP_OBJ_FROM_PTR(&self->context->module), mp_native_qstr_table[i],
            MP_OBJ_FROM_PTR(functions++));
    }
    return mp_const_none;
}

#endif
