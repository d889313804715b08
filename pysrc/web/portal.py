# A captive portal: for those who join the board's access point every name is the board's
# (RFC 1035), and a request for any host but the board leads to a page of it.
import sys

from micropython import const

import web
from web.conn import no_tasks, register

_DNS_HEAD = const(12)  # bytes of a DNS message before its question
_LONGEST_NAME = const(255)  # most bytes of a name
_LABEL = const(63)  # and of a label in it: more is a pointer, or nothing
_ASKED = const(4)  # bytes of the type and the class that follow it
_DATAGRAM = const(288)  # bytes that are read: a longer question is none
_NO_QUESTION = const(0xF8)  # the bits of responses, and of other operations than a query
_EAGAIN = const(11)
_PLACES = const(7)  # connections of an ESP32, which has 10 sockets, if one is for names
# An answer: the name of the question, type A, class IN, for 10 seconds, 4 bytes
_ANSWER = b"\xc0\x0c\0\1\0\1\0\0\0\x0a\0\4"


def answer(data, address):
    """Return the response (bytearray) to a DNS message (bytes) that asks for the address of
    any name, with that address (4 bytes); without one where another type is asked for; None
    for what is no question."""
    n = len(data)
    if n < _DNS_HEAD or data[2] & _NO_QUESTION or data[4:6] != b"\0\1":
        return None  # an answer to an answer would be answered for ever
    end = _DNS_HEAD
    size = 1
    while size:
        if end >= n:
            return None
        size = data[end]
        if size > _LABEL:
            return None  # there is nothing before it to point to
        end += 1 + size
    asked = data[end : end + _ASKED]
    end += _ASKED
    if end > n or end > _DNS_HEAD + _LONGEST_NAME + _ASKED:
        return None
    out = bytearray(data[:end])  # what may follow, of EDNS, is left out (RFC 6891 7)
    out[2] = 0x84 | data[2] & 1  # an authoritative response; recursion, if it is desired,
    out[3] = 0x80  # is available
    out[6:12] = b"\0\0\0\0\0\0"
    if asked[1] in b"\1\xff" and asked[3] in b"\1\xff" and not (asked[0] or asked[2]):
        out[7] = 1
        out.extend(_ANSWER)
        out.extend(address)
    return out


class Portal:
    """What captive() returns.

    online  whether what phones and computers try to learn whether they have the internet
            is answered as if they had, False at first: with an access point that leads
            nowhere they stay then, and close the page that they have opened by themselves
    """

    online = False
    task = None  # see web.background
    __iter__ = no_tasks

    def __init__(self, app, ip, page, hosts, port):
        self.app = app
        self._ip = ip
        self._address = bytes([int(part) for part in ip.split(".")])
        if len(self._address) != 4:
            raise ValueError("ip")
        self._page = page
        self._hosts = [host.lower() for host in hosts]
        self._port = port
        self.sock = None
        self._queue = None
        self.before = self._lead

    async def stop(self):
        """End it: names are answered no more, and other hosts are as the board's own."""
        web.background.drop(self)
        before, after, errors = self.app.hooks
        # a new list, for a request may be between two of them
        self.app.hooks = [each for each in before if each is not self.before], after, errors

    # -- see web.background

    def begin(self, server, port):
        if self.sock:
            return
        import socket

        self._location = "http://" + self._ip
        if port != 80:
            self._location += ":" + str(port)
        self._location += self._page
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.bind(socket.getaddrinfo(server.host, self._port)[0][-1])
            register(server, sock, self)
        except BaseException:
            sock.close()
            raise
        self.sock = sock
        self._queue = server.queue

    def end(self):
        if self.sock:
            self._queue._dequeue(self.sock)
            self.abandon()

    def abandon(self):
        if self.sock:
            self.sock.close()
            self.sock = None

    # -- names, see web.conn.Queue

    def ready(self):
        """Somebody asks for a name."""
        try:
            data, client = self.sock.recvfrom(_DATAGRAM)
        except OSError as e:
            if e.errno != _EAGAIN:
                raise
            return
        data = answer(data, self._address)
        if data:
            try:
                self.sock.sendto(data, client)
            except OSError:
                pass  # who is there still asks again

    def broken(self, e):
        """A question could not be read."""
        if isinstance(e, MemoryError):
            self.sock.readinto(self.app.buf)  # nor must it come up again and again
        else:
            print("web: captive portal: answers for names end:", repr(e))
            self.end()

    # -- requests

    def _lead(self, r):
        host = (web.fields.field(r, "host") or "").lower()
        name = host.partition(":")[0]
        # by an address only the board's own can be meant
        if name.replace(".", "").isdigit() or host[:1] in "[" or name in self._hosts:
            return
        r._conn.closing = True  # whoever looks whether there is the internet opens many
        if self.online:
            known = web.probes.answer(r.path)
            if known:
                return known
        return "", 302, {"Location": self._location, "Cache-Control": "no-store"}


def captive(app, ip, page="/", hosts=(), port=53):
    """Have those who join the board's access point come to a page of an app by themselves:
    every name that they ask for is the board's, and a request for another host than an
    address is answered by 302, with that page. So are those by which phones and computers
    find out whether they have the internet, and then they show the page.

    app    App that serves. The portal begins and ends with it
    ip     str, the board's address as an access point
    page   str, the path to which requests are led
    hosts  list or tuple of names (str), 'board.local', say, that are the board's own
    port   UDP port at which names are asked for: phones know no other than 53

    Returns the Portal, whose stop() is to be awaited. Call it after web.protect(), which
    knows no other hosts. On an ESP32, which has 10 sockets, the app has one connection
    fewer. Raises ValueError for what is no address, TypeError, and when the app serves
    already OSError when the port is in use; else App.start() does."""
    if isinstance(hosts, str):
        raise TypeError("hosts must be a tuple of str")
    try:
        portal = Portal(app, ip, page, hosts, port)
    except ValueError:
        raise ValueError("ip must be an IPv4 address, not " + repr(ip))
    web.background.add(portal)
    if sys.platform == "esp32" and app.most_connections > _PLACES:
        app.most_connections = _PLACES
        app.most_streams = min(app.most_streams, _PLACES - 1)
    before = web.setup.hooks(app, 0)
    # a new list, as in stop()
    app.hooks = [portal.before] + before, app.hooks[1], app.hooks[2]
    if app.listener:
        web.forget("setup")
    return portal
