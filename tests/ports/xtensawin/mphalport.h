// Part of micropython-aioweb; MIT licence.

#include <errno.h>
#include <unistd.h>

#include "syscalls.h"

#define MP_HAL_RETRY_SYSCALL(ret, syscall, raise) { \
        for (;;) { \
            ret = syscall; \
            if (ret == -1) { \
                int err = errno; \
                if (err == EINTR) { \
                    mp_handle_pending(true); \
                    continue; \
                } \
                raise; \
            } \
            break; \
        } \
}

static inline mp_uint_t mp_hal_ticks_ms(void) {
    return port_clock_ns(PORT_CLOCK_MONOTONIC) / 1000000;
}

static inline mp_uint_t mp_hal_ticks_us(void) {
    return port_clock_ns(PORT_CLOCK_MONOTONIC) / 1000;
}

// There is no cycle counter here that would mean anything: nanoseconds.
static inline mp_uint_t mp_hal_ticks_cpu(void) {
    return port_clock_ns(PORT_CLOCK_MONOTONIC);
}

static inline uint64_t mp_hal_time_ns(void) {
    return port_clock_ns(PORT_CLOCK_REALTIME);
}

static inline void mp_hal_delay_us(mp_uint_t us) {
    port_sleep_us(us);
}

static inline void mp_hal_set_interrupt_char(int c) {
    (void)c;
}
