"""What other people's parsers make of the same bytes: llhttp (of Node.js, by httptools) and
h11 of heads. Each returns what ours.head() does, or None where it refuses them."""

import re

import h11
import httptools

from fuzz import ours
from fuzz.ours import Head


class _Llhttp:
    def __init__(self):
        self.fields = []
        self.target = b""
        self.done = False

    def on_url(self, url):
        self.target += url

    def on_header(self, name, value):
        self.fields.append((name.lower(), value))

    def on_headers_complete(self):
        self.done = True
        self.keep_alive = self.parser.should_keep_alive()  # which it forgets at the end


def _framing(fields):
    lengths = [value for name, value in fields if name == b"content-length"]
    chunked = any(name == b"transfer-encoding" for name, _ in fields)
    return chunked, int(lengths[0]) if lengths else 0


def llhttp(data, used):
    """Of the first used bytes, which are a head for one of the parsers."""
    seen = _Llhttp()
    parser = seen.parser = httptools.HttpRequestParser(seen)
    try:
        parser.feed_data(data[:used])
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError:
        return None
    if not seen.done:
        return 0
    fields = [(name, value.rstrip(b" \t")) for name, value in seen.fields]
    chunked, length = _framing(fields)
    minor = int(parser.get_http_version() != "1.0")
    return Head(
        used,
        parser.get_method(),
        seen.target,
        fields,
        chunked,
        length,
        seen.keep_alive,
        parser.should_upgrade(),
        minor,
    )


def h11_(data, used):
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=100000)
    try:
        connection.receive_data(data[:used])
        event = connection.next_event()
    except h11.RemoteProtocolError:
        return None
    if event is h11.NEED_DATA:
        return 0
    fields = list(event.headers)
    chunked, length = _framing(fields)
    return Head(
        used,
        event.method,
        event.target,
        fields,
        chunked,
        length,
        None,  # it tells only when the response has been sent
        False,
        int(event.http_version != b"1.0"),
    )


# -- which differences are allowed, and why


def _has(pattern):
    search = re.compile(pattern, re.I | re.S).search
    return lambda data: search(data)


# What ours takes and that parser refuses.
MORE = {
    llhttp: {
        "any token is a method (RFC 9110 9.1)": lambda data: not _has(
            rb"^(\r\n)*(?-i:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|PATCH) "
        )(data),
        "a later minor version is 1.1's (RFC 9110 2.5)": _has(rb" HTTP/1\.[2-9]\r\n"),
        "a length that is repeated (RFC 9112 6.3)": _has(rb"\ncontent-length:.*\ncontent-length:"),
        "a target may have bytes beyond ASCII": _has(rb"^[^\r]*[\x80-\xff]"),
        "a list has empty elements (RFC 9110 5.6.1)": _has(rb"\ntransfer-encoding:[^\r]*,"),
        "whitespace ends a value (RFC 9110 5.5)": _has(rb"\ntransfer-encoding:[^\r]*\t"),
        "an absolute-form's host may be any (RFC 3986 3.2.2)": _has(rb"^(\r\n)*\S+ https?://"),
        "CONNECT's host too": _has(rb"^(\r\n)*CONNECT "),
    },
    h11_: {
        "empty lines before the request line (RFC 9112 2.2)": _has(rb"^\r\n"),
        "a length that is repeated (RFC 9112 6.3)": _has(rb"\ncontent-length:.*\ncontent-length:"),
        "a target may have bytes beyond ASCII": _has(rb"^[^\r]*[\x80-\xff]"),
        "a list has empty elements (RFC 9110 5.6.1)": _has(rb"\ntransfer-encoding:[^\r]*,"),
        "a length may begin with zeros (RFC 9110 8.6)": _has(rb"\ncontent-length:[ \t]*0{10}"),
    },
}
_HOST = rb"(\[[0-9a-fv:.~!$&'()*+,;=_-]+\]|([a-z0-9~!$&'()*+,;=._-]|%[0-9a-f]{2})*)(:[0-9]*)?"
# What ours refuses, and another may take.
LESS = {
    "a line ends with CR LF (RFC 9112 2.2)": _has(rb"(?<!\r)\n|\r(?!\n)"),
    "a version 1.x (RFC 9110 2.5)": lambda data: not _has(rb"^(\r\n)*\S+ \S+ HTTP/1\.\d\r\n")(data),
    "Host in 1.1 (RFC 9112 3.2)": lambda data: not _has(rb"\nhost:")(data),
    "one Host (RFC 9112 3.2)": _has(rb"\nhost:.*\nhost:"),
    "a host in Host (RFC 9110 7.2)": lambda data: not _has(
        rb"\nhost:[ \t]*" + _HOST + rb"[ \t]*\r\n"
    )(data),
    "a target's form (RFC 9112 3.2)": lambda data: not _has(
        rb"^(\r\n)*(\S+ /|OPTIONS \* |\S+ https?://" + _HOST + rb"[/? ])"
    )(data),
    "a path that can be decoded (RFC 3986 2.1)": _has(rb"^[^\r?]*%"),
    "no fragment in a target, no control character, only UTF-8": _has(
        rb"^(\r\n)*\S+ [^\r]*([#\x00-\x1f\x7f-\xff]).* HTTP"
    ),
    "a method of 32 bytes": _has(rb"^\S{33}"),
    "a length or chunks, not both (RFC 9112 6.1)": _has(
        rb"\ncontent-length:.*\ntransfer-enc|\ntransfer-enc.*\ncontent-length:"
    ),
    "one length in digits, below 1 GB (RFC 9112 6.3)": _has(
        rb"\ncontent-length:[ \t]*(\d*[^\d\r \t]|\d{10}|\r|\d+[ \t]+[^\r])"
        rb"|\ncontent-length:.*\ncontent-length:"
    ),
    "chunked alone (RFC 9112 6.1)": _has(
        rb"\ntransfer-encoding:(?![ \t]*chunked[ \t]*\r)|\ntransfer-enc.*\ntransfer-enc"
    ),
    "tokens in Connection (RFC 9110 7.6.1)": _has(
        rb"\nconnection:[^\r]*([^\x21-\x7e \t]|[\"(),/:;<=>?@\[\\\]{}]|\w[ \t]+\w)"
    ),
    "Expect is 100-continue (RFC 9110 10.1.1)": _has(rb"\nexpect:(?![ \t]*100-continue[ \t]*\r)"),
    "a field's name is a token, and ':' follows it (RFC 9112 5.1)": _has(
        rb"\r\n(?!\r\n)(?![!#$%&'*+.^_`|~0-9a-z-]+:)."
    ),
    "no control characters in values (RFC 9110 5.5)": _has(
        rb"\n[^\r:]+:[^\r]*[\x00-\x08\x0a-\x1f\x7f]"
    ),
}


def difference(data):
    """What ours and another make of a head differently, and no section allows: a str, or
    None. data is a head, or ours refuses it somewhere."""
    mine = ours.head(data)
    if mine == 0:
        return None
    accepted = isinstance(mine, Head)
    end = data.find(b"\r\n\r\n", len(data) - len(data.lstrip(b"\r\n")))
    used = mine.used if accepted else end + 4 if end >= 0 else len(data)
    for parser, allowed in MORE.items():
        theirs = parser(data, used)
        both = accepted and isinstance(theirs, Head)
        if both and (part := _unlike(mine, theirs)):
            return f"{parser.__name__} reads {part} otherwise"
        if accepted and not both and not any(rule(data[:used]) for rule in allowed.values()):
            return f"{parser.__name__} refuses it"
        if not accepted and isinstance(theirs, Head):
            if not any(rule(data[:used]) for rule in LESS.values()):
                return f"{parser.__name__} takes it, and ours says {-mine}"
    return None


def _values(fields):
    # h11 gives codings in lower case, and a repeated length once
    pairs = {(name, value.lower()) for name, value in fields if name in _FRAMING}
    return [pair for pair in fields if pair[0] not in _FRAMING], pairs


_FRAMING = (b"transfer-encoding", b"content-length")


def _unlike(mine, theirs):
    for part in ("method", "target", "chunked", "length", "minor"):
        if getattr(mine, part) != getattr(theirs, part):
            return part
    if _values(mine.fields) != _values(theirs.fields):
        return "fields"
    # llhttp lets an HTTP/1.0 client that says both persist, which RFC 9112 9.3 does not, and
    # reads Proxy-Connection, which is nobody's (RFC 9112 C.2.2)
    told = mine.minor and not any(name == b"proxy-connection" for name, _ in mine.fields)
    if told and theirs.keep_alive is not None and mine.keep_alive != theirs.keep_alive:
        return "keep-alive"
    return None
