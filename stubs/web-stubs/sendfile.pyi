from web.conn import Request
from web.response import Response

def send_file(
    r: Request,
    path: str,
    type: str | None = None,
    max_age: int | None = None,
    download: str | None = None,
) -> Response: ...
