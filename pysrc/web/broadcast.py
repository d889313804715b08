# One message to many clients, of whom none keeps the others waiting.
from asyncio import core

import web

# A member is a list: the task that sends to it, None while it takes at once what is sent;
# the client, None when it has left; and the messages that wait for the task.


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
        self._members = []
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
        data = None
        if not all([member[1].binary for member in self._members]):
            data = web.sse.encoded(message, id, event)
        for member in list(self._members):
            client = member[1]
            if member[0]:
                if len(member) - 2 >= self.most:
                    if self.slow == "drop":
                        client.abort()
                        continue
                    member.pop(2)
                member.append(message if client.binary else data)
                continue
            conn = client.conn
            turns = conn.turns
            conn.turns = 0  # no other task's turn is given to, as little is sent at once
            rest = client.post(message if client.binary else data)
            conn.turns = turns
            if rest and member[1]:
                member[0] = core.create_task(self._finish(member, rest))
        return len(self._members)

    def cancel(self):
        # What is called when a client is gone.
        for member in list(self._members):
            if not _is_there(member):
                self._remove(member)
        web.stream.wake(self.waiting)

    def join(self, client):
        """Have client, a WebSocket or an EventSource, get what is broadcast from now on,
        until it is gone. Who awaits what this returns waits for that, and when it is
        cancelled the client gets no more. Joining again is no more than that."""
        for member in self._members:
            if member[1] is client:
                return self._stay(member)
        conn = client.conn
        conn.helpers = list(conn.helpers) + [self]
        conn.touched = True
        member = [None, client]
        self._members.append(member)
        return self._stay(member)

    def leave(self, client):
        """Have client get no more. What waits for it is not sent."""
        for member in list(self._members):
            if member[1] is client:
                self._remove(member)

    def _remove(self, member):
        if member[1]:
            self._members.remove(member)
            if _is_there(member):  # else the list is looked through just now
                member[1].conn.helpers.remove(self)
            member[1] = None
            web.stream.wake(self.waiting)

    async def _finish(self, member, rest):
        # sends what a client did not take at once, and what waits behind that
        try:
            await rest
            while len(member) > 2 and _is_there(member):
                await (member[1].post(member.pop(2)) or web.conn.nothing())
        except OSError:
            self._remove(member)
        finally:
            member[0] = None

    async def _stay(self, member):
        try:
            while _is_there(member):
                web.stream.park(self.waiting)
                yield
        finally:
            self._remove(member)


def _is_there(member):
    client = member[1]
    return client and client.open and client.conn.sock
