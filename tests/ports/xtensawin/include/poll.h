// picolibc has no poll; syscalls.c implements it with Linux's values.
// Part of micropython-aioweb; MIT licence.
#pragma once

#define POLLIN (0x01)
#define POLLOUT (0x04)
#define POLLERR (0x08)
#define POLLHUP (0x10)
#define POLLNVAL (0x20)

struct pollfd {
    int fd;
    short events;
    short revents;
};

int poll(struct pollfd *fds, unsigned int n, int timeout_ms);
