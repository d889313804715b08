# Floor: what sockets alone cost. One poll loop without asyncio, one buffer, a fixed
# response; of a request only the end of its head is noticed.
import select
import socket
import sys

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nHello"

# global, so that the connections outlive serve() when bench/probe.py interrupts it
poller = select.poll()


def serve(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(socket.getaddrinfo("127.0.0.1", port)[0][-1])
    listener.listen(128)
    poller.register(listener, select.POLLIN)
    buf = bytearray(2048)
    n = 0
    while True:
        for sock, _ in poller.ipoll():
            if sock is listener:
                sock = listener.accept()[0]
                # else readinto() waits until the buffer is full
                sock.setblocking(False)
                poller.register(sock, select.POLLIN)
                continue
            n = sock.readinto(buf)
            if not n:
                poller.unregister(sock)
                sock.close()
            elif n > 3 and buf[n - 1] == 10 and buf[n - 3] == 10:
                sock.write(RESPONSE)


serve(int(sys.argv[1]))
