# One message to many clients, of whom none keeps the others waiting.
import asyncio


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
        """Have message (str or bytes) sent to all, without waiting for any. Returns to
        how many."""
        for member in list(self._members):
            member.put(message)
        return len(self._members)

    async def join(self, client):
        """Send client, a WebSocket or an EventSource, what is broadcast, until it is
        gone or this is cancelled."""
        member = _Member(client, self._most, self._skip)
        self._members.append(member)
        try:
            while True:
                await client.send(await member.get())
        except OSError:
            pass
        finally:
            self._members.remove(member)


class _Member:
    def __init__(self, client, most, skip):
        self._client = client
        self._queue = []
        self._most = most
        self._skip = skip
        self._more = asyncio.Event()

    def put(self, message):
        queue = self._queue
        if len(queue) >= self._most:
            if not self._skip:
                self._client.abort()
                return
            queue.pop(0)
        queue.append(message)
        self._more.set()

    async def get(self):
        while not self._queue:
            self._more.clear()
            await self._more.wait()
        return self._queue.pop(0)
