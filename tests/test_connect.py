"""Our WebSocket client with servers that other people wrote: the packages websockets of
Python and ws of Node.js."""

import asyncio
import json
import ssl

import pytest
from conftest import DEVICE, WITH_TLS, free_port, run_micropython
from test_tls import make_certificate
from thirdparty import Node
from websockets.asyncio.server import serve

SIZES = [0, 1, 125, 126, 127, 1023, 1025, 4096, 65535, 65536]
MOST = 70000  # as what does not compress grows a little
LARGE = {"max_size": MOST}
COMPRESS = pytest.mark.parametrize("compress", [0, 9, 15])
LEFT = ["state", False, True, 1000, ""]


def connect(url, *steps, **options):
    """What tests/device/connect.py tells."""
    micropython = options.pop("micropython", {})
    arguments = url, json.dumps(options), json.dumps(steps)
    output = run_micropython(DEVICE / "connect.py", *arguments, timeout=60, **micropython)
    assert all(line.startswith("[") for line in output.splitlines()), output
    return [json.loads(line) for line in output.splitlines()]


@pytest.fixture
def client(parser):
    return lambda url, *steps, **options: connect(
        url, *steps, micropython={"parser": parser}, **options
    )


@pytest.fixture
def talk(client):
    """What our client tells that takes these steps with a server of that handler, and
    what the handler returned, or None."""

    def talk(handler, *steps, server=None, path="/", **options):
        results = []

        async def keep_result(ws):
            results.append(await handler(ws))

        async def main():
            async with serve(keep_result, "127.0.0.1", 0, **(server or {})) as listener:
                port = listener.sockets[0].getsockname()[1]
                url = f"ws://127.0.0.1:{port}{path}"
                return await asyncio.to_thread(client, url, *steps, **options)

        return asyncio.run(main()), *(results or [None])

    return talk


async def echo(ws):
    async for message in ws:
        await ws.send(message)
    return [extension.name for extension in ws.protocol.extensions]


@COMPRESS
def test_echo(talk, compress):
    events, extensions = talk(
        echo, ["echo", SIZES], ["finish"], compress=compress, server=LARGE, max_message=MOST
    )
    assert events == [["open", None], ["echoed"], LEFT]
    assert extensions == (["permessage-deflate"] if compress else [])


def test_server_that_does_not_compress(talk):
    events, extensions = talk(
        echo, ["echo", SIZES], ["finish"], compress=15, server={"compression": None}
    )
    assert events == [["open", None], ["echoed"], LEFT]
    assert extensions == []


@COMPRESS
def test_fragments_of_the_server(talk, compress):
    async def handler(ws):
        await ws.send(["Grü", "", "ße ", "😀"])
        await ws.send([b"a" * 30000, b"b" * 30000])

    events, _ = talk(handler, ["messages"], compress=compress)
    assert events == [
        ["open", None],
        ["text", "Grüße 😀"],
        ["binary", "61" * 30000 + "62" * 30000],
        LEFT,
    ]


def test_pings(talk):
    async def handler(ws):
        latency = await (await ws.ping("are you there"))
        await ws.send("pong came")
        await ws.wait_closed()
        return latency

    events, latency = talk(
        handler, ["receive"], ["ping", "I am"], ["recv"], ["close"], ["recv"], ["recv"]
    )
    assert events == [
        ["open", None],
        ["text", "pong came"],
        ["event", "pong", "b'I am'"],
        ["event", "close", "b'\\x03\\xe8'"],
        ["event", None, None],
        LEFT,
    ]
    assert latency > 0


@pytest.mark.parametrize("code,reason", [(1000, ""), (1011, "fault"), (4001, "Schluß")])
def test_server_closes(talk, code, reason):
    async def handler(ws):
        await ws.close(code, reason)
        return ws.close_code

    events, answered = talk(handler, ["receive"], ["send", "too late"])
    assert events == [
        ["open", None],
        ["nothing"],
        ["OSError"],
        ["state", False, True, code, reason],
    ]
    assert answered == code


@pytest.mark.parametrize("code,reason", [(1000, ""), (4000, "Grüße")])
def test_client_closes(talk, code, reason):
    async def handler(ws):
        await ws.wait_closed()
        return ws.close_code, ws.close_reason

    events, seen = talk(handler, ["close", code, reason], ["receive"])
    assert events[1:] == [["nothing"], ["state", False, True, code, reason]]
    assert seen == (code, reason)


def test_server_vanishes(talk):
    async def handler(ws):
        ws.transport.abort()

    events, _ = talk(handler, ["receive"])
    assert events[1:] == [["nothing"], ["state", False, True, 1006, ""]]


@COMPRESS
def test_too_long_a_message(talk, compress):
    async def handler(ws):
        await ws.send("x" * 1000)
        await ws.send("x" * 1001)
        await ws.wait_closed()
        return ws.close_code

    events, seen = talk(handler, ["messages"], max_message=1000, compress=compress)
    assert events[1:] == [["text", "x" * 1000], ["state", False, True, 1009, ""]]
    assert seen == 1009


@pytest.mark.parametrize("headers", [{"X-Token": "a b"}, [["X-Token", "a b"], ["X-Token", "c"]]])
def test_request(talk, headers):
    async def handler(ws):
        return ws.request

    _, request = talk(
        handler, ["receive"], path="/rooms/1?a=b%20c", headers=headers, origin="http://here"
    )
    assert request.path == "/rooms/1?a=b%20c"
    assert request.headers.get_all("X-Token") == ["a b", "c"][: len(headers)]
    assert request.headers["Origin"] == "http://here"
    assert request.headers["Host"].startswith("127.0.0.1:")


@pytest.mark.parametrize(
    "offered,chosen", [(["chat", "log"], "log"), (["none", "log"], "log"), ([], None)]
)
def test_subprotocol(talk, offered, chosen):
    events, _ = talk(
        echo,
        ["finish"],
        subprotocols=offered,
        server={"subprotocols": ["log", "chat"], "select_subprotocol": lambda _, names: chosen},
    )
    assert events == [["open", chosen], LEFT]


@pytest.mark.parametrize("status", [200, 301, 401, 404, 503])
def test_refusal(talk, status):
    async def handler(ws):
        raise AssertionError

    def refuse(ws, request):
        return ws.respond(status, "no WebSocket here\n")

    events, _ = talk(handler, server={"process_request": refuse})
    assert events == [["refused", status]]


def test_nobody_listens(client):
    assert client(f"ws://127.0.0.1:{free_port()}/") == [["OSError"]]


@pytest.mark.parametrize(
    "url",
    ["", "ws://", "ws:///path", "http://127.0.0.1/", "127.0.0.1/", "ws:127.0.0.1/"]
    + ["ws://127.0.0.1:port/", "ws://127.0.0.1:65536/", "ws://127.0.0.1/a b", "ws://h/\r\nX: y"]
    + ["ws://127.0.0.1:/", "ws://127.0.0.1:0/", "ws://127.0.0.1:+80/", "ws://me@127.0.0.1/"]
    + ["ws://127.0.0.1/#a", "ws://[::1/", "ws://::1/", "ws://a\r\nX: y/", "ws:///?a"],
)
def test_bad_url(url):
    assert connect(url) == [["ValueError"]]


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"X-A": "b\r\nX-C: d"}},
        {"headers": {"X-A\n": "b"}},
        {"origin": "a\r\nb"},
        {"headers": {"": "b"}},
        {"headers": {"X-A": "b\r\n\r\nGET / HTTP/1.1\r\nHost: a"}},
        {"subprotocols": ["a\r\nb"]},
        {"subprotocols": ["a\r\nX-C: d"]},
        {"origin": "a\r\nX-C: d"},
    ],
    ids="header name origin no-name request subprotocol field-of-it field-of-origin".split(),
)
def test_line_breaks_are_refused(options):
    assert connect(f"ws://127.0.0.1:{free_port()}/", **options) == [["ValueError"]]


@pytest.mark.parametrize(
    "options",
    [{"headers": {"X-A": "😀"}}, {"origin": "http://😀"}],
    ids=["header", "origin"],
)
def test_lone_surrogates_are_refused(client, options):
    """JSON's escapes of an emoji are two on MicroPython, which no UTF-8 has."""
    url = f"ws://127.0.0.1:{free_port()}/"
    assert "\\ud83d" in json.dumps(options)
    assert client(url, **options) == [["ValueError"]]


# -- with TLS

ON_TLS = {"binary": WITH_TLS}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    make_certificate(folder, "ec")
    return folder


def talk_tls(certificate, *steps, **options):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")

    async def main():
        async with serve(echo, "127.0.0.1", 0, ssl=context, max_size=None) as listener:
            url = f"wss://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
            return await asyncio.to_thread(connect, url, *steps, micropython=ON_TLS, **options)

    return asyncio.run(main())


@COMPRESS
def test_tls(certificate, compress):
    events = talk_tls(
        certificate,
        ["echo", SIZES],
        ["finish"],
        ca=str(certificate / "cert.der"),
        compress=compress,
        max_message=MOST,
    )
    assert events == [["open", None], ["echoed"], LEFT]


def test_certificate_that_is_not_trusted(certificate, tmp_path):
    make_certificate(tmp_path, "ec")
    assert talk_tls(certificate, ca=str(tmp_path / "cert.der")) == [["OSError"]]


# -- Node.js


@COMPRESS
def test_node_echo(client, compress):
    with Node("server", perMessageDeflate={"threshold": 0}) as node:
        _, port = node.next()
        url = f"ws://127.0.0.1:{port}/"
        steps = ["echo", SIZES], ["finish"]
        events = client(url, *steps, compress=compress, max_message=MOST)
        assert events == [["open", None], ["echoed"], LEFT]
        _, subprotocol, extensions, headers = node.next()
        assert (subprotocol, extensions) == ("", "permessage-deflate" if compress else "")
        assert headers["connection"].lower() == "upgrade"
        told = [node.next() for _ in range(3 * len(SIZES))]
        assert [len(message) for kind, message in told if kind == "binary"][::2] == SIZES
        assert node.next() == ["close", 1000, ""]


def test_our_own_server(client, interop):
    url = interop.url("/ws", "ws")
    assert client(url, ["echo", SIZES], ["finish"], subprotocols=["chat"]) == [
        ["open", "chat"],
        ["echoed"],
        LEFT,
    ]
