from collections.abc import Callable

from web._types import Guards
from web.app import App

def ota(
    app: App,
    password: str | None = None,
    path: str = "/update",
    before: Guards = None,
    file: str | None = None,
    max_body: int = 4 << 20,
    done: Callable[[], object] | None = None,
) -> None: ...
