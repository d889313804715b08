// Start-up, clock and console polling for the emulated boards. ports/qemu has
// none of the three; the linker's --wrap option slips them in from here.

#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "uart.h"

#define REG(address) (*(volatile uint32_t *)(address))

/******************************************************************************/
// A clock of 1 MHz on each machine's own timer. Under `qemu -icount` it counts
// executed instructions, so that it is as repeatable as they are.

#if defined(QEMU_SOC_NRF51)

#define TIMER0 (0x40008000)

static void clock_init(void) {
    REG(TIMER0 + 0x508) = 3; // BITMODE: 32 bits
    REG(TIMER0 + 0x510) = 4; // PRESCALER: 16 MHz / 2**4
    REG(TIMER0 + 0x000) = 1; // TASKS_START
}

static uint32_t clock_us(void) {
    REG(TIMER0 + 0x040) = 1; // TASKS_CAPTURE[0]
    return REG(TIMER0 + 0x540); // CC[0]
}

#elif defined(QEMU_SOC_MPS2)

#define FPGAIO (0x40028000)

static void clock_init(void) {
    REG(FPGAIO + 0x1c) = 24; // PRESCALE: 25 MHz / (24 + 1)
    REG(FPGAIO + 0x18) = 0; // COUNTER
}

static uint32_t clock_us(void) {
    return REG(FPGAIO + 0x18);
}

#elif defined(QEMU_SOC_VIRT)

#define MTIME (0x0200bff8)

static void clock_init(void) {
}

static uint32_t clock_us(void) {
    uint32_t high, low;
    do {
        high = REG(MTIME + 4);
        low = REG(MTIME);
    } while (high != REG(MTIME + 4));
    return (((uint64_t)high << 32) | low) / 10; // 10 MHz
}

#endif

// The clock wraps after 71 minutes, so it is summed up. (A 64-bit division would
// need unwind tables that the linker script has no place for.)
static uint64_t total_us;
static uint32_t total_ms;

static void clock_update(void) {
    static uint32_t last, rest;
    uint32_t now = clock_us();
    uint32_t passed = now - last;
    last = now;
    total_us += passed;
    total_ms += passed / 1000;
    rest += passed % 1000;
    if (rest >= 1000) {
        rest -= 1000;
        total_ms += 1;
    }
}

mp_uint_t mp_hal_ticks_ms(void) {
    clock_update();
    return total_ms;
}

mp_uint_t mp_hal_ticks_us(void) {
    clock_update();
    return total_us;
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return mp_hal_ticks_us();
}

uint64_t mp_hal_time_ns(void) {
    clock_update();
    return total_us * 1000;
}

void mp_hal_delay_us(mp_uint_t us) {
    mp_uint_t start = mp_hal_ticks_us();
    while (mp_hal_ticks_us() - start < us) {
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    mp_uint_t start = mp_hal_ticks_ms();
    while (mp_hal_ticks_ms() - start < ms) {
        mp_handle_pending(true);
    }
}

/******************************************************************************/
// Start-up: the last function called before main().

void __real_uart_init(void);

void __wrap_uart_init(void) {
    #if defined(__ARM_FP)
    REG(0xe000ed88) |= 0xf << 20; // CPACR: turn the FPU on
    __asm volatile ("dsb\n isb\n" ::: "memory");
    #endif
    __real_uart_init();
    // A register access that wakes QEMU's main loop, which finds only then, or up to
    // a second later, that the board has begun to listen. On the nRF51 it is the
    // start of the timer.
    #if defined(QEMU_SOC_MPS2)
    (void)REG(0x40004000); // DATA
    #endif
    clock_init();
}

/******************************************************************************/
// Polling the console without losing the character that was there.

int __real_uart_rx_chr(void);

static int pending = UART_RX_NO_CHAR;

int __wrap_uart_rx_chr(void) {
    int c = pending;
    pending = UART_RX_NO_CHAR;
    return c == UART_RX_NO_CHAR ? __real_uart_rx_chr() : c;
}

uintptr_t __wrap_mp_hal_stdio_poll(uintptr_t flags) {
    if (pending == UART_RX_NO_CHAR) {
        pending = __real_uart_rx_chr();
    }
    uintptr_t ready = MP_STREAM_POLL_WR;
    if (pending != UART_RX_NO_CHAR) {
        ready |= MP_STREAM_POLL_RD;
    }
    return ready & flags;
}
