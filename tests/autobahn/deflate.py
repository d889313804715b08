"""permessage-deflate as a client has it (RFC 7692)."""

import zlib

TAIL = b"\x00\x00\xff\xff"  # see 7.2.1
WINDOW = 1 << 15
RESET = "server_no_context_takeover"


def parsed(extension):
    """The parameters of one permessage-deflate, each with its value or None."""
    name, *rest = (part.strip() for part in extension.split(";"))
    assert name == "permessage-deflate"
    parameters = {}
    for parameter in rest:
        key, equals, value = (part.strip() for part in parameter.partition("="))
        assert key not in parameters, f"{key} is there twice"
        parameters[key] = value if equals else None
    return parameters


def bits(value):
    """8 to 15 with no leading zero, as a number."""
    assert value in [str(n) for n in range(8, 16)], value
    return int(value)


def accepts(offered, answered):
    """Whether this is an answer to that offer (RFC 7692 7.1)."""
    if RESET in offered and RESET not in answered:
        return False
    for side in ("server", "client"):
        key = f"{side}_max_window_bits"
        if key not in answered:
            if side == "server" and key in offered:
                return False
        elif key not in offered:
            if side == "client":
                return False
        elif offered[key] and bits(answered[key]) > bits(offered[key]):
            return False
    return True


class Deflate:
    """What was agreed upon, and the two streams of the connection."""

    def __init__(self, answered):
        for key, value in answered.items():
            assert key in (
                "server_no_context_takeover",
                "client_no_context_takeover",
                "server_max_window_bits",
                "client_max_window_bits",
            )
            assert bits(value) if key.endswith("bits") else value is None
        self.own_bits = bits(answered.get("client_max_window_bits", "15"))
        self.peer_bits = bits(answered.get("server_max_window_bits", "15"))
        self.own_reset = "client_no_context_takeover" in answered
        self.peer_reset = RESET in answered
        self.compressor = self.decompressor = None
        self.seen = b""  # the end of what was decompressed

    def pack(self, message):
        if self.compressor is None or self.own_reset:
            # zlib has no window of 2**8 bytes, but need not refer to one
            strategy = zlib.Z_HUFFMAN_ONLY if self.own_bits == 8 else zlib.Z_DEFAULT_STRATEGY
            self.compressor = zlib.compressobj(wbits=-max(9, self.own_bits), strategy=strategy)
        data = self.compressor.compress(message) + self.compressor.flush(zlib.Z_SYNC_FLUSH)
        assert data.endswith(TAIL)
        return data[: -len(TAIL)]

    def unpack(self, payload):
        """Raises zlib.error for a reference to what is not in the window."""
        if self.decompressor is None or self.peer_reset:
            self._begin(b"")
        left, message = payload + TAIL, b""
        while left:
            piece = self.decompressor.decompress(left)
            message += piece
            left = self.decompressor.unused_data
            self.seen = (self.seen + piece)[-WINDOW:]
            if self.decompressor.eof:  # a last block; others may follow (7.2.3.4)
                self._begin(self.seen)
        return message

    def _begin(self, seen):
        self.seen = seen
        window = seen[-(1 << self.peer_bits) :]
        self.decompressor = zlib.decompressobj(-self.peer_bits, zdict=window)


def negotiate(offers, answer):
    """The permessage-deflate that the server agreed to."""
    assert answer, "no extension was agreed upon"
    answered = parsed(answer.decode())
    deflate = Deflate(answered)
    assert any(accepts(parsed(offer), answered) for offer in offers.split(",")), answer
    return deflate
