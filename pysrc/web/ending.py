# Refusing what is no request.
import web
from web._codec import utf8
from web.stream import send_each


def refuse(conn, status):
    """Answer what is no request with a status and the connection's end."""
    conn.closing = True
    web.tasks.go_on(conn, None, _refuse(conn, status))


async def _refuse(conn, status):
    line = bytes(memoryview(conn.buf)[conn.pos : conn.end]).lstrip(b"\r\n").split(b"\n", 1)[0]
    method, space, target = line.partition(b" ")
    phrase = text = web.response.reason(status)
    if status == 400 and utf8(target, 0, len(target), 0) < 0:
        text += ": the target is not UTF-8"
    conn.deadline = None
    answer = (
        "HTTP/1.1 {} {}\r\nConnection: close\r\nContent-Type: text/plain\r\n"
        "Content-Length: {}\r\n\r\n{}"
    ).format(status, phrase, len(text), "" if space and method == b"HEAD" else text)
    await send_each(conn, (answer.encode(),))
    await web.leaving.linger(conn)
