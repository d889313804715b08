// What a program does to the heap, for the measures of bench/: a signal asks while it
// serves, and its tasks and connections are as they were.
//
//   meter.begin()  what is in use now is no part of any figure
//   meter.rest()   the clock stands still: no deadline comes among what is counted
//   meter.watch(n) collect whenever n bytes were allocated, and keep the most in use
//
//   SIGUSR1  collect, then print: bytes in use, the most in use, interned names
//   SIGUSR2  print allocations; Callgrind counts from zero again
#include <signal.h>
#include <string.h>

#include "py/gc.h"
#include "py/mphal.h"
#include "py/qstr.h"
#include "py/runtime.h"

#ifdef __x86_64__
#include <valgrind/callgrind.h>
#endif

static size_t before, most, allocations;
static bool watching, resting;
static mp_uint_t stopped;

void *__real_gc_alloc(size_t n, unsigned flags);
void *__real_gc_realloc(void *old, size_t n, bool move);
void __real_gc_collect(void);
mp_uint_t __real_mp_hal_ticks_ms(void);

void *__wrap_gc_alloc(size_t n, unsigned flags) {
    allocations++;
    return __real_gc_alloc(n, flags);
}

void *__wrap_gc_realloc(void *old, size_t n, bool move) {
    void *made = __real_gc_realloc(old, n, move);
    // else it grew or shrank where it was, without a search
    allocations += made != NULL && made != old;
    return made;
}

static size_t in_use(void) {
    gc_info_t info;
    gc_info(&info);
    return info.used - before;
}

void __wrap_gc_collect(void) {
    __real_gc_collect();
    if (watching) {
        most = MAX(most, in_use());
    }
}

mp_uint_t __wrap_mp_hal_ticks_ms(void) {
    return resting ? stopped : __real_mp_hal_ticks_ms();
}

// The collector keeps what stale pointers on the stack point to: they are written over.
static MP_NOINLINE void overwrite(void) {
    volatile char stack[4096];
    memset((void *)stack, 0, sizeof(stack));
}

static mp_obj_t used(mp_obj_t arg) {
    overwrite();
    gc_collect();
    size_t pools, names, data, total;
    qstr_pool_info(&pools, &names, &data, &total);
    mp_printf(&mp_plat_print, "used %u %u %u\n", (unsigned)in_use(), (unsigned)most, (unsigned)names);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(used_obj, used);

static mp_obj_t counted(mp_obj_t arg) {
    mp_printf(&mp_plat_print, "counted %u\n", (unsigned)allocations);
    #ifdef __x86_64__
    CALLGRIND_ZERO_STATS;
    #endif
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(counted_obj, counted);

// It runs between two bytecodes, or once poll() was interrupted.
static void asked(int number) {
    mp_obj_t function = number == SIGUSR1 ? MP_OBJ_FROM_PTR(&used_obj) : MP_OBJ_FROM_PTR(&counted_obj);
    mp_sched_schedule(function, mp_const_none);
}

static mp_obj_t begin(void) {
    struct sigaction action = { .sa_handler = asked };
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    overwrite();
    gc_collect();
    before = 0;
    before = in_use();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(begin_obj, begin);

static mp_obj_t rest(void) {
    stopped = __real_mp_hal_ticks_ms();
    resting = true;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(rest_obj, rest);

static mp_obj_t watch(mp_obj_t bytes) {
    watching = true;
    MP_STATE_MEM(gc_alloc_threshold) = mp_obj_get_int(bytes) / MICROPY_BYTES_PER_GC_BLOCK;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(watch_obj, watch);

static const mp_rom_map_elem_t globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_meter) },
    { MP_ROM_QSTR(MP_QSTR_begin), MP_ROM_PTR(&begin_obj) },
    { MP_ROM_QSTR(MP_QSTR_rest), MP_ROM_PTR(&rest_obj) },
    { MP_ROM_QSTR(MP_QSTR_watch), MP_ROM_PTR(&watch_obj) },
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t meter_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&globals,
};
MP_REGISTER_MODULE(MP_QSTR_meter, meter_module);
