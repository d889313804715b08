# What handlers return.
from asyncio import core

from web.syntax import check_token, check_value

PIECES = (str, bytes, bytearray, memoryview)


class Response:
    """A response: body, status and header fields.

    body     str or bytes-like; dict or list, sent as JSON; a generator or an
             asynchronous iterator of str and bytes pieces, sent as they come, small ones
             together;
             None for none
    status   int
    headers  dict of str by name; a list for a field with several lines
    type     str, the Content-Type, if it is not to follow from the body
    """

    def __init__(self, body=None, status=200, headers=None, type=None):
        self.body = body
        self.status = status
        self.headers = dict(headers) if headers else {}
        if type:
            self.headers["Content-Type"] = type

    def set_cookie(
        self,
        name,
        value="",
        max_age=None,
        expires=None,
        path="/",
        domain=None,
        secure=False,
        http_only=False,
        same_site=None,
        partitioned=False,
    ):
        """Add a Set-Cookie field (RFC 6265 4.1).

        max_age is in seconds, expires a date as HTTP writes it, same_site 'Strict',
        'Lax' or 'None'. Raises ValueError for what would break out of the field.
        """
        line = check_token(name) + "=" + _cookie_part(value)
        for attribute, given in (
            ("Max-Age", max_age),
            ("Expires", expires),
            ("Path", path),
            ("Domain", domain),
            ("SameSite", same_site),
        ):
            if given is not None:
                line += "; {}={}".format(attribute, _cookie_part(given, attribute == "Expires"))
        for attribute, given in (
            ("Secure", secure),
            ("HttpOnly", http_only),
            ("Partitioned", partitioned),
        ):
            if given:
                line += "; " + attribute
        lines = self.headers.get("Set-Cookie", [])
        # a new list: the one there may be in the headers of other responses
        self.headers["Set-Cookie"] = (lines if isinstance(lines, list) else [lines]) + [line]

    def delete_cookie(self, name, path="/", domain=None):
        """Have the client forget a cookie."""
        self.set_cookie(
            name, max_age=0, expires="Thu, 01 Jan 1970 00:00:00 GMT", path=path, domain=domain
        )


def _cookie_part(value, date=False):
    value = check_value(value)
    for c in value:
        if c in ';"\\' or c in " ," and not date or ord(c) > 126:
            raise ValueError("cookie value " + repr(value))
    return value


def redirect(location, status=302):
    """Return a Response that sends the client to another place. Raises ValueError
    for a location with control characters."""
    return Response("", status, {"Location": check_value(location)})


class Stream:
    """A generator that turned out to give pieces: the first one, and the rest."""

    def __init__(self, first, generator):
        self.first = first
        self.generator = generator

    def __aiter__(self):
        return self

    async def __anext__(self):
        item = self.first
        self.first = None
        while item is None:
            try:
                item = step(self.generator)
            except StopIteration:
                raise StopAsyncIteration
            if item is None:
                yield
        return item

    def close(self):
        self.generator.close()


def step(generator, thrown=None):
    """Run a generator on, by throwing an exception into it if there is one. Returns
    the piece that it gives, or None when the current task is to wait. Raises
    StopIteration at its end, TypeError for what is no piece."""
    task = core.cur_task
    task.data = generator
    try:
        item = generator.throw(thrown) if thrown else generator.send(None)
    except BaseException:
        task.data = None
        raise
    return given(item, generator)


def given(item, mark):
    """Return what a generator gave, see step(). The current task's data was set to mark
    before.

    MicroPython has one type for generators and coroutines, so what comes out tells:
    str and bytes are pieces, None is for the event loop. Whatever a task waits for sets
    its data; one that gives None and waits for nothing would never be run again.
    """
    task = core.cur_task
    lost = task.data is mark
    if lost:
        task.data = None
    if lost if item is None else not isinstance(item, PIECES):
        raise TypeError("a piece must be str or bytes, not " + repr(type(item)))
    return item


async def resume(coroutine, item, mark):
    """Run a coroutine that gave item on, see given(); return its result, or a Stream as
    soon as it gives a piece."""
    try:
        item = given(item, mark)
        while item is None:
            thrown = None
            try:
                yield
            except BaseException as e:
                thrown = e
            item = step(coroutine, thrown)
    except StopIteration as e:
        return e.value
    except TypeError:
        coroutine.close()
        raise
    return Stream(item, coroutine)


async def call(function, *args):
    """Call what may be a coroutine function or a plain one; return its result, or a
    Stream."""
    result = function(*args)
    if hasattr(result, "send") and hasattr(result, "throw"):
        core.cur_task.data = result
        try:
            item = next(result)
        except StopIteration as e:
            return e.value
        return await resume(result, item, result)
    return result


def response_of(result, status=200):
    """Return the Response that a handler's result stands for. Raises TypeError."""
    if isinstance(result, Response):
        return result
    if isinstance(result, tuple):
        if len(result) == 2 and isinstance(result[1], dict):
            result = (result[0], status, result[1])
        if not 2 <= len(result) <= 3 or not isinstance(result[1], int):
            raise TypeError("not (body, status), (body, headers) nor (body, status, headers)")
        response = response_of(result[0])
        response.status = result[1]
        if len(result) > 2:
            response.headers.update(result[2])
        return response
    if result is None:
        return Response(None, 204 if status == 200 else status)
    return Response(result, status)
