# What few programs have of header fields: as lines of text, of errors that handlers answer,
# Connection, another Host, Expect.
from micropython import const

import web
from web._codec import next_field

_EXPECT = const(16)  # a flag of a head


def split(text):
    """Return the header fields (dict of lists) of a str of lines, each ended by CRLF. Raises
    ValueError for what is none."""
    lines = text.split("\r\n")
    if lines.pop():
        raise ValueError("field line")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or "\r" in line or "\n" in line:
            raise ValueError("field line")
        headers.setdefault(name, []).append(value.strip())
    return headers


def add(own, headers):
    """Return the fields (dict) of a response with others beside its own, such as the Allow of
    405: a new dict, as an error handler may return one Response again and again."""
    known = [name.lower() for name in own]
    fields = {name: value for name, value in headers.items() if name.lower() not in known}
    fields.update(own)
    return fields


def options(conn, value):
    """Return what is told in the Connection field of a response (str) beside whether the
    connection stays, if a handler gave the field that value, and have it end if that says so."""
    others = ""
    for option in value.lower().split(","):
        option = option.strip()
        if option == "close":
            conn.closing = True
        elif option and option != "keep-alive":
            others += ", " + option
    return others


def of_target(buf, head, end):
    """Return the field lines (bytes) of a request with that head: its target's authority
    stands for the Host field (RFC 9112 3.2.2)."""
    found = b"Host: " + buf[head[8] : head[9]] + b"\r\n"
    out = [None, None]
    pos = head[5]
    while True:
        start = pos
        pos = next_field(buf, pos, end, out)
        if not pos:
            break
        if out[0].lower() != "host":
            found += buf[start:pos]
    return found + b"\r\n"


async def go_ahead(r):
    """Tell the client that waits for it to send the body of r (RFC 9110 10.1.1). Raises
    OSError."""
    conn = r._conn
    r._head[3] -= _EXPECT
    if not conn.sent:
        await web.stream.send_each(conn, (b"HTTP/1.1 100 Continue\r\n\r\n",))
        conn.sent = False
