from collections.abc import Callable

from web._types import Returned
from web.app import App
from web.conn import Request

def ota(
    app: App,
    password: str | None = None,
    path: str = "/update",
    allow: Callable[[Request], Returned] | None = None,
    file: str | None = None,
    max_body: int = 4 << 20,
    done: Callable[[], object] | None = None,
) -> None: ...
