// The standard variant's features, and a native emitter chosen so that the VM
// loads the .mpy files of the architecture that the compiler was told to build
// for (py/persistentcode.h derives the one from the other).

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

#if defined(__riscv)
#define MICROPY_EMIT_RV32               (1)
#elif defined(__arm__) && !defined(__thumb2__)
// Thumb-1 only: what a Cortex-M0 runs, so the VM reports armv6m.
#define MICROPY_EMIT_ARM                (0)
#define MICROPY_EMIT_THUMB              (1)
#define MICROPY_EMIT_THUMB_ARMV7M       (0)
#define MICROPY_MAKE_POINTER_CALLABLE(p) ((void *)((mp_uint_t)(p) | 1))
#define MICROPY_NLR_THUMB_USE_LONG_JUMP (1)
#endif

#define MICROPY_PY_DEFLATE_COMPRESS     (1)

#include "ports/unix/variants/mpconfigvariant_common.h"
