# Without memory the registration of a socket with a poll stops half-way: its entry stays, and
# crashes the interpreter when the poll looks at it. See register() in web.conn.
#
# present: 1.25 1.26.1 1.29-preview
import gc
import select
import socket


def fill():
    hoard = None
    try:
        while True:
            hoard = (hoard,)  # the smallest piece there is, until nothing is left
    except MemoryError:
        return hoard


sockets = [socket.socket() for _ in range(40)]
poll = select.poll()
for sock in sockets:
    gc.collect()
    hoard = fill()
    try:
        poll.register(sock, select.POLLIN)
    except MemoryError:
        pass
    hoard = None
    gc.collect()
    poll.poll(0)  # it crashes here
    poll.register(sock, select.POLLIN)
print("absent")
