// Close to the ESP32 port where it matters to Python code and native modules,
// with files as on the unix port.
// Part of micropython-aioweb; MIT licence.

#include <alloca.h>
#include <stddef.h>
#include <stdint.h>

#define MICROPY_CONFIG_ROM_LEVEL            (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

typedef int32_t mp_int_t;
typedef uint32_t mp_uint_t;
typedef long mp_off_t;
#define MP_SSIZE_MAX                        (0x7fffffff)

// As on the ESP32: object representation, non-local returns, native code that
// is copied to memory of its own, floats, errors and warnings.
#define MICROPY_OBJ_REPR                    (MICROPY_OBJ_REPR_A)
#define MICROPY_NLR_SETJMP                  (1)
#define MICROPY_EMIT_XTENSAWIN              (1)
#define MICROPY_PERSISTENT_CODE_LOAD        (1)
#define MP_PLAT_COMMIT_EXEC(buf, len, reloc) port_commit_code(buf, len, reloc)
#define MICROPY_FLOAT_IMPL                  (MICROPY_FLOAT_IMPL_FLOAT)
#define MP_NEED_LOG2                        (1)
#define MICROPY_LONGINT_IMPL                (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_ERROR_REPORTING             (MICROPY_ERROR_REPORTING_NORMAL)
#define MICROPY_WARNINGS                    (1)
#define MICROPY_STACK_CHECK_MARGIN          (1024)
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF (1)
#define MICROPY_ENABLE_GC                   (1)
#define MICROPY_OPT_COMPUTED_GOTO           (1)
#define MICROPY_PY_STR_BYTES_CMP_WARN       (1)
#define MICROPY_PY_ALL_INPLACE_SPECIAL_METHODS (1)
#define MICROPY_STREAMS_POSIX_API           (1)
#define MICROPY_USE_INTERNAL_ERRNO          (1)
#define MICROPY_EPOCH_IS_1970               (1)
#define MICROPY_ALLOC_PATH_MAX              (256)

// Files of the host. picolibc's errno would need thread-local storage.
#define MICROPY_VFS                         (1)
#define MICROPY_VFS_POSIX                   (1)
#define MICROPY_READER_VFS                  (1)
#define MICROPY_READER_POSIX                (1)
#define MICROPY_HELPER_LEXER_UNIX           (1)
#define MICROPY_PY_OS_STATVFS               (0)
#define __PICOLIBC_ERRNO_FUNCTION           port_errno
int *port_errno(void);
#include <errno.h>

// No terminal, no interrupts.
#define MICROPY_HELPER_REPL                 (0)
#define MICROPY_KBD_EXCEPTION               (0)
#define MICROPY_PY_BUILTINS_INPUT           (0)
#define MICROPY_PY_BUILTINS_HELP            (0)
#define MICROPY_PY_MACHINE                  (0)
#define MICROPY_PY_ONEWIRE                  (0)
#define MICROPY_INTERNAL_WFE(ms)            mp_hal_delay_us(500)

#define MICROPY_PY_SYS_PLATFORM             "linux"
#define MICROPY_PY_SYS_PATH_ARGV_DEFAULTS   (0)
#define MICROPY_PY_OS_INCLUDEFILE           "modos_port.c"
#define MICROPY_PY_OS_URANDOM               (1)
#define MICROPY_PY_TIME_INCLUDEFILE         "modtime_port.c"
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (1)
#define MICROPY_PY_TIME_TIME_TIME_NS        (1)
#define MICROPY_PY_RANDOM_SEED_INIT_FUNC    (port_random_seed())
#define MICROPY_PY_DEFLATE_COMPRESS         (1)

#define MICROPY_HW_BOARD_NAME               "qemu-xtensa"
#define MICROPY_HW_MCU_NAME                 "xtensawin"

#define MP_STATE_PORT MP_STATE_VM

// As on the unix port, and for the same reason: stderr for tracebacks.
extern const struct _mp_print_t mp_stderr_print;
#define MICROPY_ERROR_PRINTER               (&mp_stderr_print)
#define MICROPY_DEBUG_PRINTER               (&mp_stderr_print)

void *port_commit_code(void *buf, size_t len, void *reloc);
uint32_t port_random_seed(void);
