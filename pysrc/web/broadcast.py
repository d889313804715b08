# One message to many clients, of whom none keeps the others waiting.
import asyncio

import web
from web._codec import utf8


class Broadcast:
    """A set of WebSockets and EventSources that get the same messages.

    most  messages that wait for a slow client
    slow  what happens to a client for which more would have to wait: 'drop' ends its
          connection, 'skip' leaves out the oldest message

    Raises ValueError for another value of slow.
    """

    def __init__(self, most=8, slow="drop"):
        if slow not in ("drop", "skip"):
            raise ValueError("slow")
        self._most = most
        self._skip = slow == "skip"
        self._members = []

    def __len__(self):
        return len(self._members)

    def send(self, message):
        """Have message (str or bytes-like) sent to all, without waiting for any. Returns
        to how many. Raises TypeError for another type, ValueError for a str that is no
        UTF-8, and for bytes that are none when there are EventSources."""
        data = web.app.octets(message)
        if not isinstance(message, (str, bytes)):
            message = bytes(message)  # the caller may change it meanwhile
        if not isinstance(message, str) and utf8(data, 0, len(data), 0):
            if not all([member.client.binary for member in self._members]):
                raise ValueError("event that is no UTF-8")
        for member in list(self._members):
            member.put(message)
        return len(self._members)

    async def join(self, client):
        """Send client, a WebSocket or an EventSource, what is broadcast, until it is
        gone or this is cancelled."""
        member = _Member(client, self._most, self._skip)
        conn = client.conn
        conn.helpers = list(conn.helpers) + [member]
        conn.touched = True
        self._members.append(member)
        try:
            while True:
                await client.send(await member.get())
        except OSError:
            pass
        finally:
            self._members.remove(member)
            conn.helpers.remove(member)


class _Member:
    def __init__(self, client, most, skip):
        self.client = client
        self._gone = False
        self._queue = []
        self._most = most
        self._skip = skip
        self._more = asyncio.Event()

    def put(self, message):
        queue = self._queue
        if len(queue) >= self._most:
            if not self._skip:
                self.client.abort()
                return
            queue.pop(0)
        queue.append(message)
        self._more.set()

    def cancel(self):
        # the connection is over
        self._gone = True
        self._more.set()

    async def get(self):
        while not self._queue:
            if self._gone:
                raise OSError(32)  # EPIPE
            self._more.clear()
            await self._more.wait()
        return self._queue.pop(0)
