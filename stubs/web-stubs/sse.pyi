from web._types import Fields
from web.conn import Request
from web.raw import Writer

class EventSource:
    @property
    def last_event_id(self) -> str | None: ...
    @classmethod
    async def upgrade(
        cls,
        r: Request,
        w: Writer,
        retry: float | None = None,
        heartbeat: float | None = 15,
        headers: Fields | None = None,
    ) -> EventSource: ...
    async def send(
        self, msg: object, id: str | int | None = None, event: str | None = None
    ) -> None: ...
    async def comment(self, text: str = "") -> None: ...
    def abort(self) -> None: ...
