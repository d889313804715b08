from collections.abc import Mapping
from typing import Any, NoReturn, TypeAlias

_Body: TypeAlias = str | bytes | dict[Any, Any] | list[Any] | None

class HTTPException(Exception):
    status: int
    headers: str
    body: _Body

    def __init__(
        self, status: int, headers: Mapping[str, str | int] | str = "", body: _Body = None
    ) -> None: ...

def abort(
    status: int, body: _Body = None, headers: Mapping[str, str | int] | str = ""
) -> NoReturn: ...
