# What a JSON text stands for: a request's body, or a message.
import web
from web._codec import utf8


def decode_json(data):
    """Return the value of a JSON text (str or bytes-like, UTF-8). Raises ValueError
    when it is none (RFC 8259); a byte order mark before it is skipped (8.1).

    json.loads() takes a text that ends early: it does without the last bracket. As
    the first of two items of a list, what is not a whole text shows: then there are
    not two. (To it a comma is as a space.)
    """
    import json

    data = memoryview(data)  # of a str, too, its length is in bytes
    n = len(data)
    text = bytearray(n + 4)
    text[0] = 91  # [
    text[1:-3] = data
    text[-3:] = b",0]"
    if text[1] == 0xEF:
        web.escapes.skip_mark(text)
    while text[n] in b" \t\r\n":
        n -= 1
    if text[n] in b",:" or utf8(text, 0, len(text), 0):
        raise ValueError("no JSON text")
    if b"\\u" in text:
        text = web.escapes.join(bytes(text))
    value = json.loads(text)
    if len(value) != 2:
        raise ValueError("no JSON text")
    return value[0]


async def json(r, shape=None):
    """Return the body's value, decoded from JSON. Raises HTTPException(400) when it
    is none, as web.check() does when it does not fit a shape, and RuntimeError when a part of
    the body was taken before."""
    data = await r.body()
    if len(data) < r._head[4]:
        web.help.body(r, data)
    try:
        value = decode_json(data)
    except ValueError:
        raise web.HTTPException(400, body="invalid JSON")
    return value if shape is None else web.check(value, shape)
