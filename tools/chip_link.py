"""Holds the network namespace of a chip for tools/chip.py: started in a new one, it
makes a TUN device there and hands it over as its first answer, then a TCP socket of that
namespace for each byte that it receives."""

import fcntl
import os
import socket
import struct
import sys

NAME = b"chip"
OURS, CHIPS = "10.9.0.1", "10.9.0.2"
# linux/if_tun.h, linux/if.h and linux/sockios.h
TUNSETIFF, IFF_TUN, IFF_NO_PI, IFF_UP = 0x400454CA, 0x0001, 0x1000, 0x1
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFDSTADDR = 0x8914, 0x8916, 0x8918


def main(fd):
    owner = socket.socket(fileno=fd)
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH14x", NAME, IFF_TUN | IFF_NO_PI))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for request, address in ((SIOCSIFADDR, OURS), (SIOCSIFDSTADDR, CHIPS)):
            packed = socket.inet_aton(address)
            fcntl.ioctl(s, request, struct.pack("16sHH4s8x", NAME, socket.AF_INET, 0, packed))
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", NAME, IFF_UP))
    owner.recv(1)
    socket.send_fds(owner, [b"."], [tun])
    while owner.recv(1):
        with socket.socket() as s:
            socket.send_fds(owner, [b"."], [s.fileno()])


main(int(sys.argv[1]))
