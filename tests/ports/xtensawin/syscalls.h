// Part of micropython-aioweb; MIT licence.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PORT_CLOCK_REALTIME (0)
#define PORT_CLOCK_MONOTONIC (1)

// start.S: saves all callers' registers to the stack, gives its lowest address.
void *window_spill_all(void);

// In the order of argc, argv, NULL, environment, NULL.
void port_main(uintptr_t *sp);

uint64_t port_clock_ns(int clock);
void port_sleep_us(uint32_t us);
void port_random(void *buf, size_t len);

// Memory that is never given back; NULL if there is none.
void *port_alloc(size_t len);

// start and len must be multiples of the page size.
int port_make_executable(void *start, size_t len);
