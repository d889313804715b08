# Names for the other stubs. No board has a module like this one.
from abc import ABCMeta
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypedDict

from web.conn import Request
from web.response import Response

# Where one str would be taken for its letters, it is none of these.
Names: TypeAlias = list[str] | tuple[str, ...] | set[str] | frozenset[str]

BytesLike: TypeAlias = bytes | bytearray | memoryview
Piece: TypeAlias = str | BytesLike
JSON: TypeAlias = dict[str, Any] | list[Any]
Fields: TypeAlias = Mapping[str, str | int | list[str]]

# What hashlib gives.
class Hash(Protocol):
    @property
    def update(self) -> Callable[..., Any]: ...

# What is sent as a file is, and closed.
class Readable(Protocol):
    def read(self, n: int = -1, /) -> bytes | None: ...

class ReadableInto(Protocol):
    def readinto(self, buf: bytearray | memoryview, /) -> int | None: ...

# What web.check() compares with.
Shape: TypeAlias = type[Any] | dict[str, Any] | list[Any] | tuple[Any, ...] | None

# What Broadcast.join() returns, which need not be awaited.
class Joined(Coroutine[Any, Any, None], metaclass=ABCMeta): ...

# What handlers and hooks return.
Body: TypeAlias = (
    Piece
    | dict[Any, Any]
    | list[Any]
    | Generator[Piece, Any, Any]
    | AsyncIterator[Piece]
    | Readable
    | ReadableInto
    | None
)
Result: TypeAlias = (
    Body
    | Response
    | tuple[Body | Response, int]
    | tuple[Body | Response, Fields]
    | tuple[Body | Response, int, Fields]
)
Returned: TypeAlias = Result | Coroutine[Any, Any, Result]
Guard: TypeAlias = Callable[[Request], Returned]
Guards: TypeAlias = Guard | Sequence[Guard] | None

class TextEvent(TypedDict):
    type: Literal["text"]
    data: str
    fin: bool

class BytesEvent(TypedDict):
    type: Literal["bytes"]
    data: bytearray
    fin: bool

class ControlEvent(TypedDict):
    type: Literal["ping", "pong", "close"]
    data: bytes
    fin: bool

Event: TypeAlias = TextEvent | BytesEvent | ControlEvent

# An SSLContext, of the module ssl or tls.
class TLSContext(Protocol):
    @property
    def wrap_socket(self) -> Callable[..., Any]: ...
