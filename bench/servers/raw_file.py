# Floor: what it takes to read a file and write it to a connection that is kept, in a loop
# with one buffer. Of a request nothing is looked at but where the path ends.
import asyncio
import os
import sys

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Type: text/plain\r\n\r\n"
BLOCK = 4096


async def serve(reader, writer):
    buf = bytearray(BLOCK)
    while True:
        data = await reader.read(2048)
        if not data:
            break
        name = "www" + data[4 : data.find(b" ", 4)].decode()
        writer.s.write(HEAD % os.stat(name)[6])
        with open(name, "rb") as file:
            while True:
                n = file.readinto(buf)
                if not n:
                    break
                done = writer.s.write(buf, n) or 0
                if done < n:
                    writer.write(buf[done:n])
                    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=128)
    await server.wait_closed()


asyncio.run(main())
