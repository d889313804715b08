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
        self._members = []  # of each its task, the client, and the messages that wait
        self.waiting = core.TaskQueue()  # the tasks of those for whom none does

    def __len__(self):
        return len(self._members)

    def send(self, message):
        """Have message (str or bytes-like) sent to all, without waiting for any. Returns
        to how many. Raises TypeError for another type, ValueError for a str that is no
        UTF-8, and for bytes that are none when there are EventSources."""
        data = web.conn.octets(message)
        if not isinstance(message, str):
            message = bytes(data)  # the caller may change it meanwhile
            if not all([member[1].binary for member in self._members]):
                web.conn.octets(str(message, "utf-8"))  # or ValueError: events are text
        for member in self._members:
            if len(member) - 2 >= self.most:
                if self.slow == "drop":
                    member[1].abort()
                    continue
                member.pop(2)
            member.append(message)
        self.cancel()
        return len(self._members)

    def cancel(self):
        # What is called when a client is gone: have each that waits look for itself.
        web.stream.wake(self.waiting)

    async def join(self, client):
        """Send client, a WebSocket or an EventSource, what is broadcast, until it is
        gone or this is cancelled."""
        conn = client.conn
        conn.helpers = list(conn.helpers) + [self]
        conn.touched = True
        member = [core.cur_task, client]
        self._members.append(member)
        try:
            while client.open and conn.sock:
                if len(member) > 2:
                    await client.send(member.pop(2))
                else:
                    web.stream.park(self.waiting)
                    yield
        except OSError:
            pass
        finally:
            self._members.remove(member)
            conn.helpers.remove(self)
