# What is said on the console, one line each.
import gc
import sys

import web

# What a client is told that can't be served, for want of memory or of a place.
UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


def tell(conn, e):
    """Say that there is no memory for a connection, or that e is a fault of this
    package."""
    if isinstance(e, MemoryError):
        gc.collect()
        print("web: out of memory:", e)
        if not conn.sent and conn.sock:
            conn.sock.write(UNAVAILABLE)
    else:
        print("web: fault:", repr(e))


def report(r, e):
    """One line on the console for a handler's fault, and where it was raised."""
    tell_fault(r.method + " " + escaped(r.path), e, "", r)


def tell_fault(what, e, more="", r=None):
    """The same for a fault in what else is said (str)."""
    import io

    trace = io.StringIO()
    sys.print_exception(e, trace)
    lines = [line for line in trace.getvalue().split("\n") if line.startswith("  File ")]
    # the last line that is the program's own
    own = [line for line in lines if '"web/' not in line]
    where = "".join((own or lines)[-1:]).strip()
    text = escaped(e)
    if r and isinstance(e, (TypeError, AttributeError)):
        try:
            text, where = web.advice.tell(r, e, text, where, own)
            web.forget("advice")
        except Exception:
            pass  # there is no memory or no descriptor to load it
    print("web: {}: {}: {} ({}){}".format(what, type(e).__name__, text, where, more))


def unsupported(r, what, kind):
    """Say that `what` takes no body of a kind (str)."""
    line = "web: {} {}: {} takes no {}"
    print(line.format(r.method, escaped(r.path), what, escaped(kind) or "body without a type"))


def escaped(value):
    """What a client sent as text that does not look like other lines of the console."""
    return repr(str(value))[1:-1]


def unsendable(body):
    """Raise what a handler gets that has such a body sent, or returns such a tuple: ValueError
    for a str, else TypeError."""
    if isinstance(body, str):
        raise ValueError("text that can't be UTF-8")
    if isinstance(body, tuple):
        raise TypeError("not (body, status, headers)")
    raise TypeError("can't send " + repr(type(body)))
