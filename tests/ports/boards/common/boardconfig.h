// ports/qemu's configuration, plus what a web application and `mpremote mount`
// need of a board.

#include "mpconfigport.h"

#undef MICROPY_PY_SYS_STDIO_BUFFER
#define MICROPY_PY_SYS_STDIO_BUFFER     (1)
#undef MICROPY_PY_SELECT
#define MICROPY_PY_SELECT               (1)
#undef MICROPY_PY_ASYNCIO
#define MICROPY_PY_ASYNCIO              (1)

#undef MICROPY_PY_TIME
#define MICROPY_PY_TIME                 (1)
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (1)
#define MICROPY_PY_TIME_TIME_TIME_NS    (1)
#define MICROPY_PY_TIME_INCLUDEFILE     "boardtime.h"

#if defined(QEMU_SOC_NRF51)
// A Cortex-M0 that loads native code (ports/qemu leaves the emitter out here).
#define MICROPY_EMIT_THUMB              (1)
#define MICROPY_EMIT_THUMB_ARMV7M       (0)
#define MICROPY_EMIT_INLINE_THUMB       (0)
#define MICROPY_NLR_THUMB_USE_LONG_JUMP (1)
#endif
