// What the fuzzed programs share: memory of an input's exact size, where a byte too far is
// caught, and checks that end the program.
#ifndef AIOWEB_CHECK_H
#define AIOWEB_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(holds)                                                                               \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #holds);                    \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline uint8_t *exactly(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size);
    if (size) {
        memcpy(copy, data, size);
    }
    return copy;
}

#endif
