// Faults on demand, for the tests: an allocation that fails, a client that can't be
// accepted, clocks that jump. What is wanted stands in a file that the tests have mapped,
// whose name is the environment variable STARVE, so that asking costs the program nothing.
//
//   SIGUSR1  collect, and write how much is in use
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "py/gc.h"
#include "py/mphal.h"
#include "py/qstr.h"
#include "py/runtime.h"

// tests/starving.py has the same words.
typedef struct {
    int32_t countdown; // the allocation that fails, counted from now; 0 for none
    int32_t burst; // and how many fail from that one on
    uint32_t allocations; // since the beginning
    uint32_t failures; // of these
    int32_t accept_errno; // what accept() fails with
    int32_t accept_failures; // and how often; -1 for always
    uint32_t ticks; // ms added to ticks_ms()
    int32_t seconds; // added to time()
    uint32_t answers; // to SIGUSR1
    uint32_t used; // bytes in use
    uint32_t names; // interned ones that the firmware does not know
} shared_t;

// socket.accept() allocates when it has the descriptor, which nobody closes if that fails.
// That is MicroPython's, and spared.
#define ACCEPTED (4)

static shared_t *shared;
static int spared;

void *__real_gc_alloc(size_t n, unsigned flags);
void *__real_gc_realloc(void *old, size_t n, bool move);
mp_uint_t __real_mp_hal_ticks_ms(void);
int __real_accept(int fd, struct sockaddr *address, socklen_t *size);
int __real_gettimeofday(struct timeval *time, void *zone);

static bool starves(void) {
    if (shared == NULL) {
        return false;
    }
    shared->allocations++;
    if (spared > 0) {
        spared--;
        return false;
    }
    if (shared->countdown == 0 || --shared->countdown > 0) {
        return false;
    }
    shared->failures++;
    if (--shared->burst > 0) {
        shared->countdown = 1; // the next one, too
    }
    return true;
}

void *__wrap_gc_alloc(size_t n, unsigned flags) {
    return n != 0 && starves() ? NULL : __real_gc_alloc(n, flags);
}

void *__wrap_gc_realloc(void *old, size_t n, bool move) {
    // what gets smaller needs no memory
    bool grows = old == NULL || n > gc_nbytes(old);
    return grows && n != 0 && starves() ? NULL : __real_gc_realloc(old, n, move);
}

mp_uint_t __wrap_mp_hal_ticks_ms(void) {
    return __real_mp_hal_ticks_ms() + (shared == NULL ? 0 : shared->ticks);
}

int __wrap_accept(int fd, struct sockaddr *address, socklen_t *size) {
    if (shared != NULL && shared->accept_failures != 0) {
        shared->accept_failures -= shared->accept_failures > 0;
        errno = shared->accept_errno;
        return -1;
    }
    int accepted = __real_accept(fd, address, size);
    spared = accepted < 0 ? 0 : ACCEPTED;
    return accepted;
}

int __wrap_gettimeofday(struct timeval *time, void *zone) {
    int result = __real_gettimeofday(time, zone);
    time->tv_sec += shared == NULL ? 0 : shared->seconds;
    return result;
}

// The collector keeps what stale pointers on the stack point to: they are written over.
static MP_NOINLINE void overwrite(void) {
    volatile char stack[4096];
    memset((void *)stack, 0, sizeof(stack));
}

static mp_obj_t used(mp_obj_t arg) {
    overwrite();
    gc_collect();
    gc_info_t info;
    gc_info(&info);
    size_t pools, names, data, total;
    qstr_pool_info(&pools, &names, &data, &total);
    shared->used = info.used;
    shared->names = names;
    shared->answers++;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(used_obj, used);

// It runs between two bytecodes, or once poll() was interrupted.
static void asked(int number) {
    mp_sched_schedule(MP_OBJ_FROM_PTR(&used_obj), mp_const_none);
}

static __attribute__((constructor)) void attach(void) {
    const char *name = getenv("STARVE");
    int fd = name == NULL ? -1 : open(name, O_RDWR);
    if (fd < 0) {
        return;
    }
    void *memory = mmap(NULL, sizeof(shared_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory != MAP_FAILED) {
        shared = memory;
        struct sigaction action = { .sa_handler = asked };
        sigaction(SIGUSR1, &action, NULL);
    }
}

// What a program does to itself: the nth of its next allocations fails, and `burst` in all.
static mp_obj_t after(mp_obj_t n, mp_obj_t burst) {
    shared->countdown = mp_obj_get_int(n);
    shared->burst = mp_obj_get_int(burst);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(after_obj, after);

static const mp_rom_map_elem_t globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_starve) },
    { MP_ROM_QSTR(MP_QSTR_after), MP_ROM_PTR(&after_obj) },
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t starve_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&globals,
};
MP_REGISTER_MODULE(MP_QSTR_starve, starve_module);
