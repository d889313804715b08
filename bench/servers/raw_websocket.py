# Floor: what echoing WebSocket messages costs with asyncio's queue of sockets, without
# its streams. One buffer for all connections, payloads unmasked in it by our machine
# code, one write for all short frames that came together. Nothing is checked, and no
# message is put together: of a long one each part leaves as it comes.
import asyncio
import select
import socket
import sys
from asyncio import core

from _frames import mask

# the accept of the only key that the client sends
RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
BATCH = 2048  # bytes of answers in one write, unless a frame is longer
HEADER = 14  # bytes of the longest
memory = bytearray(65536 + 2 * HEADER)
view = memoryview(memory)
received = view[:-HEADER]  # so that a header begun at its end can be looked at
# not in memory: MicroPython moves all bytes behind an assigned slice, too
answers = bytearray(BATCH)


def send(sock, data, start, end):
    """Send data[start:end], however long the client takes for it."""
    sock.setblocking(True)
    sock.write(memoryview(data)[start:end])
    sock.setblocking(False)


async def serve(sock):
    queue = core._io_queue
    register = queue.poller.register
    waiting = queue.map
    task = core.cur_task
    entry = [None, None, sock]
    me = id(sock)
    readinto = sock.readinto
    write = sock.write
    POLLIN = select.POLLIN
    buf = memory  # locals are found sooner
    part = view
    room = received
    out = answers
    unmask = mask
    first_key = view[2:6]  # of a frame at the start, by the size of its header
    first_key_8 = view[4:8]
    first_key_14 = view[10:14]
    begun = rest_key = None  # a frame that is not whole; the key of a long one
    left = done = 0  # bytes that are missing of that, and those that came
    while True:
        # IOQueue.queue_read(), with an entry that is made once
        entry[0] = task
        waiting[me] = entry
        register(sock, POLLIN)
        task.data = queue
        yield
        if begun:
            n = len(begun)
            buf[:n] = begun
            end = readinto(room[n:])
            if end:
                end += n
            begun = None
        else:
            end = readinto(room)
        if not end:
            break
        pos = filled = 0  # what was taken, and bytes of answers
        if left:
            pos = min(left, end)
            unmask(buf, 0, pos, rest_key, done)
            done += pos
            left -= pos
            send(sock, buf, 0, pos)
        while pos < end:
            # at: where the payload begins; start: where the answer's header does
            n = buf[pos + 1] & 127
            if n < 126:
                at = pos + 6
                stop = at + n
                if stop > end:
                    begun = bytes(part[pos:end])
                    break
                unmask(buf, at, stop, part[pos + 2 : at] if pos else first_key, 0)
                start = at - 2
                buf[start] = buf[pos]
                buf[at - 1] = n
            else:
                if n == 126:
                    at = pos + 8
                    start = pos + 4
                    n = buf[pos + 2] << 8 | buf[pos + 3]
                    key = part[start:at] if pos else first_key_8
                else:
                    at = pos + 14
                    start = pos + 4
                    n = buf[pos + 7] << 16 | buf[pos + 8] << 8 | buf[pos + 9]
                    key = part[at - 4 : at] if pos else first_key_14
                stop = at + n
                if stop > end:
                    if at > end:
                        begun = bytes(part[pos:end])
                        break
                    rest_key = bytes(key)
                    done = end - at
                    left = stop - end
                    stop = end
                unmask(buf, at, stop, key, 0)
                buf[start] = buf[pos]
                buf[at - 2] = n >> 8 & 255
                buf[at - 1] = n & 255
                if at == start + 4:
                    buf[start + 1] = 126
                else:
                    buf[start + 1] = 127
                    for i in range(start + 2, at - 3):
                        buf[i] = 0
                    buf[at - 3] = n >> 16
            n = stop - start
            if stop == end and not filled:
                # the only one: it needs no copy
                sent = write(buf, start, n)
                if sent != n:
                    send(sock, buf, start + (sent or 0), end)
                break
            filled += n
            if filled > BATCH:
                send(sock, out, 0, filled - n)
                filled = n
                if n > BATCH:
                    send(sock, buf, start, stop)
                    filled = 0
            if filled:
                out[filled - n : filled] = part[start:stop]
            pos = stop
        if filled:
            sent = write(out, 0, filled)
            if sent != filled:
                send(sock, out, sent or 0, filled)
    sock.close()


async def upgrade(sock):
    sock.setblocking(False)
    sock.setsockopt(6, 1, 1)  # TCP_NODELAY
    yield core._io_queue.queue_read(sock)
    sock.read(2048)
    sock.write(RESPONSE)
    await serve(sock)


async def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(socket.getaddrinfo("127.0.0.1", int(sys.argv[1]))[0][-1])
    listener.listen(128)
    listener.setblocking(False)
    while True:
        yield core._io_queue.queue_read(listener)
        asyncio.create_task(upgrade(listener.accept()[0]))


asyncio.run(main())
