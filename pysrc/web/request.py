# A request: what its head says.
from micropython import const

import web

_EXPECT = const(16)

# What parse_head leaves in its list that is an attribute of a request as it is.
_IN_HEAD = {"method": 0, "path": 1, "query": 2, "flags": 3}
_NONE = {}  # the parameters of a literal path


class Request:
    """A request as a handler gets it.

    method   str, as received
    path     str, percent-decoded
    query    str behind the '?' as received, or None
    target   str, path and query as received (RFC 9112 3.2)
    headers  Headers
    params   dict of what the route's pattern matched
    args     MultiDict of the query
    cookies  dict of str
    addr     the client's address, as accept() of the port gives it
    length   bytes of the body; None when it is chunked
    unread   whether a part of the body was not read yet

    Its methods read the body, as does `async for piece in r`, which gives bytes as they
    come.

    It is good until the response has been sent: a task that outlives the handler takes a
    copy() along. What the program sets on it, `r.user` say, is this request's alone.
    """

    params = _NONE
    _dirty = False  # whether there is a body, or something was set here
    _buf = None  # where the head is, if not any more in the connection's buffer
    _left = 0  # bytes of the body, or of its chunk, that were not taken yet
    _limit = 0  # most bytes of the body
    _chunks = None  # what decodes a chunked body
    _whole = None  # what body() returned
    _parsed = None  # what args returned

    def __init__(self, conn, head):
        self._conn = conn
        self._head = head  # what parse_head fills in
        self._end = 0  # of the head, which stays where it is while the handler runs

    def begin(self):
        """Get ready for a body."""
        self._conn.deadline = None  # reading it sets another
        self._dirty = True
        head = self._head
        if head[4] > 0:
            self._left = head[4]
        else:
            self._chunks = web.chunked.Chunks(self)

    def over(self, limit):
        """Whether the body is larger than limit; of a chunked one reading tells."""
        self._limit = limit
        return self._left > limit

    def drainable(self):
        """Whether what is unread of the body may be read for the next request's
        sake: there is not too much of it, and the client will send it."""
        if not self._left and (self._chunks is None or self._chunks.ended):
            return True
        return not self._head[3] & _EXPECT and self._left <= self._conn.server.max_drain

    def __getattr__(self, name):
        i = _IN_HEAD.get(name)
        if i is not None:
            return self._head[i]
        return web.body.attribute(self, name)

    def __aiter__(self):
        return self

    async def __anext__(self):
        piece = await self.piece()
        if not piece:
            raise StopAsyncIteration
        return piece
