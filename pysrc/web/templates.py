# Pages out of a file, in which values stand for their names.
from micropython import const

from web.quoting import escape

_AT_ONCE = const(1024)  # bytes of the file at once
_NAME = const(64)  # most bytes of a name with its braces


def render(path, values):
    """Yield the pieces (str and bytes) of a text file, UTF-8, with the value of x in place of
    {{x}}, escaped for HTML, and in place of {{!x}} as it is.

    values is a dict by name. One that can be called is, without arguments; what it returns,
    and what can be iterated, is taken item by item, when it is its turn. The page is never in
    memory. Raises OSError, KeyError, and ValueError for braces that have no end.
    """
    with open(path, "rb") as file:
        data = b""
        piece = True
        while piece:
            piece = file.read(_AT_ONCE)
            data += piece
            start = 0
            while True:
                i = data.find(b"{{", start)
                end = data.find(b"}}", i) if i >= 0 else -1
                if end < 0:
                    break
                yield data[start:i]
                name = data[i + 2 : end].decode().strip()
                start = end + 2
                raw = name[:1] == "!"
                for item in _items(values[name[1:].strip() if raw else name]):
                    yield str(item) if raw else escape(item)
            if i < 0:  # half of what begins a name may be there
                i = len(data) - (data[-1:] == b"{")
            elif not piece or len(data) - i > _NAME:
                raise ValueError("{{ without }}")
            yield data[start:i]
            data = data[i:]
        yield data


def _items(value):
    if callable(value):
        value = value()
    if not isinstance(value, (str, bytes)):
        try:
            return iter(value)
        except TypeError:
            pass
    return (value,)
