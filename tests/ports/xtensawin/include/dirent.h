// picolibc has no directory functions; syscalls.c implements these.
// Part of micropython-aioweb; MIT licence.
#pragma once

#include <stdint.h>

#define _DIRENT_HAVE_D_INO (1)
#define _DIRENT_HAVE_D_TYPE (1)
#define DT_UNKNOWN (0)
#define DT_DIR (4)
#define DT_REG (8)

// Layout of Linux's getdents64.
struct dirent {
    uint64_t d_ino;
    int64_t d_off;
    uint16_t d_reclen;
    uint8_t d_type;
    char d_name[];
};

typedef struct _DIR DIR;

DIR *opendir(const char *path);
struct dirent *readdir(DIR *dir);
int closedir(DIR *dir);
