"""Our server with WebSocket clients that other people wrote: the packages ws of Node.js
and websockets of Python."""

import asyncio
import os

import pytest
from thirdparty import Node
from websockets.asyncio.client import connect
from wire import open_files_fall_to

SIZES = [0, 1, 125, 126, 1023, 1025, 65535, 65536, 300000]


@pytest.fixture
def node(interop, visitor):
    """The client of ws, connected."""
    with Node("client", interop.url("/ws?" + visitor, "ws")) as node:
        assert node.next() == ["open", "", ""]
        yield node


# -- Node.js


def test_node_echo(node):
    for size in SIZES:
        data = os.urandom(size)
        node.send_binary(data)
        assert node.next() == ["binary", data]
        text = ("aß€😀" * size)[: size // 3]
        node.do("text", text)
        assert node.next() == ["text", text]


def test_node_messages_in_a_row(node):
    messages = [str(i) * i for i in range(200)]
    for message in messages:
        node.do("text", message)
    assert [node.next() for _ in messages] == [["text", message] for message in messages]


def test_node_fragments_with_a_ping_between(node):
    node.do("fragments", "Grü", "", "ße ", "😀")
    assert node.next() == ["text", "Grüße 😀"]
    node.do("fragments", "a" * 70000, "b" * 70000)
    node.do("ping", "between")
    assert node.next() == ["text", "a" * 70000 + "b" * 70000]
    assert node.next() == ["pong", "between"]


def test_node_pings(node):
    node.do("ping", "x" * 125)
    assert node.next() == ["pong", "x" * 125]
    node.do("text", "ping")
    assert node.next() == ["ping", "are you there"]


@pytest.mark.parametrize("offered,chosen", [(["none", "log", "chat"], "log"), (["chat"], "chat")])
def test_node_subprotocol(interop, offered, chosen):
    with Node("client", interop.url("/ws", "ws"), protocols=offered) as node:
        assert node.next() == ["open", chosen, ""]


def test_node_refuses_a_server_without_its_subprotocol(interop):
    with Node("client", interop.url("/ws", "ws"), protocols=["none"]) as node:
        assert node.next() == ["error", "Server sent no subprotocol"]


def test_node_is_not_found(interop):
    with Node("client", interop.url("/nothing", "ws")) as node:
        assert node.next() == ["error", "Unexpected server response: 404"]


@pytest.mark.parametrize(
    "code,reason", [(1000, ""), (1001, "going"), (3000, "ä"), (4999, "z" * 123)]
)
def test_node_closes(interop, node, visitor, code, reason):
    node.do("close", code, reason)
    assert node.next() == ["close", code, ""]  # the code is echoed
    interop.wait_for_line(f"ended {visitor} {code} {reason}")


def test_node_closes_without_a_code(interop, node, visitor):
    node.do("close")
    assert node.next() == ["close", 1005, ""]
    interop.wait_for_line(f"ended {visitor} 1005")


def test_node_vanishes(interop, node, visitor):
    node.do("terminate")
    assert node.next() == ["close", 1006, ""]
    interop.wait_for_line(f"ended {visitor} 1006")


@pytest.mark.parametrize("message,code,reason", [("close", 4001, "Schluß"), ("fault", 1011, "")])
def test_node_is_told_to_close(node, message, code, reason):
    node.do("text", message)
    assert node.next() == ["close", code, reason]


def test_node_sends_too_long_a_message(node):
    node.send_binary(bytes(1000001))
    assert node.next() == ["close", 1009, ""]


@pytest.mark.parametrize(
    "offer",
    [
        {},
        {"threshold": 0},
        {"threshold": 0, "clientNoContextTakeover": True},
        {"threshold": 0, "serverNoContextTakeover": True},
        {"threshold": 0, "clientMaxWindowBits": 10, "serverMaxWindowBits": 10},
        {"threshold": 0, "zlibDeflateOptions": {"level": 0}},
    ],
    ids=str,
)
def test_node_compresses(interop, offer):
    with Node("client", interop.url("/deflate", "ws"), perMessageDeflate=offer) as node:
        assert node.next() == ["open", "", "permessage-deflate"]
        for size in SIZES:
            for data in (os.urandom(size), bytes(size)):
                node.send_binary(data)
                assert node.next() == ["binary", data]
        node.do("fragments", "Grü", "", "ße 😀")
        node.do("text", "Grüße 😀" * 1000)
        assert node.next() == ["text", "Grüße 😀"]
        assert node.next() == ["text", "Grüße 😀" * 1000]
        node.send_binary(bytes(1000001))  # some 1,000 bytes when compressed
        assert node.next() == ["close", 1009, ""]


# -- Python


@pytest.mark.parametrize(
    "path,compression,agreed",
    [
        ("/ws", None, []),
        ("/ws", "deflate", []),
        ("/deflate", None, []),
        ("/deflate", "deflate", ["permessage-deflate"]),
    ],
)
def test_many_python_clients_at_once(interop, path, compression, agreed):
    """Whether they offer compression or not."""

    async def visit(i):
        async with connect(interop.url(path, "ws"), compression=compression) as ws:
            assert [extension.name for extension in ws.protocol.extensions] == agreed
            for n in range(10):
                data = os.urandom(2 ** (i + n) % 5000)
                await ws.send(data)
                assert await ws.recv() == data
                await ws.send([f"Grüße {i} ", "", str(n)])
                assert await ws.recv() == f"Grüße {i} {n}"
            await (await ws.ping())
        assert ws.close_code == 1000

    async def main():
        async with asyncio.timeout(30):
            await asyncio.gather(*(visit(i) for i in range(50)))

    files = interop.open_files()
    asyncio.run(main())
    assert open_files_fall_to(interop, files)
