from typing import Any

from web._types import Shape

def check(value: Any, shape: Shape) -> Any: ...
