from collections.abc import Callable

from web._types import Hash

class Part:
    name: str
    filename: str | None
    type: str

    def __aiter__(self) -> Part: ...
    async def __anext__(self) -> Part: ...
    async def readinto(self, buf: bytearray | memoryview) -> int: ...
    async def text(self) -> str: ...
    async def save(
        self,
        path: str,
        buf: bytearray | None = None,
        hash: Hash | None = None,
        check: Callable[[], object] | None = None,
    ) -> int: ...
