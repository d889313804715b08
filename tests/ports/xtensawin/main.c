// A MicroPython for Xtensa cores with register windows, as a Linux program.
// Part of micropython-aioweb; MIT licence.

#include <string.h>

#include "py/builtin.h"
#include "py/compile.h"
#include "py/cstack.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/persistentcode.h"
#include "py/runtime.h"
#include "extmod/vfs.h"
#include "extmod/vfs_posix.h"

#define PAGE_SIZE (4096)
#define CODE_SIZE (256 * 1024)

static size_t heap_size = 512 * 1024;
// The task of an ESP32 has 16 KB; -X stacksize=16k is for tests of that.
static size_t stack_size = 40000;

static void write_all(int fd, const char *str, size_t len) {
    while (len > 0) {
        int n;
        MP_HAL_RETRY_SYSCALL(n, write(fd, str, len), { return; });
        str += n;
        len -= n;
    }
}

void mp_hal_stdout_tx_strn_cooked(const char *str, size_t len) {
    write_all(STDOUT_FILENO, str, len);
}

void mp_hal_delay_ms(mp_uint_t ms) {
    mp_uint_t start = mp_hal_ticks_ms();
    for (mp_uint_t elapsed = 0; elapsed < ms; elapsed = mp_hal_ticks_ms() - start) {
        port_sleep_us(MIN(ms - elapsed, 1000000) * 1000);
        mp_event_handle_nowait();
    }
}

static void stderr_print_strn(void *env, const char *str, size_t len) {
    (void)env;
    write_all(STDERR_FILENO, str, len);
}

const mp_print_t mp_stderr_print = { NULL, stderr_print_strn };

uint32_t port_random_seed(void) {
    uint32_t seed;
    port_random(&seed, sizeof(seed));
    return seed;
}

void gc_collect(void) {
    // Objects may be referenced from a register of a caller and nowhere else.
    // This function's frame starts where the callers' registers are saved.
    void **lowest = window_spill_all();
    gc_collect_start();
    gc_collect_root(lowest, (void **)MP_STATE_THREAD(stack_top) - lowest);
    gc_collect_end();
}

// As on the ESP32, native code leaves the heap: it is copied to memory that the
// garbage collector neither owns nor scans. The heap cannot be executed.
void *port_commit_code(void *buf, size_t len, void *reloc) {
    static uint8_t code[CODE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    static size_t used = 0;
    if (used == 0 && port_make_executable(code, CODE_SIZE) != 0) {
        mp_raise_OSError(errno);
    }
    len = (len + 3) & ~3;
    if (len > CODE_SIZE - used) {
        m_malloc_fail(len);
    }
    uint8_t *dest = code + used;
    used += len;
    if (reloc != NULL) {
        mp_native_relocate(reloc, buf, (uintptr_t)dest);
    }
    memcpy(dest, buf, len);
    return dest;
}

static int uncaught_exception(mp_obj_base_t *exc) {
    if (mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(exc->type), MP_OBJ_FROM_PTR(&mp_type_SystemExit))) {
        // None is an exit value of 0; an int is its value; anything else is 1.
        mp_obj_t value = mp_obj_exception_get_value(MP_OBJ_FROM_PTR(exc));
        mp_int_t status = 0;
        if (value != mp_const_none && !mp_obj_get_int_maybe(value, &status)) {
            status = 1;
        }
        return status & 0xff;
    }
    mp_obj_print_exception(&mp_stderr_print, MP_OBJ_FROM_PTR(exc));
    return 1;
}

enum { RUN_FILE, RUN_STRING, RUN_STDIN };

static int run(int kind, const char *source) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) != 0) {
        mp_handle_pending(false);
        return uncaught_exception(nlr.ret_val);
    }
    mp_lexer_t *lex;
    if (kind == RUN_FILE) {
        lex = mp_lexer_new_from_file(qstr_from_str(source));
    } else if (kind == RUN_STRING) {
        lex = mp_lexer_new_from_str_len(MP_QSTR__lt_stdin_gt_, source, strlen(source), 0);
    } else {
        lex = mp_lexer_new_from_fd(MP_QSTR__lt_stdin_gt_, STDIN_FILENO, false);
    }
    qstr source_name = lex->source_name;
    mp_store_global(MP_QSTR___file__, MP_OBJ_NEW_QSTR(source_name));
    mp_parse_tree_t parse_tree = mp_parse(lex, MP_PARSE_FILE_INPUT);
    mp_call_function_0(mp_compile(&parse_tree, source_name, false));
    mp_handle_pending(true);
    nlr_pop();
    return 0;
}

static void mount_root(void) {
    mp_obj_t args[2] = {
        MP_OBJ_TYPE_GET_SLOT(&mp_type_vfs_posix, make_new)(&mp_type_vfs_posix, 0, 0, NULL),
        MP_OBJ_NEW_QSTR(MP_QSTR__slash_),
    };
    mp_vfs_mount(2, args, (mp_map_t *)&mp_const_empty_map);
    MP_STATE_VM(vfs_cur) = MP_STATE_VM(vfs_mount_table);
}

// sys.path: the script's folder, the entries of MICROPYPATH, frozen modules.
static void init_path(const char *script, const char *path) {
    size_t folder = strlen(script);
    while (folder > 0 && script[folder] != '/') {
        folder -= 1;
    }
    vstr_t vstr;
    vstr_init(&vstr, 64);
    if (*script != '\0' && *script != '/') {
        char cwd[MICROPY_ALLOC_PATH_MAX];
        vstr_add_str(&vstr, getcwd(cwd, sizeof(cwd)) == NULL ? "." : cwd);
        vstr_add_strn(&vstr, "/", folder > 0);
    }
    vstr_add_strn(&vstr, script, folder);
    mp_sys_path = mp_obj_new_list(0, NULL);
    mp_obj_list_append(mp_sys_path, mp_obj_new_str_from_vstr(&vstr));
    while (path != NULL && *path != '\0') {
        size_t len = strcspn(path, ":");
        if (len > 0) {
            mp_obj_list_append(mp_sys_path, mp_obj_new_str(path, len));
        }
        path += len + (path[len] == ':');
    }
    mp_obj_list_append(mp_sys_path, MP_OBJ_NEW_QSTR(MP_QSTR__dot_frozen));
}

static size_t parse_size(const char *str) {
    size_t size = 0;
    while (*str >= '0' && *str <= '9') {
        size = size * 10 + *str++ - '0';
    }
    if (*str == 'k' || *str == 'K') {
        size <<= 10;
    } else if (*str == 'm' || *str == 'M') {
        size <<= 20;
    }
    return size;
}

static __attribute__((noreturn)) void fail(const char *msg) {
    stderr_print_strn(NULL, msg, strlen(msg));
    _exit(2);
}

// Returns the index of the first argument that is not an option.
static int parse_options(int argc, char **argv) {
    int i = 1;
    for (; i + 1 < argc && strcmp(argv[i], "-X") == 0; i += 2) {
        if (strncmp(argv[i + 1], "heapsize=", 9) == 0) {
            heap_size = parse_size(argv[i + 1] + 9);
        } else if (strncmp(argv[i + 1], "stacksize=", 10) == 0) {
            stack_size = parse_size(argv[i + 1] + 10);
        } else {
            fail("-X heapsize=SIZE or stacksize=SIZE, as in 100k\n");
        }
    }
    return i;
}

void port_main(uintptr_t *sp) {
    int argc = sp[0];
    char **argv = (char **)(sp + 1);
    int first = parse_options(argc, argv);

    uint8_t *heap = port_alloc(heap_size);
    if (heap_size < 4096 || stack_size < 4096 || heap == NULL) {
        fail("cannot have a heap or stack of that size\n");
    }
    mp_cstack_init_with_top(sp, stack_size);
    gc_init(heap, heap + heap_size);
    mp_init();
    mount_root();

    const char *path = NULL;
    for (char **env = argv + argc + 1; *env != NULL; env++) {
        if (strncmp(*env, "MICROPYPATH=", 12) == 0) {
            path = *env + 12;
        }
    }

    int kind = RUN_FILE;
    const char *source = "";
    if (first >= argc || strcmp(argv[first], "-") == 0) {
        kind = RUN_STDIN;
    } else if (strcmp(argv[first], "-c") == 0 && first + 1 < argc) {
        kind = RUN_STRING;
        source = argv[++first];
    } else {
        source = argv[first];
    }
    init_path(kind == RUN_FILE ? source : "", path);
    mp_obj_list_init(MP_OBJ_TO_PTR(mp_sys_argv), 0);
    for (int i = first; i < argc; i++) {
        mp_obj_list_append(mp_sys_argv, mp_obj_new_str_from_cstr(argv[i]));
    }

    int status = run(kind, source);
    mp_deinit();
    _exit(status);
}

void nlr_jump_fail(void *val) {
    (void)val;
    fail("FATAL: uncaught NLR\n");
}
