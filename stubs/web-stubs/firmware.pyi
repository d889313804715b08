from collections.abc import Callable, Sequence

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
    before: Callable[[Request], Returned] | Sequence[Callable[[Request], Returned]] | None = None,
) -> None: ...
