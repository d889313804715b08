from collections.abc import Callable, Coroutine
from typing import Any

from web.conn import Request

def basic(
    check: Callable[[str, str], object], realm: str = "this board"
) -> Callable[[Request], Coroutine[Any, Any, None]]: ...
def bearer(
    check: Callable[[str], object],
) -> Callable[[Request], Coroutine[Any, Any, None]]: ...
