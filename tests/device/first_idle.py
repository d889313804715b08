# The first client of all stays idle: micropython first_idle.py PORT
import asyncio
import socket
import sys

import web

port = int(sys.argv[1])
app = web.App("127.0.0.1", port, idle_timeout=0.5)


@app.get("/")
def index(r):
    return "hello"


async def main():
    await app.start()
    # its request is there when it is accepted
    client = socket.socket()
    client.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
    client.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    client.setblocking(False)
    reader = asyncio.StreamReader(client)
    data = await asyncio.wait_for(reader.read(), 9)
    print("ended behind", data[-5:])


asyncio.run(main())
