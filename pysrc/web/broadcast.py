# One message to many clients, of whom none keeps the others waiting.
from asyncio import core

import web


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
        self.most = most
        self.slow = slow
        # {client: messages that wait for the task that sends to it; None without one}
        self._members = {}
        self.waiting = core.TaskQueue()  # who waits until a client is gone

    def __len__(self):
        return len(self._members)

    def send(self, message, id=None, event=None):
        """Have message (str, bytes-like, or a dict or list, which is sent as JSON) sent to
        all, without waiting for any. Returns to how many. EventSources get it with an id
        and an event's name. Raises TypeError for another type, ValueError for a str that
        is no UTF-8, for numbers that JSON has not, and when there are EventSources for
        bytes that are no UTF-8 and as their send() does."""
        data = web.conn.encoded(message)[1]
        if isinstance(message, (dict, list)):
            message = str(data, "utf-8")
        elif not isinstance(message, str):
            message = bytes(data)  # the caller may change it meanwhile
        members = self._members
        data = None
        if not all([client.binary for client in members]):
            data = web.sse.encoded(message, id, event)
        for client in list(members):
            text = message if client.binary else data
            waiting = members.get(client)
            if waiting is None:
                conn = client.conn
                turns = conn.turns
                conn.turns = 0  # no other task's turn is given to, as little is sent at once
                rest = _begin(client, text)
                conn.turns = turns
                if rest and client in members:
                    members[client] = waiting = []
                    core.create_task(self._finish(client, waiting, rest))
                continue
            if len(waiting) >= self.most:
                if self.slow == "drop":
                    client.abort()
                    continue
                waiting.pop(0)
            waiting.append(text)
        return len(members)

    def cancel(self):
        # What is called when a client is gone.
        for client in list(self._members):
            if not _is_there(client):
                self.leave(client)

    def join(self, client):
        """Have client, a WebSocket or an EventSource, get what is broadcast from now on,
        until it is gone. Who awaits what this returns waits for that, and when it is
        cancelled the client gets no more. Joining again is no more than that."""
        if client not in self._members:
            conn = client.conn
            conn.helpers = list(conn.helpers) + [self]
            conn.touched = True
            self._members[client] = None
        return self._stay(client)

    def leave(self, client):
        """Have client get no more. What waits for it is not sent."""
        if client in self._members:
            del self._members[client]
            if _is_there(client):  # else the list is looked through just now
                client.conn.helpers.remove(self)
            web.stream.wake(self.waiting)

    async def _finish(self, client, waiting, rest):
        # sends what a client did not take at once, and what waits behind that
        members = self._members
        try:
            await rest
            while waiting and members.get(client) is waiting:
                await (_begin(client, waiting.pop(0)) or web.conn.nothing())
        except OSError:
            self.leave(client)
        finally:
            if members.get(client) is waiting:
                members[client] = None

    async def _stay(self, client):
        try:
            while client in self._members and _is_there(client):
                web.stream.park(self.waiting)
                yield
        finally:
            self.leave(client)


def _begin(client, text):
    """Begin to send to a client. Returns what is to be awaited, None if all has left."""
    if not client.binary:
        return client.post(text)
    rest = client.send(text)
    return None if rest is web.incoming.SENT else rest


def _is_there(client):
    return client.open and client.conn.sock
