from typing import Literal

from web._types import Names
from web.app import App

def cors(
    app: App,
    origins: Names | Literal["*"],
    headers: Names = ("Content-Type",),
    credentials: bool = False,
    max_age: int | None = None,
) -> None: ...
