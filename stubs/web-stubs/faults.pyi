from typing import Any, NoReturn, TypeAlias

from web._types import Fields

_Body: TypeAlias = str | bytes | dict[Any, Any] | list[Any] | None

class HTTPException(Exception):
    status: int
    headers: dict[str, Any]
    body: _Body

    def __init__(self, status: int, body: _Body = None, headers: Fields | str = "") -> None: ...

def abort(status: int, body: _Body = None, headers: Fields | str = "") -> NoReturn: ...
