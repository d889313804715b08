from typing import Literal

from web._types import Piece

def parse_qs(s: Piece) -> dict[str, str | Literal[True] | list[str | Literal[True]]]: ...
