from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar, overload

from web._types import Fields, Guards, Names, Returned, TLSContext
from web.conn import Request
from web.raw import Writer
from web.response import Response
from web.sse import EventSource
from web.websocket import WebSocket

# Decorators return what they are given, so each kind of function has a variable. The
# parameters of a path come after those that are named here.
_Done: TypeAlias = Coroutine[Any, Any, object]
_Raw: TypeAlias = Callable[Concatenate[Request, Writer, ...], _Done]
_H = TypeVar("_H", bound=Callable[Concatenate[Request, ...], Returned])
_R = TypeVar("_R", bound=_Raw)
_W = TypeVar("_W", bound=Callable[Concatenate[Request, WebSocket, ...], _Done])
_S = TypeVar("_S", bound=Callable[Concatenate[Request, EventSource, ...], _Done])
_Before = TypeVar("_Before", bound=Callable[[Request], Returned])
_After = TypeVar("_After", bound=Callable[[Request, Response], Returned])
_P = ParamSpec("_P")
_T = TypeVar("_T", bound=Callable[[], _Done])
_Status = TypeVar(
    "_Status", bound=Callable[[Request], Returned] | Callable[[Request, Exception], Returned]
)
_E = TypeVar("_E", bound=Exception)
_Answer = TypeVar("_Answer", bound=Returned)

class App:
    host: str
    port: int
    backlog: int
    log: Callable[[Request | None, int, int, int], object] | None

    def __init__(
        self,
        host: str = "0.0.0.0",
        port: int = 80,
        *,
        max_head: int = 4096,
        max_target: int = 1024,
        max_fields: int = 48,
        max_body: int = 65536,
        max_drain: int = 65536,
        max_requests: int = 1000,
        max_connections: int | None = 0,
        max_streams: int | None = -1,
        backlog: int | None = 0,
        head_timeout: float = 10,
        body_timeout: float = 10,
        idle_timeout: float = 15,
        write_timeout: float = 10,
    ) -> None: ...
    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        ssl: TLSContext | None = None,
        *,
        debug: bool = False,
    ) -> None: ...
    async def serve(
        self,
        host: str | None = None,
        port: int | None = None,
        ssl: TLSContext | None = None,
        *,
        debug: bool = False,
    ) -> None: ...
    async def start(
        self,
        host: str | None = None,
        port: int | None = None,
        ssl: TLSContext | None = None,
        *,
        debug: bool = False,
    ) -> None: ...
    async def stop(self, timeout: float = 10) -> None: ...
    def add_handler(
        self,
        path: str,
        handler: _Raw,
        methods: Names = ("GET",),
        max_body: int | None = None,
        *,
        before: Guards = None,
    ) -> None: ...
    def route(
        self,
        path: str,
        methods: Names = ("GET",),
        max_body: int | None = None,
        *,
        before: Guards = None,
    ) -> Callable[[_R], _R]: ...
    def on(
        self,
        path: str,
        methods: Names = ("GET",),
        max_body: int | None = None,
        *,
        before: Guards = None,
    ) -> Callable[[_H], _H]: ...
    def get(
        self, path: str, max_body: int | None = None, *, before: Guards = None
    ) -> Callable[[_H], _H]: ...
    def post(
        self, path: str, max_body: int | None = None, *, before: Guards = None
    ) -> Callable[[_H], _H]: ...
    def put(
        self, path: str, max_body: int | None = None, *, before: Guards = None
    ) -> Callable[[_H], _H]: ...
    def patch(
        self, path: str, max_body: int | None = None, *, before: Guards = None
    ) -> Callable[[_H], _H]: ...
    def delete(
        self, path: str, max_body: int | None = None, *, before: Guards = None
    ) -> Callable[[_H], _H]: ...
    def before_request(self, hook: _Before) -> _Before: ...
    def after_request(self, hook: _After) -> _After: ...
    @overload
    def errorhandler(self, key: int) -> Callable[[_Status], _Status]: ...
    @overload
    def errorhandler(
        self, key: type[_E]
    ) -> Callable[[Callable[[Request, _E], _Answer]], Callable[[Request, _E], _Answer]]: ...
    def static(
        self,
        prefix: str,
        folder: str,
        index: str | None = "index.html",
        fallback: str | None = None,
        max_age: int | None = 0,
        types: Mapping[str, str] | None = None,
        before: Guards = None,
    ) -> None: ...
    @overload
    def task(self, function: None = None, restart: float | None = None) -> Callable[[_T], _T]: ...
    @overload
    def task(self, function: _T, restart: float | None = None) -> _T: ...
    def threadsafe(self, function: Callable[_P, object], most: int = 16) -> Callable[_P, None]: ...
    def mount(self, other: App, prefix: str = "", before: Guards = None) -> None: ...
    def websocket(
        self,
        path: str,
        *,
        before: Guards = None,
        max_message: int = 65536,
        subprotocols: Names = (),
        origins: Names | None = None,
        ping_interval: float | None = None,
        ping_timeout: float = 10,
        compress: int = 0,
        headers: Fields | None = None,
    ) -> Callable[[_W], _W]: ...
    def sse(
        self,
        path: str,
        *,
        before: Guards = None,
        retry: float | None = None,
        heartbeat: float | None = 15,
        headers: Fields | None = None,
    ) -> Callable[[_S], _S]: ...
