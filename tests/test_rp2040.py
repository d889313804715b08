"""A whole RP2040 with its own lwIP, in an emulator: what is installed on its flash, and
what it serves to clients of this machine over a SLIP link, in place of Wi-Fi."""

import contextlib
import json
import re
import select
import ssl
import subprocess
import sys
import threading

import chip
import dist
import emulators
import install
import matrix
import pytest
import test_arch
import test_install_faults
import test_tls
import vectors
from conftest import DEVICE, ROOT, read_all
from onchip import ARCH, NAME, NATIVE, ChipClient, begin, pass_time
from packages import ALL
from websockets.sync.client import connect
from websockets.sync.server import serve
from wire import GET, Client, chunked, frame, handshake, post, request
from wire.steps import END, body

PART = 16  # of so many vectors one is tried in `make test`
SELDOM, EVERY = 90, 5  # of so many writes of the flash one is one at which the power fails
IMPORT = "import web\nprint(web.implementation)\n"
CLIENT = """
import asyncio, web
async def main():
    ws = await web.connect("ws://{}:8000/")
    for n in (0, 125, 126, 5000):
        message = bytes(range(250)) * (n // 250) + bytes(n % 250)
        await ws.send(message)
        print(await ws.receive() == message)
    await ws.close()
    print("closed")
asyncio.run(main())
"""
IMPORT_ALL = test_install_faults.IMPORT.replace("sys.path", "['/lib']")


@pytest.fixture(scope="module")
def firmware():
    return emulators.build(NAME)


@pytest.fixture(scope="module")
def start(firmware, tmp_path_factory):
    """Starts a chip with these files on its flash, or with this flash."""

    def start(files=None, flash=None):
        folder = tmp_path_factory.mktemp("chip")
        return chip.Chip(flash or chip.flash(firmware, files), folder)

    return start


@pytest.fixture(scope="module")
def trust(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    test_tls.make_certificate(folder, "ec")
    return folder


@pytest.fixture(scope="module")
def board(start, trust):
    """A chip with the package, for most tests."""
    files = {f"lib/{name}": data for name, data in dist.shipped_files(ARCH).items()}
    files |= {name: (trust / name).read_bytes() for name in ("cert.der", "key.der")}
    for name in ("vectors", "misuse", "inmemory"):
        files |= test_arch.device(name)
    for name in vectors.FILES:
        cases = vectors.device_cases(name)
        files[f"{name}.jsonl"] = vectors.lines(cases).encode()
        files[f"part/{name}.jsonl"] = vectors.lines(vectors.part(cases, PART)).encode()
    with start(files) as board:
        yield board


@pytest.fixture(scope="module")
def server(board):
    begin(board)
    return board


# -- the files, on the flash


class Installed:
    """What make install came to on a flash that had nothing, over USB."""

    def __init__(self, board, recorded):
        board.record_flash(recorded)
        with board.serial_port() as port:
            self.done = subprocess.run(
                [sys.executable, ROOT / "tools/install.py", "--port", port],
                capture_output=True,
                text=True,
                timeout=280,
            )
        self.recorded = board.recorded()
        board.reset()  # the power was off
        self.imported = board.run(IMPORT)
        self.files = chip.files_on(board.flash())


@pytest.fixture(scope="module")
def installed(start, request):
    with start() as board:
        return Installed(board, EVERY if request.config.getoption("--whole") else SELDOM)


def test_install(installed):
    output = installed.done.stdout.replace("\r", "")
    assert installed.done.returncode == 0, output + installed.done.stderr
    assert re.search(rf"^aioweb {matrix.version()}: {NATIVE}$", output, re.M)
    assert installed.imported == NATIVE + "\n"
    assert installed.files == {f"lib/{k}": v for k, v in dist.shipped_files(ARCH).items()}


@pytest.mark.timeout(900)
def test_power_that_fails(start, installed):
    """In the midst of a write of the flash: what is there is whole, or refused in a line,
    and can be installed again."""
    assert len(installed.recorded) > 3
    again = set(installed.recorded[3::8])
    refused = 0
    for flash in installed.recorded:
        with start(flash=flash) as board:
            if chip.files_on(flash).get("lib/web/__init__.mpy"):
                _, *said = board.run(IMPORT_ALL).splitlines()
                outcome = said[0].partition(" ")[0]
                assert len(said) == 2 and said[0] == said[1], said
                assert outcome in ("whole", "refused"), said
                refused += outcome == "refused"
            else:  # there is nothing that could tell
                with pytest.raises(chip.ChipError):
                    board.run(IMPORT)
            if flash in again:
                with board.serial_port() as port:
                    install.Board(port, resume=False).install([f"{ALL}-{ARCH}"])
                assert board.run(IMPORT) == NATIVE + "\n"
                assert chip.files_on(board.flash()) == installed.files
    assert refused > 1


# -- what runs on the board


@pytest.mark.parametrize("every", [PART, pytest.param(1, marks=pytest.mark.whole)])
def test_vectors(board, every):
    board.soft_reset()
    folder = "part" if every > 1 else ""
    assert board.run(f"import vectors\nvectors.main('native', {folder!r}, 64)") == (
        "{} passed, 0 failed\n".format(
            sum(len(vectors.part(vectors.device_cases(n), every)) for n in vectors.FILES)
        )
    )


def test_misuse_raises_what_it_does_on_x64(board):
    script = "import misuse\nmisuse.main()\n"
    board.soft_reset()
    reference = test_arch.execute(*test_arch.REFERENCE, script, test_arch.device("misuse"))
    assert board.run(script) == reference


@pytest.mark.whole  # the same files have done so on the core, in test_arch.py
def test_connections_in_memory_send_the_same_bytes_as_on_x64(board):
    script = (DEVICE / "inmemory.py").read_text()
    board.soft_reset()
    assert board.run(script) == test_arch.execute(*test_arch.REFERENCE, script)


# -- what clients on a network get


def test_pages(server):
    with ChipClient(server) as client:
        answer = json.loads(client.get("/pins/7/led", "Cookie: id=ada").body)
        assert answer == {"pin": 7, "name": "led", "cookie": "ada"}
        assert client.get("/none").status == 404
        assert client.get("/", method="HEAD")["content-length"] == "5"
        assert client.get("/pieces/300").body == b"".join(b"piece %d\n" % i for i in range(300))
        client.run([request("/", "GET", "Connection: close"), body(b"index"), END])


def test_bodies(server):
    """Larger than a packet, than lwIP's window and than what is read at once."""
    data = bytes(range(256)) * 80
    with ChipClient(server) as client:
        assert client.post("/echo", data[:12000]).body == data[:12000]
        pieces = [data[i : i + 700] for i in range(0, len(data), 700)]
        client.run([chunked("/upload", *pieces), body(b"%d" % len(data))])
        # after an upload the flash has it, and the server goes on
        assert client.post("/files/upload", data, method="PUT").body == b'{"size": 20480}'
        client.run([GET, body(b"index")])
    assert chip.files_on(server.flash())["upload"] == data


def test_pipelining(server):
    with ChipClient(server) as client:
        client.run([GET * 20 + request("/slow/20") + GET])
        assert [client.receive().text for _ in range(22)] == ["index"] * 20 + ["slow", "index"]
        for byte in GET:  # a segment each
            client.send(bytes([byte]))
        client.run([body(b"index")])


def test_websocket(server):
    with connect("ws://chip/ws", sock=server.connect(80), open_timeout=60) as ws:
        for n in (0, 125, 126, 5000):
            message = bytes(i % 251 for i in range(n))
            ws.send(message)
            assert ws.recv(timeout=60) == message


def test_events(server):
    with ChipClient(server) as client:
        client.send(request("/events"))
        client.until(b"text/event-stream")
        for i in range(4):
            client.until(b"id: %d\ndata: event\n\n" % i)
        assert client.at_end()


# -- places: lwIP opens 5 connections, one of which may wait for a place


def test_newcomers(server):
    """Each is served within a second, while as many as fit stay connected; whose connection
    the server ends closes it."""
    kept = []
    for _ in range(10):
        if len(kept) > 4:
            ended = select.select([client.socket for client in kept], [], [], 20)[0]
            assert ended, "nobody's place is taken"
            (client,) = [client for client in kept if client.socket is ended[0]]
            assert client.at_end()
            client.close()
            kept.remove(client)
        before = server.seconds
        client = ChipClient(server)
        client.run([GET, body(b"index")])
        assert server.seconds - before < 1
        kept.append(client)
    for client in kept:
        client.close()


def test_clients_that_ignore_the_end(server):
    """Ones that do not close their side have their places for ten seconds more: in lwIP."""
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            client = stack.enter_context(ChipClient(server))
            client.run([request("/", "GET", "Connection: close"), body(b"index"), END])
        pass_time(server, 11)
        before = server.seconds
        client = stack.enter_context(ChipClient(server))
        client.run([GET, body(b"index")])
        assert server.seconds - before < 1


# -- clients that leave

PUT = post("/files/cut", bytes(20000), method="PUT")
LEAVING = [
    GET[:9],
    GET * 30,
    bytes(range(256)) * 8,
    post("/echo", bytes(9000)),
    post("/upload", bytes(20000))[:7000],
    PUT[:3000],
    PUT[:9000],
    chunked("/upload", bytes(500), bytes(700))[:-300],
    request("/pieces/3000"),
    request("/slow/100"),
    request("/events"),
    handshake() + frame(1, b"hello") * 3,
    handshake() + frame(2, bytes(3000)) * 4,
]


def leave(server, sent, hears, end):
    """Send that, perhaps wait for the first bytes that come back, and be gone."""
    client = ChipClient(server)
    with contextlib.suppress(OSError):
        client.send(sent)
        if hears:
            client.more()
    end(client)


def test_clients_that_leave(server):
    """Whatever is under way, the next one is served and memory comes back."""
    used = []
    for _ in range(2):
        for sent in LEAVING:
            for end in (Client.close, Client.reset):
                leave(server, sent, False, end)
        for sent in (LEAVING[1], *LEAVING[8:]):
            leave(server, sent, True, Client.reset)
        pass_time(server, 30)
        with ChipClient(server) as client:
            client.run([GET, body(b"index")])
            used.append(int(client.get("/memory").text))
    assert used[1] < used[0] + 4096


def test_clients_that_do_not_read(server):
    """All of lwIP's memory is full of what they do not take: MicroPython waits ten seconds
    for more in a write, while nothing else runs, and drops what was to be written. They are
    not kept for that."""
    kept = []
    for _ in range(2):
        client = ChipClient(server, window=2048)
        client.send(request("/pieces/9000"))
        client.until(b"piece 9\n")
        kept.append(client)
    pass_time(server, 60)
    with ChipClient(server) as client:
        assert len(client.get("/pieces/600").body) > 5000
    for client in kept:
        client.close()


@pytest.mark.parametrize("at_once", [1, 20])
def test_short_responses_that_nobody_reads(server, at_once):
    """One that lwIP drops is the end: each client gets all up to it, and none after it."""
    asked = [request(f"/{kind}/{i}") for i in range(200) for kind in ("text", "json")]
    clients = [ChipClient(server, window=2048) for _ in range(3)]
    for client in clients:
        client.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            for i in range(0, len(asked), at_once):
                client.send(b"".join(asked[i : i + at_once]))
    pass_time(server, 60)
    for client in clients:
        client.socket.settimeout(60)
        while client.more():
            pass
        got = re.findall(rb'\r\n\r\n(?:{"n": )?(\d+)', client.received)
        assert got == [b"%d" % (i // 2) for i in range(len(got))]
        client.close()
    with ChipClient(server) as client:
        client.run([GET, body(b"index")])


# -- other programs


def test_client(board, server):
    """web.connect(), of a server on this machine."""

    def echo(ws):
        for message in ws:
            ws.send(message)

    board.interrupt()
    board.soft_reset()
    listener = board.socket()
    listener.bind((chip.PEER, 8000))
    listener.listen()
    with serve(echo, sock=listener, compression=None) as host:
        threading.Thread(target=host.serve_forever).start()
        try:
            assert board.run(CLIENT.format(chip.PEER)) == "True\n" * 4 + "closed\n"
        finally:
            host.shutdown()


def test_https(board, server, trust):
    context = ssl.create_default_context(cafile=trust / "cert.pem")
    begin(board, secure=True)
    with context.wrap_socket(board.connect(443), server_hostname="127.0.0.1") as s:
        s.sendall(GET + post("/echo", bytes(3000), "Connection: close"))
        assert read_all(s).endswith(b"\r\n\r\n" + bytes(3000))


# -- afterwards


def test_soft_reset(board, server):
    """What served is gone, the port is free and the memory as it was."""
    board.interrupt()
    used = []
    for _ in range(2):
        begin(board)
        with ChipClient(board) as client:
            used.append(client.get("/memory").text)
            client.run([GET, body(b"index")])
        board.interrupt()
    assert used[0] == used[1]
