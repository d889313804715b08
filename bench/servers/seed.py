# Floor: the simplest thing that parses. One readline() a line, the field lines in a
# dict, the response in several writes, one connection a request.
import asyncio
import sys


class App:
    def __init__(self, host, port):
        self.host = host
        self.port = port
        self.routes = {}

    def route(self, path, methods=("GET",)):
        def decorate(handler):
            for method in methods:
                self.routes[method, path] = handler
            return handler

        return decorate

    async def handle(self, reader, writer):
        line = await reader.readline()
        if line:
            method, target, _ = line.decode().split()
            path = target.split("?", 1)[0]
            headers = {}
            while True:
                line = (await reader.readline()).decode().strip()
                if not line:
                    break
                name, value = line.split(":", 1)
                headers[name.lower()] = value.strip()
            handler = self.routes.get((method, path))
            if handler:
                await handler(headers, writer)
            else:
                writer.write(b"HTTP/1.0 404 Not Found\r\n\r\n")
                await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def serve(self):
        server = await asyncio.start_server(self.handle, self.host, self.port, backlog=128)
        await server.wait_closed()


async def index(r, w):
    w.write(b"HTTP/1.0 200 OK\r\n")
    w.write(b"Content-Type: text/html; charset=utf-8\r\n")
    w.write(b"\r\n")
    w.write(b"Hello")
    await w.drain()


def main():
    app = App("127.0.0.1", int(sys.argv[1]))
    app.route("/")(index)
    asyncio.run(app.serve())


# not when bench/probe.py imports it
if __name__ == "__main__":
    main()
