// A plugin for QEMU's user emulation that counts executed guest instructions.
//
//     qemu-arm -plugin ./icount.so,out=/tmp/count program
//
// Before every open() of the guest the count goes to that file, as 20 digits and
// a newline: a program learns its own count by opening and reading the file. With
// log=PATH every count is added to the file instead. The figure doesn't depend on
// time or load, so two runs of the same work agree.
//
// QEMU exports these functions, but Debian's package has no header for them.

#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;

typedef struct {
    const char *target_name;
    // More follows; it isn't needed here.
} qemu_info_t;

struct qemu_plugin_tb;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
    void (*callback)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
    void (*callback)(unsigned int vcpu, void *data),
    enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t id,
    void (*callback)(qemu_plugin_id_t id, unsigned int vcpu, int64_t number,
        uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
        uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8));

// 1 up to QEMU 8, 2 from QEMU 9 on; what is used here is the same in both.
#ifndef QEMU_PLUGIN_VERSION
#define QEMU_PLUGIN_VERSION 1
#endif
EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

// The numbers of the open and openat system calls, by QEMU's name of the target.
static const struct {
    const char *target;
    int open, openat;
} calls[] = {
    {"arm", 5, 322},
    {"i386", 5, 295},
    {"riscv32", -1, 56},
    {"x86_64", 2, 257},
    {"xtensa", 8, 288},
};

static int call_open, call_openat;
static int output = -1;
static int append;
static uint64_t count;

static void block_executed(unsigned int vcpu, void *instructions) {
    (void)vcpu;
    count += (uintptr_t)instructions;
}

static void block_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, block_executed, QEMU_PLUGIN_CB_NO_REGS,
        (void *)(uintptr_t)qemu_plugin_tb_n_insns(tb));
}

static void before_syscall(qemu_plugin_id_t id, unsigned int vcpu, int64_t number,
    uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
    uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8) {
    (void)id, (void)vcpu, (void)a1, (void)a2, (void)a3, (void)a4;
    (void)a5, (void)a6, (void)a7, (void)a8;
    if (number == call_open || number == call_openat) {
        char line[32];
        int length = snprintf(line, sizeof(line), "%020" PRIu64 "\n", count);
        if ((append ? write(output, line, length) : pwrite(output, line, length, 0)) != length) {
            perror("icount");
        }
    }
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    for (int i = 0; i < argc; i++) {
        append = strncmp(argv[i], "log=", 4) == 0;
        if (append || strncmp(argv[i], "out=", 4) == 0) {
            output = open(argv[i] + 4, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        }
    }
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]) && output >= 0; i++) {
        if (strcmp(info->target_name, calls[i].target) == 0) {
            call_open = calls[i].open;
            call_openat = calls[i].openat;
            qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
            qemu_plugin_register_vcpu_syscall_cb(id, before_syscall);
            return 0;
        }
    }
    fprintf(stderr, "icount: needs out= or log=PATH and a known target, not %s\n", info->target_name);
    return 1;
}
