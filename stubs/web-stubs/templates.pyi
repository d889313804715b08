from collections.abc import Generator, Mapping
from typing import Any

def render(path: str, values: Mapping[str, Any]) -> Generator[str | bytes, None, None]: ...
