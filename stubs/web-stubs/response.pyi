from typing import Any, Literal

from web._types import Body, Fields

class Response:
    body: Body
    status: int
    headers: dict[str, Any]

    def __init__(
        self,
        body: Body = None,
        status: int = 200,
        headers: Fields | None = None,
        type: str | None = None,
    ) -> None: ...
    def set_cookie(
        self,
        name: str,
        value: str | int = "",
        max_age: int | None = None,
        expires: str | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        http_only: bool = False,
        same_site: Literal["Strict", "Lax", "None"] | None = None,
        partitioned: bool = False,
    ) -> None: ...
    def delete_cookie(
        self, name: str, path: str | None = "/", domain: str | None = None
    ) -> None: ...

def redirect(location: str, status: int = 302) -> Response: ...
