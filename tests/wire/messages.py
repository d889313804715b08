"""Bytes to send: requests (RFC 9112), handshakes and frames (RFC 6455)."""

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # for that key


def request(path="/", method="GET", *lines, version="1.1"):
    """A head with these field lines, after a Host."""
    head = (f"{method} {path} HTTP/{version}", "Host: a", *lines, "", "")
    return "\r\n".join(head).encode()


GET = request()


def post(path, body, *lines, method="POST", version="1.1"):
    """A request with a body of which the length is given."""
    return request(path, method, f"Content-Length: {len(body)}", *lines, version=version) + body


def chunked(path, *chunks, method="POST", lines=(), end=b"0\r\n\r\n", extension=b""):
    """A request with its body in chunked coding."""
    body = b"".join(b"%x%s\r\n%s\r\n" % (len(c), extension, c) for c in chunks)
    return request(path, method, "Transfer-Encoding: chunked", *lines) + body + end


def handshake(path="/ws", **changes):
    """A request for a WebSocket; of the changes Sec_WebSocket_Key="x" is another value of
    a field, or one more, and None leaves the field out."""
    fields = {
        "Host": "a",
        "Upgrade": "websocket",
        "Connection": "keep-alive, Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    for name, value in changes.items():
        fields[name.replace("_", "-")] = value
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()


def frame(opcode, payload=b"", fin=True, key=b"\x12\x34\x56\x78", length=None):
    """A frame, a client's unless key is None; length is what it claims to have. Reserved
    bits are the opcode's upper ones."""
    n = len(payload) if length is None else length
    mask = 0x80 if key else 0
    head = bytes([opcode | (0x80 if fin else 0)])
    if n < 126:
        head += bytes([mask | n])
    elif n < 65536:
        head += bytes([mask | 126]) + n.to_bytes(2, "big")
    else:
        head += bytes([mask | 127]) + n.to_bytes(8, "big")
    if not key:
        return head + payload
    keys = (key * (len(payload) // 4 + 1))[: len(payload)]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")
    return head + key + masked.to_bytes(len(payload), "big")
