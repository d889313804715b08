from collections.abc import Awaitable, Coroutine, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

from web._types import Fields, Piece
from web.answers import Response
from web.app import App
from web.following import Events, Opening
from web.jar import Cookies
from web.wires import Wire

_T = TypeVar("_T")
_Values: TypeAlias = Mapping[str, Any] | Iterable[tuple[str, Any]]

def run(coroutine: Awaitable[_T], timeout: float = 30) -> _T: ...

class Client:
    app: App
    headers: Fields
    follow: bool
    raises: bool
    timeout: float
    addr: str
    cookies: Cookies
    faults: list[Exception]

    def __init__(
        self,
        app: App,
        headers: Fields | None = None,
        follow: bool = True,
        raises: bool = True,
        timeout: float = 10,
        addr: str = "127.0.0.1",
    ) -> None: ...
    async def request(
        self,
        method: str,
        path: str,
        params: _Values | None = None,
        headers: Fields | None = None,
        body: Piece | Iterable[Piece] | None = None,
        json: Any = None,
        form: _Values | None = None,
        files: _Values | None = None,
        follow: bool | None = None,
        stream: bool = False,
    ) -> Response: ...
    def get(self, path: str, **options: Any) -> Coroutine[Any, Any, Response]: ...
    def post(self, path: str, **options: Any) -> Coroutine[Any, Any, Response]: ...
    def put(self, path: str, **options: Any) -> Coroutine[Any, Any, Response]: ...
    def patch(self, path: str, **options: Any) -> Coroutine[Any, Any, Response]: ...
    def delete(self, path: str, **options: Any) -> Coroutine[Any, Any, Response]: ...
    def events(self, path: str, last_event_id: str | None = None, **options: Any) -> Events: ...
    def websocket(self, path: str, **options: Any) -> Opening: ...
    def connect(self) -> Wire: ...
    def close(self) -> None: ...
