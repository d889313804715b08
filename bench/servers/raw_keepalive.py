# Floor: what asyncio's streams cost with connections that stay open. Parses nothing.
#
#   raw_keepalive.py PORT [ROUTES [SIZE]]
#
# SIZE is the number of bytes of each request, for those that come in parts: without
# it whatever a read() returns counts as one.
import asyncio
import sys

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nHello"
SIZE = int(sys.argv[3]) if len(sys.argv) > 3 else 0


async def serve(reader, writer):
    while True:
        data = await reader.read(2048)
        if not data:
            break
        left = SIZE - len(data)
        while left > 0:
            left -= len(await reader.read(min(left, 16384)))
        writer.write(RESPONSE)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=128)
    await server.wait_closed()


asyncio.run(main())
