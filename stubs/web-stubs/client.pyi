from collections.abc import Iterable, Mapping

from web._types import Names, TLSContext
from web.websocket import WebSocket

class HandshakeError(Exception):
    status: int

async def connect(
    url: str,
    *,
    subprotocols: Names = (),
    origin: str | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    max_message: int = 65536,
    ping_interval: float | None = None,
    ping_timeout: float = 10,
    timeout: float = 10,
    ssl: TLSContext | None = None,
    verify: bool = True,
    compress: int = 0,
) -> WebSocket: ...
