// The part of a C library that the port needs, on Linux system calls.
// Part of micropython-aioweb; MIT licence.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "syscalls.h"

enum {
    SYS_open = 8,
    SYS_close = 9,
    SYS_read = 12,
    SYS_write = 13,
    SYS_lseek = 15,
    SYS_poll = 16,
    SYS_fsync = 26,
    SYS_rename = 33,
    SYS_unlink = 38,
    SYS_rmdir = 39,
    SYS_mkdir = 40,
    SYS_chdir = 41,
    SYS_getcwd = 43,
    SYS_stat64 = 47,
    SYS_getdents64 = 60,
    SYS_mprotect = 82,
    SYS_brk = 83,
    SYS_exit_group = 119,
    SYS_nanosleep = 195,
    SYS_getrandom = 338,
    SYS_clock_gettime64 = 403,
};

static int last_error;

int *port_errno(void) {
    return &last_error;
}

static long raw_syscall(long number, long a, long b, long c) {
    register long a2 __asm__("a2") = number;
    register long a6 __asm__("a6") = a;
    register long a3 __asm__("a3") = b;
    register long a4 __asm__("a4") = c;
    __asm__ volatile ("syscall" : "+r" (a2) : "r" (a6), "r" (a3), "r" (a4) : "memory");
    return a2;
}

static long syscall(long number, long a, long b, long c) {
    long ret = raw_syscall(number, a, b, c);
    if (ret < 0 && ret > -4096) {
        last_error = -ret;
        return -1;
    }
    return ret;
}

void _exit(int status) {
    for (;;) {
        raw_syscall(SYS_exit_group, status, 0, 0);
    }
}

int open(const char *path, int flags, ...) {
    // Linux numbers these otherwise than picolibc. The mode is always 0644.
    int linux_flags = flags & O_ACCMODE;
    linux_flags |= flags & O_CREAT ? 0100 : 0;
    linux_flags |= flags & O_TRUNC ? 01000 : 0;
    linux_flags |= flags & O_APPEND ? 02000 : 0;
    return syscall(SYS_open, (long)path, linux_flags, 0644);
}

int close(int fd) {
    return syscall(SYS_close, fd, 0, 0);
}

ssize_t read(int fd, void *buf, size_t len) {
    return syscall(SYS_read, fd, (long)buf, len);
}

ssize_t write(int fd, const void *buf, size_t len) {
    return syscall(SYS_write, fd, (long)buf, len);
}

off_t lseek(int fd, off_t offset, int whence) {
    return syscall(SYS_lseek, fd, offset, whence);
}

int fsync(int fd) {
    return syscall(SYS_fsync, fd, 0, 0);
}

int poll(struct pollfd *fds, unsigned int n, int timeout_ms) {
    return syscall(SYS_poll, (long)fds, n, timeout_ms);
}

int rename(const char *old_path, const char *new_path) {
    return syscall(SYS_rename, (long)old_path, (long)new_path, 0);
}

int unlink(const char *path) {
    return syscall(SYS_unlink, (long)path, 0, 0);
}

int rmdir(const char *path) {
    return syscall(SYS_rmdir, (long)path, 0, 0);
}

int mkdir(const char *path, mode_t mode) {
    return syscall(SYS_mkdir, (long)path, mode, 0);
}

int chdir(const char *path) {
    return syscall(SYS_chdir, (long)path, 0, 0);
}

char *getcwd(char *buf, size_t len) {
    return syscall(SYS_getcwd, (long)buf, len, 0) < 0 ? NULL : buf;
}

int stat(const char *path, struct stat *st) {
    struct {
        uint64_t dev, ino;
        uint32_t mode, nlink, uid, gid;
        uint64_t rdev, size;
        uint32_t blksize, pad;
        uint64_t blocks;
        uint32_t atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns, unused[2];
    } s;
    if (syscall(SYS_stat64, (long)path, (long)&s, 0) < 0) {
        return -1;
    }
    memset(st, 0, sizeof(*st));
    st->st_mode = s.mode;
    st->st_ino = s.ino;
    st->st_dev = s.dev;
    st->st_nlink = s.nlink;
    st->st_uid = s.uid;
    st->st_gid = s.gid;
    st->st_size = s.size;
    st->st_atime = s.atime;
    st->st_mtime = s.mtime;
    st->st_ctime = s.ctime;
    return 0;
}

// There is no malloc: these few are enough, as finalisers close forgotten ones.
struct _DIR {
    bool in_use;
    int fd;
    int pos;
    int len;
    char buf[1024] __attribute__((aligned(8)));
};

DIR *opendir(const char *path) {
    static struct _DIR dirs[8];
    for (int i = 0; i < 8; i++) {
        DIR *dir = &dirs[i];
        if (dir->in_use) {
            continue;
        }
        dir->fd = syscall(SYS_open, (long)path, 0200000, 0); // O_DIRECTORY
        if (dir->fd < 0) {
            return NULL;
        }
        dir->in_use = true;
        dir->pos = dir->len = 0;
        return dir;
    }
    last_error = EMFILE;
    return NULL;
}

struct dirent *readdir(DIR *dir) {
    if (dir->pos >= dir->len) {
        dir->pos = 0;
        dir->len = syscall(SYS_getdents64, dir->fd, (long)dir->buf, sizeof(dir->buf));
        if (dir->len <= 0) {
            return NULL;
        }
    }
    struct dirent *entry = (struct dirent *)(dir->buf + dir->pos);
    dir->pos += entry->d_reclen;
    return entry;
}

int closedir(DIR *dir) {
    dir->in_use = false;
    return close(dir->fd);
}

uint64_t port_clock_ns(int clock) {
    int64_t ts[2];
    syscall(SYS_clock_gettime64, clock, (long)ts, 0);
    return ts[0] * 1000000000ULL + (uint32_t)ts[1];
}

void port_sleep_us(uint32_t us) {
    uint32_t ts[2] = { us / 1000000, us % 1000000 * 1000 };
    syscall(SYS_nanosleep, (long)ts, 0, 0);
}

void port_random(void *buf, size_t len) {
    syscall(SYS_getrandom, (long)buf, len, 0);
}

void *port_alloc(size_t len) {
    uintptr_t start = (raw_syscall(SYS_brk, 0, 0, 0) + 15) & ~15;
    return (uintptr_t)raw_syscall(SYS_brk, start + len, 0, 0) < start + len ? NULL : (void *)start;
}

int port_make_executable(void *start, size_t len) {
    return syscall(SYS_mprotect, (long)start, len, 7);
}
