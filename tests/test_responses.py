"""What responses are made of: pieces, text, numbers and buffers."""

import contextlib
import json
import struct

import pytest
from conftest import DEVICE, serving
from wire import Client, request, wait_until

WIDE = struct.pack("300H", *range(300))


@pytest.fixture(scope="module")
def server(parser):
    with serving(parser, DEVICE / "responses.py") as server:
        yield server


@pytest.fixture
def client(server):
    with Client(server) as client:
        yield client


def writes(server):
    """How many times the server has called write()."""
    with open(f"/proc/{server.process.pid}/io") as file:
        return int(dict(line.split(": ") for line in file)["syscw"])


def get(server, path):
    with Client(server) as client:
        return client.get(path)


# -- pieces


def test_small_pieces_leave_together(server, client):
    before = writes(server)
    response = client.get("/log.csv")
    assert response.text == "".join(f"{i},{i * i}\n" for i in range(1000))
    assert writes(server) - before <= 12


@pytest.mark.parametrize(
    "sizes,most",
    [
        ([5, 5], 1),
        ([1000], 2),
        ([1024] * 10, 11),
        ([600] * 10, 11),
        ([0, 1, 0, 0, 2], 1),
        ([0, 0], 1),
        ([5000] * 3, 7),
        ([10, 5000, 10], 3),
        ([300, 900, 20, 1040, 1100, 7, 1035, 1036, 1037, 1, 70000, 0, 1], 20),
    ],
)
def test_pieces_of_any_size(server, client, sizes, most):
    path = "/sizes/" + "/".join(map(str, sizes))
    whole = b"".join(bytes([i + 65]) * n for i, n in enumerate(sizes))
    before = writes(server)
    assert client.get(path).body == whole
    assert writes(server) - before <= most
    assert client.get("/").text == "index"
    client.send(request(path, version="1.0"))
    assert client.receive().body == whole
    assert client.at_end()


def test_a_long_head_leaves_before_pieces(client):
    response = client.get("/long-head/3000")
    assert (response["x-a"], response.text) == ("x" * 3000, "ab")


def test_large_pieces_are_not_copied(parser):
    """There is no memory for a second one of 300 KB."""
    with serving(parser, DEVICE / "responses.py", heap="640k") as server:
        assert get(server, "/large").body == b"0123456789" * 90000


@pytest.mark.parametrize("most", [0, 1, 7])
def test_what_the_socket_does_not_take_leaves_while_the_generator_waits(server, most):
    with Client(server) as client:
        client.get(f"/trickle/{most}")
        client.send(request("/gated/30"))
        while client.received.count(b"x" * 100) < 30:
            assert client.more()
        assert get(server, "/open").status == 204
        assert client.receive().body == b"x" * 3000 + b"end"
        client.get("/trickle/9999")


def test_client_that_leaves_while_the_generator_waits(server):
    idle = server.open_files()
    with Client(server) as client:
        client.send(request("/gated/3"))
        while client.received.count(b"x" * 100) < 3:
            assert client.more()
    # the generator may come to wait only now
    wait_until(lambda: get(server, "/open").status == 204 and server.open_files() <= idle)


def test_generator_of_nothing_stops_nobody(server):
    with Client(server) as client:
        client.send(request("/nothing"))
        assert get(server, "/").text == "index"


# -- failing generators


@pytest.mark.parametrize("kind", ["function", "response", "length", "iterator"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_generator_that_fails_before_its_first_piece(server, kind, version):
    with Client(server) as client:
        client.send(request(f"/early/{kind}", version=version))
        response = client.receive()
        assert (response.status, response.text) == (500, "Internal Server Error")
        if version == "1.1":
            assert client.get("/").text == "index"
    server.wait_for_line(f"web: GET /early/{kind}: ValueError: before the first piece")


def test_generator_that_fails_before_anything_has_left(server, client):
    """It is told in full what would be half a response."""
    assert client.get("/fails/0").status == 500
    assert client.get("/").text == "index"


def test_generator_that_fails_in_the_midst(server, client):
    client.send(request("/fails/3"))
    with contextlib.suppress(ConnectionResetError):
        while piece := client.socket.recv(1000):
            client.received += piece
    # what came before the fault is there, and it is seen that this is not all
    assert client.received.endswith(b"\r\n10\r\npiece 1 piece 2 \r\n")
    server.wait_for_line("web: GET /fails/3: ValueError: after 3")
    assert len([line for line in server.console if "/fails/3" in line]) == 1


@pytest.mark.parametrize(
    "kind",
    "plain plain-later response bare bare-after-waiting bare-without-pieces".split(),
)
def test_generator_that_gives_none(server, client, kind):
    """Which would wait for nothing, for good."""
    assert client.get(f"/none/{kind}").status == 500
    assert client.get("/").text == "index"
    server.wait_for_line(f"web: GET /none/{kind}: TypeError: a piece must be str or bytes, not")


@pytest.mark.parametrize("kind", ["sent", "iterator"])
def test_generator_that_gives_none_in_the_midst(server, client, kind):
    with pytest.raises(Exception, match="peer closed"):
        client.get(f"/none/{kind}")
    server.wait_for_line(f"web: GET /none/{kind}: TypeError: a piece must be str or bytes, not")


@pytest.mark.parametrize(
    "kind", "sleep event lock task gather wait_for timeout flag stream nothing".split()
)
def test_generator_that_waits(client, kind):
    """As asyncio has it, and this is not taken for giving None."""
    assert client.get(f"/waits/{kind}").text == kind
    assert client.get(f"/waits/{kind}?").text == kind
    assert client.get(f"/waits/{kind}?again").text == "first " + kind


# -- text, numbers, buffers

UNSENDABLE = {
    "text": "str long status dict key list piece later-piece long-piece field type cookie "
    "location abort abort-field overlong above",
    "number": "nan inf -inf",
    "buffer": "array array-piece",
}


@pytest.mark.parametrize(
    "kind", [f"{group}/{kind}" for group in UNSENDABLE for kind in UNSENDABLE[group].split()]
)
def test_what_cannot_be_sent_is_500(server, client, kind):
    response = client.get(f"/result/{kind}")
    assert (response.status, response.text) == (500, "Internal Server Error")
    assert client.get("/").text == "index"
    fault = "TypeError" if kind.startswith("buffer") else "ValueError"
    server.wait_for_line(f"web: GET /result/{kind}: {fault}: ")
    assert len([line for line in server.console if f"/result/{kind}:" in line]) == 1


@pytest.mark.parametrize(
    "kind,body",
    [
        ("text", "한글 \ufffd \U0010ffff é".encode()),
        ("long", "한".encode() * 3000),
        ("piece", "한".encode() * 300 + "é".encode()),
        ("wide", WIDE),
        ("wide-piece", b"a" + WIDE + b"b"),
        ("wide-slice", WIDE[200:]),
        ("empty-wide", b""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_can_be_sent(client, kind, body):
    assert client.get(f"/result/good/{kind}").body == body
    assert client.get("/").text == "index"


def test_field_beyond_ascii(client):
    client.send(request("/result/good/field"))
    while not client.received.endswith(b"\r\n\r\nx"):
        assert client.more()
    assert "\r\nX-A: 한é\r\n".encode() in client.received


def test_json_that_names_numbers_it_lacks(client):
    """In text, that is, where they are no numbers."""
    body = json.loads(client.get("/result/good/json").body)
    assert body == {"nan": "inf", "한": [1e300, -0.5, "nan", True, None], "information": 1}


@pytest.mark.parametrize("kind,fault", [("lone", "ValueError"), ("array", "TypeError")])
def test_raw_handler_that_writes_what_cannot_be_sent(server, kind, fault):
    assert get(server, f"/raw/{kind}").status == 500
    server.wait_for_line(f"web: GET /raw/{kind}: {fault}: ")


def test_raw_handler_that_writes_buffers(server):
    assert get(server, "/raw/buffers").body == WIDE + WIDE + "é".encode() + WIDE
