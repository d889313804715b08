from web._types import TLSContext

class Server:
    host: str
    port: int
    max_head: int
    max_target: int
    max_fields: int
    max_body: int
    max_drain: int
    max_requests: int
    max_connections: int
    max_streams: int
    backlog: int

    def __init__(
        self,
        host: str = "0.0.0.0",
        port: int = 80,
        max_head: int = 4096,
        max_target: int = 1024,
        max_fields: int = 48,
        max_body: int = 65536,
        max_drain: int = 65536,
        max_requests: int = 1000,
        max_connections: int | None = None,
        max_streams: int | None = None,
        head_timeout: float = 10,
        body_timeout: float = 10,
        idle_timeout: float = 15,
        write_timeout: float = 10,
        backlog: int | None = None,
    ) -> None: ...
    def run(
        self, host: str | None = None, port: int | None = None, ssl: TLSContext | None = None
    ) -> None: ...
    async def serve(
        self, host: str | None = None, port: int | None = None, ssl: TLSContext | None = None
    ) -> None: ...
    async def start(
        self, host: str | None = None, port: int | None = None, ssl: TLSContext | None = None
    ) -> None: ...
    async def stop(self, timeout: float = 10) -> None: ...
