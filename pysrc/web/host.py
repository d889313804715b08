# The Host field of a request whose target says where it goes.
from web._codec import next_field


def lines(buf, head, end):
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
