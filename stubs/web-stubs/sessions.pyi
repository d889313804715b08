from web._types import Returned
from web.app import App
from web.conn import Request

class Session:
    def __init__(
        self,
        app: App,
        key: str | bytes | list[str] | list[bytes] | tuple[str | bytes, ...],
        max_age: int = 86400,
        name: str = "session",
        login: str | None = None,
        secure: bool = False,
    ) -> None: ...
    def required(self, r: Request) -> Returned: ...
    def sign(self, text: str, seconds: float) -> str: ...
    def verify(self, token: str | None) -> str | None: ...
