# permessage-deflate (RFC 7692): WebSocket messages compressed one by one. No window is
# kept between two messages (no_context_takeover both ways), which frees its memory.
import io

import deflate
from micropython import const

from web._codec import utf8

_NAME = "permessage-deflate"
_TAIL = b"\0\0\xff\xff\x01\0\0\xff\xff"  # ends a message for the decompressor (7.2.2)
_SEND_BITS = const(9)  # the compressor searches its window for each byte
_LEAST = const(64)  # bytes of a message that is worth compressing,
_MOST = const(2048)  # and of one that does not keep other tasks waiting for too long
_CHUNK = const(512)
_PACKED = const(0x40)  # RSV1
_SPECIAL = const(2)  # see web.websocket


class Deflate:
    """What was agreed upon: windows of 2**receive_bits and 2**send_bits bytes."""

    def __init__(self, receive_bits, send_bits):
        self.receive_bits = max(receive_bits, 9)  # zlib takes 8 for 9
        self.send_bits = min(send_bits, _SEND_BITS)

    def compress(self, data):
        """Return data compressed, or None when it is to be sent as it is: that would
        be no shorter, or the firmware can't."""
        if not _LEAST <= len(data) <= _MOST or not hasattr(deflate.DeflateIO, "write"):
            return None
        out = io.BytesIO()
        with deflate.DeflateIO(out, deflate.RAW, self.send_bits) as compressor:
            compressor.write(data)
        packed = out.getvalue() + b"\0"  # behind a final block (7.2.3.4)
        return packed if len(packed) < len(data) else None


class Inflater:
    """Decompresses a message."""

    def __init__(self, data, bits, text):
        data.extend(_TAIL)
        self._source = io.BytesIO(data)
        self._stream = deflate.DeflateIO(self._source, deflate.RAW, bits)
        self._text = 0 if text else None  # its state

    def readinto(self, buf):
        """Read into buf. Returns how many bytes, fewer than there is room for at the
        end, or -1007 for what can't be decompressed, or is no text where it should be."""
        try:
            n = self._stream.readinto(buf)
        except (OSError, EOFError):
            return -1007
        ended = n < len(buf)
        if ended and self._source.read() not in (b"", b"\0" + _TAIL, _TAIL):
            return -1007  # something follows the end
        if self._text is not None:
            self._text = utf8(buf, 0, n, self._text)
            if self._text < 0 or ended and self._text:
                return -1007
        return n

    def message(self, most, sink):
        """Return the message, or its length when it went to a sink, or minus a close
        code."""
        if sink is not None:
            n = self.readinto(sink)
            return -1009 if n == len(sink) and self.readinto(bytearray(1)) else n
        data = bytearray(min(_CHUNK, most + 1))
        fill = 0
        while True:
            n = self.readinto(memoryview(data)[fill:])
            if n < 0:
                return n
            fill += n
            if fill > most:
                return -1009
            if fill < len(data):
                data[fill:] = b""
                return data if self._text is None else str(data, "utf-8")
            # one byte more than the most tells whether there is more
            data.extend(data if 2 * fill <= most else bytes(most + 1 - fill))


# -- the handshake (RFC 7692 7.1)


def _check_bits(bits):
    if not 9 <= bits <= 15:
        raise ValueError("compress")


def negotiate(ws, offers, bits):
    """Have ws compress as the first offer of a client has it that a window of 2**bits bytes
    is enough for. Returns the field line that accepts it, or nothing. Raises ValueError for
    bits of no window."""
    _check_bits(bits)
    for offer in offers.split(","):
        wanted = _parameters(offer)
        if wanted is None:
            continue
        send = wanted.get("server_max_window_bits", 15)
        receive = wanted.get("client_max_window_bits", 0)
        if not send or not receive and bits < 15:
            continue  # a window without a size; or one that it would not limit
        line = _NAME + "; server_no_context_takeover; client_no_context_takeover"
        if "server_max_window_bits" in wanted:
            line += "; server_max_window_bits={}".format(send)
        if receive:
            receive = min(receive, bits)
            line += "; client_max_window_bits={}".format(receive)
        line = "Sec-WebSocket-Extensions: " + line + "\r\n"
        ws.deflate = Deflate(receive or 15, send)
        ws.expect |= _PACKED | _SPECIAL
        return line.encode()
    return b""


def offer(bits):
    """Return the field line that offers compression to a server. Raises ValueError for
    bits of no window."""
    _check_bits(bits)
    line = "Sec-WebSocket-Extensions: " + _NAME + "; server_no_context_takeover"
    if bits < 15:
        line += "; server_max_window_bits={}".format(bits)
    return line + "; client_no_context_takeover; client_max_window_bits\r\n"


def agree(answer, bits):
    """Return the Deflate that a server's answer to offer(bits) stands for. Raises
    ValueError when it is no answer to that."""
    got = _parameters(answer)
    if got is None or "server_no_context_takeover" not in got:
        raise ValueError("extension")
    receive = got.get("server_max_window_bits", 15)
    send = got.get("client_max_window_bits", 15)
    if not send or not 8 <= receive <= bits:
        raise ValueError("extension")
    return Deflate(receive, send)


def _parameters(text):
    """The parameters of an offer or answer, or None when it is none of this extension,
    or has others than that knows. A window's bits without a value are 15 for a
    client's, which may be told any, and 0 for a server's."""
    name, *parameters = [part.strip() for part in text.split(";")]
    found = {}
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        key = key.strip()
        value = value.strip().strip('"')
        if key in found:
            return None
        if key in ("server_no_context_takeover", "client_no_context_takeover"):
            if "=" in parameter:
                return None
            found[key] = True
        elif key in ("server_max_window_bits", "client_max_window_bits"):
            if "=" not in parameter:
                found[key] = 15 if key[0] == "c" else 0
            elif value.isdigit() and value[0] != "0" and 8 <= int(value) <= 15:
                found[key] = int(value)
            else:
                return None
        else:
            return None
    return found if name == _NAME else None
