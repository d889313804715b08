# Floor: what asyncio's streams cost with one connection a request. Parses nothing.
import asyncio
import sys

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nHello"


async def serve(reader, writer):
    await reader.read(2048)
    writer.write(RESPONSE)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=128)
    await server.wait_closed()


asyncio.run(main())
