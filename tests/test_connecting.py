"""What comes of web.connect(): which certificates it trusts, with each of the modules of
TLS that firmware has, and how it ends when the server is silent or there is no agreement."""

import asyncio
import contextlib
import datetime
import json
import socket
import ssl
from functools import partial
from types import SimpleNamespace

import pytest
import trustme
import versions
from conftest import BUILD, DEVICE, MICROPYTHON, WITH_TLS, free_port, run_micropython
from test_tls import make_certificate
from websockets.asyncio.server import serve

# what has the module tls alone, and what has micropython-lib's ssl as well, as stock
# firmware does
WITH_SSL = versions.command("1.29-preview")  # which has micropython-lib's
WITHOUT_TLS = BUILD / "unix" / "micropython"
BOTH = pytest.mark.parametrize("binary", [WITH_TLS, WITH_SSL], ids=["tls", "ssl"])
CONTEXTS = pytest.mark.parametrize(
    "binary,module",
    [(WITH_TLS, "tls"), (WITH_SSL, "tls"), (WITH_SSL, "ssl")],
    ids=["tls alone", "tls", "ssl"],
)
ATTEMPTS = 3
TIMEOUT = 0.5
NOT_SO_LONG = 9  # the time limits of a connection that is open are 10 s


def run(url, binary=WITH_TLS, **options):
    """What came of each attempt; nothing is left of any."""
    output = run_micropython(
        DEVICE / "connecting.py",
        url,
        json.dumps({"attempts": ATTEMPTS, **options}),
        binary=binary,
        timeout=60,
    )
    assert all(line.startswith("[") for line in output.splitlines()), output
    told, seconds, files = zip(*map(json.loads, output.splitlines()), strict=True)
    assert len(told) == ATTEMPTS
    assert len(set(files)) == 1, files
    return told, seconds


def run_beside(server, scheme="wss", host="127.0.0.1", **options):
    """The same with a server; what makes its asynchronous context manager is given."""

    async def main():
        async with server() as listener:
            port = listener.sockets[0].getsockname()[1]
            return await asyncio.to_thread(run, f"{scheme}://{host}:{port}/", **options)

    return asyncio.run(main())


async def echo(ws):
    async for message in ws:
        await ws.send(message)


def server_context():
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


# -- certificates


class Authority:
    def __init__(self, folder):
        self.ca = trustme.CA()
        self.file = folder / "ca.der"
        pem = self.ca.cert_pem.bytes().decode()
        self.file.write_bytes(ssl.PEM_cert_to_DER_cert(pem))

    def serve(self, *names, at="127.0.0.1", **options):
        """A server with a certificate for these names."""
        context = server_context()
        self.ca.issue_cert(*names, **options).configure_cert(context)
        return partial(serve, echo, at, 0, ssl=context)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def assert_opened(outcome):
    assert outcome[0] == (["open", "hello"],) * ATTEMPTS


def assert_distrusted(outcome, *words):
    for kind, message in outcome[0]:
        assert kind == "OSError"
        assert message.startswith("certificate: ")
        assert "\n" not in message
        assert any(word in message for word in words), message


@CONTEXTS
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_certificate_for_the_host(authority, binary, module, host):
    # wherever localhost is
    address = socket.getaddrinfo(host, 0, 0, socket.SOCK_STREAM)[0][4][0]
    server = authority.serve("example.com", host, at=address)
    outcome = run_beside(server, host=host, binary=binary, context=module, ca=str(authority.file))
    assert_opened(outcome)


@CONTEXTS
@pytest.mark.parametrize(
    "names",
    [["example.com"], ["127.0.0.2"], ["localhost.example.com"], ["*.localhost"]],
    ids=" ".join,
)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_certificate_for_another_host(authority, binary, module, host, names):
    address = socket.getaddrinfo(host, 0, 0, socket.SOCK_STREAM)[0][4][0]
    server = authority.serve(*names, at=address)
    outcome = run_beside(server, host=host, binary=binary, context=module, ca=str(authority.file))
    assert_distrusted(outcome, "Common Name")


@CONTEXTS
def test_unknown_authority(authority, tmp_path, binary, module):
    server = Authority(tmp_path).serve("127.0.0.1")
    outcome = run_beside(server, binary=binary, context=module, ca=str(authority.file))
    assert_distrusted(outcome, "trusted CA")


@CONTEXTS
def test_no_authority(authority, binary, module):
    """As programs do that take a context to be enough."""
    outcome = run_beside(authority.serve("127.0.0.1"), binary=binary, context=module)
    assert_distrusted(outcome, "no authority is trusted", "trusted CA")


@BOTH
def test_no_context(authority, binary):
    outcome = run_beside(authority.serve("127.0.0.1"), binary=binary)
    assert_distrusted(outcome, "no authority is trusted", "trusted CA")


@CONTEXTS
def test_time_of_validity(authority, binary, module):
    """This machine's firmware knows what day it is."""
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    for since, until in ((now - 3 * day, now - day), (now + day, now + 3 * day)):
        server = authority.serve("127.0.0.1", not_before=since, not_after=until)
        outcome = run_beside(server, binary=binary, context=module, ca=str(authority.file))
        assert_distrusted(outcome, "validity")


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("selfsigned")
    make_certificate(folder, "ec")
    return folder


def serve_self_signed(folder):
    context = server_context()
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return partial(serve, echo, "127.0.0.1", 0, ssl=context)


@CONTEXTS
def test_self_signed(self_signed, authority, binary, module):
    """It is its own authority."""

    def outcome(ca):
        server = serve_self_signed(self_signed)
        return run_beside(server, binary=binary, context=module, ca=str(ca))

    assert_opened(outcome(self_signed / "cert.der"))
    assert_distrusted(outcome(authority.file), "trusted CA")


@BOTH
def test_no_verification(self_signed, binary):
    assert_opened(run_beside(serve_self_signed(self_signed), binary=binary, verify=False))


@CONTEXTS
def test_no_verification_with_a_context(self_signed, authority, binary, module):
    server = serve_self_signed(self_signed)
    options = {"binary": binary, "context": module, "ca": str(authority.file)}
    assert_opened(run_beside(server, verify=False, **options))


def test_firmware_that_verifies_nothing(authority):
    outcome = run_beside(authority.serve("127.0.0.1"), context="blind")
    assert outcome[0] == (["OSError", "this firmware can't check certificates"],) * ATTEMPTS


@pytest.mark.parametrize(
    "scheme,last", [("ws", "ECONNREFUSED"), ("wss", "ImportError: no module named 'tls'")]
)
def test_firmware_without_tls(tmp_path, scheme, last):
    """What has no TLS connects without, and says what it lacks for wss."""
    script = tmp_path / "main.py"
    url = f"{scheme}://127.0.0.1:{free_port()}/"
    script.write_text(f"import asyncio, web\nasyncio.run(web.connect({url!r}))\n")
    assert last in run_micropython(script, binary=WITHOUT_TLS).splitlines()[-1]


# -- servers that do not go on


@contextlib.asynccontextmanager
async def full():
    """A server whose queue of connections is full, so that no more are made."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            s = stack.enter_context(socket.socket())
            s.setblocking(False)
            s.connect_ex(listener.getsockname())
        yield SimpleNamespace(sockets=[listener])


def served(handler, context=None):
    """A server that does this with each client, and then waits for it to leave."""

    async def handle(reader, writer):
        with contextlib.suppress(OSError):
            await handler(reader, writer)
            while await reader.read(1000):
                pass
        writer.close()

    @contextlib.asynccontextmanager
    async def run():
        async with await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context) as server:
            yield server

    return run


async def silent(reader, writer):
    pass


async def begins_handshake(reader, writer):
    writer.write(b"\x16\x03\x03\x00")


async def begins_answer(reader, writer):
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")


async def answers_without_end(reader, writer):
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\n")
    while not writer.transport.is_closing():
        writer.write(b"X-A: b\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)


PLAIN = [silent, begins_answer, answers_without_end]
PHASES = {
    "no connection": ("ws", lambda _: full),
    **{f.__name__: ("ws", lambda _, f=f: served(f)) for f in PLAIN},
    "no connection for TLS": ("wss", lambda _: full),
    "silent instead of TLS": ("wss", lambda _: served(silent)),
    "begins TLS": ("wss", lambda _: served(begins_handshake)),
    **{f.__name__ + " in TLS": ("wss", lambda context, f=f: served(f, context)) for f in PLAIN},
}


@pytest.fixture(params=PHASES)
def phase(request, authority):
    """What comes of connecting to a server that does not go on from there."""
    scheme, make = PHASES[request.param]
    context = server_context()
    authority.ca.issue_cert("127.0.0.1").configure_cert(context)
    if scheme == "wss":
        options = {"context": "tls", "ca": str(authority.file)}
    else:
        options = {"binary": MICROPYTHON}
    return lambda **more: run_beside(make(context), scheme, **options, **more)


def test_timeout(phase):
    """However far it came, connecting takes no longer than was allowed."""
    told, seconds = phase(timeout=TIMEOUT, attempts=ATTEMPTS)
    assert told == (["OSError", "[Errno 110] ETIMEDOUT"],) * ATTEMPTS
    assert all(TIMEOUT <= took < NOT_SO_LONG for took in seconds)


def test_cancelling(phase):
    told, seconds = phase(cancel=0.4, timeout=300)
    assert told == (["cancelled"],) * ATTEMPTS


# -- servers that end it


async def leaves(reader, writer):
    writer.close()


async def leaves_after_a_part(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 101 Switch")
    writer.transport.abort()


async def resets(reader, writer):
    await reader.read(1)
    writer.transport.abort()


async def speaks_http(reader, writer):
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


LEAVING = [leaves, leaves_after_a_part, resets]


@pytest.mark.parametrize("leave", LEAVING)
@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_server_that_leaves(authority, leave, tls):
    context = None
    options = {"binary": MICROPYTHON}
    if tls:
        context = server_context()
        authority.ca.issue_cert("127.0.0.1").configure_cert(context)
        options = {"context": "tls", "ca": str(authority.file)}
    told, _ = run_beside(served(leave, context), "wss" if tls else "ws", **options)
    assert told == (["OSError", "[Errno 104] ECONNRESET"],) * ATTEMPTS


@pytest.mark.parametrize("leave", [leaves, resets])
def test_server_that_leaves_its_handshake(leave):
    told, _ = run_beside(served(leave))
    assert told == (["OSError", "[Errno 104] ECONNRESET"],) * ATTEMPTS


def test_server_without_tls():
    told, _ = run_beside(served(speaks_http))
    assert all(kind == "OSError" and message for kind, message in told)


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_refusal_leaves_nothing(authority, tls):
    def refuse(ws, request):
        return ws.respond(403, "no\n")

    context = None
    options = {"binary": MICROPYTHON}
    if tls:
        context = server_context()
        authority.ca.issue_cert("127.0.0.1").configure_cert(context)
        options = {"context": "tls", "ca": str(authority.file)}
    server = partial(serve, echo, "127.0.0.1", 0, ssl=context, process_request=refuse)
    told, _ = run_beside(server, "wss" if tls else "ws", **options)
    assert told == (["refused", 403],) * ATTEMPTS
