"""What examples/device/ serves: who is let in, files, the console, readings, updates.
tests/test_device_page.py has its page in a browser."""

import contextlib
import hashlib
import json
import struct
import time

import boards
import pytest
from conftest import FIRMWARE, ROOT
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from bench.budgets import BUDGETS

pytestmark = pytest.mark.once
JUST_ROOM = "x" * 4096  # what a console keeps of what is printed


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    assert not FIRMWARE
    with boards.board(tmp_path_factory.mktemp("device") / "board") as it:
        # before there is a password there is nothing but a form for it
        with it.client() as client:
            assert client.get("/").headers["location"] == "/login"
            assert "Choose a password" in client.get("/login").text
            for path in ("/list", "/board", "/files/main.py", "/ws"):
                assert client.get(path).status_code == 403
            for given in ({}, {"password": "short"}, {"password": boards.PASSWORD}):
                assert client.post("/login", data=given).status_code == 422
            given = {"password": boards.PASSWORD, "repeat": boards.PASSWORD}
            assert client.post("/login", data=given).headers["location"] == "/"
            assert client.get("/list").status_code == 200
        yield it


@pytest.fixture(scope="module")
def client(board):
    with board.sign_in() as client:
        yield client


def until(reached):
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline


@pytest.fixture
def ws(board, client):
    headers = {"Cookie": "session=" + client.cookies["session"]}
    with connect(board.url("/ws", "ws"), additional_headers=headers) as ws:
        yield ws


def names(client, path=""):
    return {entry[0]: entry for entry in client.get("/list", params={"path": path}).json()[2:]}


# -- who is let in


def test_the_password_is_asked_for(board):
    with board.client() as client:
        assert "Once more" not in client.get("/login").text
        # whoever comes second does not choose another one
        given = {"password": "another one", "repeat": "another one"}
        done = client.post("/login", data=given)
        assert (done.status_code, client.cookies.get("session")) == (403, None)
        assert "That is not the password." in done.text
        assert client.get("/list").status_code == 403
        done = client.post("/login", data={"password": boards.PASSWORD})
        field = done.headers["set-cookie"]
        assert "HttpOnly" in field and "SameSite=Lax" in field
        assert client.get("/").status_code == 200
        assert client.post("/logout").headers["location"] == "/login"
        assert client.get("/list").status_code == 403


def test_a_guess_makes_the_next_wait(board):
    with board.client() as client, board.client() as other:
        with client.stream("POST", "/login", data={"password": "guess"}) as slow:
            assert slow.status_code == 403
        # the pause is over with the answer, so the next one follows at once
        assert other.post("/login", data={"password": boards.PASSWORD}).status_code == 303


def test_cookies_that_nobody_signed(board, client):
    session = client.cookies["session"]
    payload, _, rest = session.partition(".")
    for forged in (session[:-2] + "AA", "e30." + rest, payload, session + "x", "x" * 2000):
        with board.client() as other:
            fields = {"Cookie": "session=" + forged}
            assert other.get("/list", headers=fields).status_code == 403
            assert other.get("/", headers=fields).status_code == 303
    assert client.get("/list").status_code == 200


def test_other_origins(board, client):
    fields = {"Origin": "http://example.com"}
    assert client.put("/files/x", content=b"x", headers=fields).status_code == 403
    assert client.post("/logout", headers=fields).status_code == 403
    assert client.get("/login", headers={"Host": "example.com"}).status_code == 421
    cookie = {"Cookie": "session=" + client.cookies["session"]}
    for headers, origin in ((cookie, "http://example.com"), ({}, None)):
        with pytest.raises(InvalidStatus) as refused:
            connect(board.url("/ws", "ws"), additional_headers=headers, origin=origin)
        assert refused.value.response.status_code == 403


def test_the_page_may_load_nothing_of_elsewhere(client):
    for path in ("/", "/login", "/static/app.js", "/list"):
        policy = client.get(path).headers["content-security-policy"]
        assert policy.startswith("default-src 'none';") and "unsafe" not in policy


def test_another_password_ends_other_sessions(board, client, ws):
    with board.sign_in() as other:
        new = {"old": boards.PASSWORD, "new": "battery staple"}
        assert other.post("/password", json=new | {"new": "short"}).status_code == 422
        told = ws.recv(timeout=10)
        assert "plots" in json.loads(told)
        assert other.post("/password", json=new).status_code == 200
        assert other.get("/list").status_code == 200
        assert client.get("/list").status_code == 403
        with pytest.raises(ConnectionClosed):
            while True:
                ws.recv(timeout=10)
        back = {"old": "battery staple", "new": boards.PASSWORD}
        assert other.post("/password", json=back | {"old": "x"}).status_code == 422
        assert other.post("/password", json=back).status_code == 200
    done = client.post("/login", data={"password": boards.PASSWORD})
    assert (done.status_code, client.get("/list").status_code) == (303, 200)


# -- files


def test_files(board, client):
    body = bytes(range(256)) * 2000
    assert client.post("/folders/logs").status_code == 201
    assert client.post("/folders/logs").status_code == 409
    done = client.put("/files/logs/a b.bin", content=body)
    assert (done.status_code, done.json()) == (201, {"size": len(body)})
    name, folder, size, changed, own = names(client, "logs")["a b.bin"]
    assert (folder, size, own) == (False, len(body), False)
    assert abs(changed - (board.folder / "logs/a b.bin").stat().st_mtime) < 2
    done = client.get("/files/logs/a b.bin")
    assert (done.content, done.headers["content-disposition"]) == (body, "attachment")
    assert client.post("/move/logs/a b.bin", json={"to": "logs/c.bin"}).status_code == 200
    assert client.post("/move/logs/none", json={"to": "logs/d"}).status_code == 404
    assert client.put("/files/logs/d", content=b"").status_code == 201
    assert client.post("/move/logs/d", json={"to": "logs/c.bin"}).status_code == 409
    assert client.post("/move/logs/d", json={"to": 1}).status_code == 422
    assert client.put("/files/logs", content=b"x").status_code == 409
    assert client.put("/files/none/x", content=b"x").status_code == 404
    assert client.delete("/files/logs").status_code == 409  # it is not empty
    for name in ("c.bin", "d"):
        assert client.delete("/files/logs/" + name).status_code == 204
    assert client.delete("/files/logs").status_code == 204
    assert client.delete("/files/logs").status_code == 404
    assert client.get("/files/logs/c.bin").status_code == 404
    assert client.get("/list", params={"path": "logs"}).status_code == 404
    free, total = client.get("/list").json()[:2]
    assert 0 < free < total


def test_a_gz_is_a_file_of_its_own(board, client):
    client.put("/files/x.txt.gz", content=b"packed")
    client.put("/files/x.txt", content=b"plain")
    assert client.get("/files/x.txt").content == b"plain"
    for name in ("x.txt", "x.txt.gz"):
        client.delete("/files/" + name)


def test_an_upload_has_its_name_when_it_is_whole(board, client):
    cookie = client.cookies["session"]
    head = f"PUT /files/half.bin HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: session={cookie}\r\n"
    with board.server.connect() as s:
        s.sendall(f"{head}Content-Length: 100000\r\n\r\n".encode() + b"x" * 50000)
        until(lambda: "half.bin.part" in names(client))
        assert "half.bin" not in names(client)
    until(lambda: "half.bin.part" not in names(client))
    assert "half.bin" not in names(client)


HOSTILE = [
    "..%2fx", "%2e%2e/x", "a/..%2f..%2fx", "..", ".password", ".session.key", "%2e", "a%5cb",
    "a%2f%2fb", "%2fetc%2fpasswd", "a%00b", "panel/www/", "logs/.x", "panel/../.password",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_lead_elsewhere(board, client, name):
    before = sorted(board.folder.parent.rglob("*"))
    target = "/files/" + name

    def ask(method, path, body=b""):
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Connection: close",
            "Cookie: session=" + client.cookies["session"],
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        done = board.server.exchange("\r\n".join([*lines, "", ""]).encode() + body)
        return int(done.split()[1])

    refused = (400, 404)
    assert ask("GET", target) in refused
    assert ask("GET", "/list?path=" + name) in refused
    assert ask("PUT", target, b"x") in refused
    assert ask("DELETE", target) in refused
    assert ask("POST", "/folders/" + name) in refused
    assert ask("POST", "/move/" + name, b'{"to": "x"}') in refused
    to = json.dumps({"to": name.replace("%2f", "/").replace("%2e", ".").replace("%5c", "\\")})
    if "%" not in to:
        assert ask("POST", "/move/main.py", to.encode()) == 404
    assert sorted(board.folder.parent.rglob("*")) == before


def test_names_that_are_text_elsewhere(board, client):
    """What others made has any name; none that is made here can break a line."""
    for name in ("a\r\nSet-Cookie: x=1.txt", "<script>alert(1)</script>", "ä 😀 %41?#&'\".txt"):
        (board.folder / name.replace("/", "∕")).write_text("x")
    found = names(client)
    for name in ("a\r\nSet-Cookie: x=1.txt", "<script>alert(1)<∕script>", "ä 😀 %41?#&'\".txt"):
        assert name in found
        path = "".join(f"%{byte:02x}" for byte in name.encode())
        done = client.get("/files/" + path)
        assert (done.text, done.headers["content-disposition"]) == ("x", "attachment")
        assert done.headers["content-type"] == "application/octet-stream"
        assert "set-cookie" not in done.headers
        assert client.delete("/files/" + path).status_code == 204
    for name in ("a%0d%0ab", "a%1bb", "%7f"):
        assert client.put("/files/" + name, content=b"x").status_code == 400
        assert client.post("/folders/" + name).status_code == 400
    assert client.post("/move/main.py", json={"to": "a\nb"}).status_code == 400
    assert client.post("/move/main.py", json={"to": ""}).status_code == 404
    assert client.put("/files/" + "x" * 300, content=b"x").status_code == 400


def test_what_serves_the_page_stays(board, client):
    for name in ("panel/live.py", "panel/www/app.js", "panel", "PANEL/live.py", "panel/new.py"):
        assert client.put("/files/" + name, content=b"x").status_code in (403, 409)
        assert client.delete("/files/" + name).status_code == 403
        assert client.post("/move/" + name, json={"to": "x"}).status_code == 403
        assert client.post("/move/main.py", json={"to": name}).status_code == 403
    assert client.get("/files/panel/live.py").status_code == 200
    assert names(client, "panel")["live.py"][4] is True
    assert {".password", ".session.key"} <= {path.name for path in board.folder.iterdir()}
    assert not any(name.startswith(".") for name in names(client))


# -- readings, and the console


def rows(ws, columns):
    while isinstance(data := ws.recv(timeout=10), str):
        pass
    assert len(data) % (4 * columns) == 0
    return list(struct.iter_unpack(f"<{columns}f", data))


def test_readings(ws, client):
    told = json.loads(ws.recv(timeout=10))
    assert [[title, unit] for title, unit, _ in told["plots"]] == [
        ["Heap", "B"], ["Requests", "/s"], ["Loop lag", "ms"], ["Temperature", "°C"], ["Load", ""]
    ]  # fmt: skip
    columns = sum(len(lines) for _, _, lines in told["plots"])
    assert len(rows(ws, columns)) == 120
    while len(found := rows(ws, columns)) > 1 or not found[0][2]:
        client.get("/board")
    used, free, rate, lag, chip, load = found[0]
    assert 10000 < used < used + free <= 2 << 20
    assert 0 < rate < 10000 and lag >= 0 and chip == 41 and load >= 0


def run(ws, text):
    ws.send(json.dumps({"run": text}))
    while not isinstance(data := ws.recv(timeout=10), str) or "out" not in (
        told := json.loads(data)
    ):
        pass
    return told["out"], told["bad"]


def test_console(ws):
    assert run(ws, "1 + 1") == ("2\n", False)
    assert run(ws, "_ * 21") == ("42\n", False)
    assert run(ws, "x = 'ä😀'\nfor c in 'ab':\n    print(c)\nlen(x)") == ("a\nb\n2\n", False)
    assert run(ws, "print(x)") == ("ä😀\n", False)
    assert run(ws, "if 0:\r\n    1\r\nelse:\r\n    print('no')") == ("no\n", False)
    assert run(ws, "def f():\n    return 1 / 0") == ("", False)
    out, bad = run(ws, "f()")
    assert bad and out.endswith('", line 2, in f\nZeroDivisionError: divide by zero\n')
    assert 'File "<console>", line 1, in <module>' in out and "panel/" not in out
    out, bad = run(ws, "1 +")
    assert bad and out.endswith("SyntaxError: invalid syntax\n")
    assert run(ws, "raise SystemExit(3)")[1]
    assert run(ws, "  x") == run(ws, "  x") and run(ws, "  x")[1]
    assert run(ws, "") == ("", False)
    assert run(ws, "None") == ("", False)
    assert run(ws, "print('\\ud800')") == ("???\n", False)
    assert run(ws, "bytearray(1 << 30)")[0].rsplit("\n", 2)[1].startswith("MemoryError")
    assert (
        "micropython"
        in run(ws, "app.port, web.implementation, __import__('sys').version")[0].lower()
    )


def test_what_is_printed_is_cut(ws):
    out, bad = run(ws, "print('x' * 5000)")
    assert (out, bad) == (JUST_ROOM, False)
    assert run(ws, "while True: print('ä' * 100, 1 / 0)")[1]
    out, _ = run(ws, "for i in range(3000): print('ä')")
    assert len(out.encode()) == 4096


@pytest.mark.parametrize("message", ["{", "1", "[]", "{}", '{"run": 1}', "null x", b"\0\xff"])
def test_messages_that_say_nothing(ws, message):
    ws.send(message)
    assert run(ws, "1") == ("1\n", False)


def test_a_message_that_is_too_long(ws, client):
    ws.send(json.dumps({"run": "x" * 9000}))
    with contextlib.suppress(Exception):
        while True:
            ws.recv(timeout=10)
    assert ws.protocol.close_code == 1009
    assert client.get("/board").status_code == 200


# -- updates


def test_what_the_guide_says_of_memory():
    guide = (ROOT / "docs/guides/device.md").read_text()
    assert "| {:,} |".format(BUDGETS["example_heap"]["device/main"]["most"]) in guide


def test_the_board_tells_what_it_is(client):
    told = client.get("/board").json()
    assert dict(map(tuple, told["facts"]))["MicroPython"].startswith("1.")
    assert told["firmware"] and told["restart"]
    assert {"live.py", "www/app.js"} <= set(told["files"])


def test_files_of_the_page_are_replaced_together(board, client):
    new = {"www/icon.svg": b"<svg/>", "facts.py": (board.folder / "panel/facts.py").read_bytes()}
    before = (board.folder / "panel/www/icon.svg").read_bytes()

    def put(name, data, digest=None):
        digest = digest or hashlib.sha256(data).hexdigest()
        return client.put(f"/program/{name}", params={"sha256": digest}, content=data).status_code

    assert put("www/icon.svg", b"<svg/>", hashlib.sha256(b"x").hexdigest()) == 422
    assert put("www/icon.svg", new["www/icon.svg"]) == 200
    assert put("../main.py", b"x") == put("none.py", b"x") == put("www/.x", b"x") == 404
    assert (board.folder / "panel/www/icon.svg").read_bytes() == before
    assert client.post("/program", json={"files": [*new]}).status_code == 404  # one is missing
    assert (board.folder / "panel/www/icon.svg").read_bytes() == before
    assert put("facts.py", new["facts.py"]) == 200
    assert client.post("/program", json={"files": [*new]}).json() == {"files": 2}
    assert client.get("/static/icon.svg").content == b"<svg/>"
    assert not list((board.folder / "panel").rglob("*.new"))
    (board.folder / "panel/www/icon.svg").write_bytes(before)


def test_firmware(board, client):
    image = b"\xe9" + bytes(range(256)) * 99
    query = {"sha256": hashlib.sha256(image).hexdigest()}
    assert client.put("/firmware", params=query, content=image + b"x").status_code == 422
    assert client.put("/firmware", params=query, content=image).json() == {"size": len(image)}
    board.server.wait_for_line("will boot ota_1")
    board.server.wait_for_line("reset")
    assert client.post("/restart").json() == {"ok": True}
    board.server.wait_for_line("valid")


def test_a_password_from_a_file(board, client):
    board.server.stop()
    (board.folder / ".password").write_text("from a file\n")
    board.start()
    assert client.get("/list").status_code == 403
    assert (board.folder / ".password").read_text().startswith("pbkdf2_sha256$")
    with board.sign_in("from a file") as other:
        assert other.get("/list").status_code == 200
    key = (board.folder / ".session.key").read_bytes()
    cookie = other.cookies["session"]
    board.server.stop()
    board.start()
    with board.client() as again:
        assert again.get("/list", headers={"Cookie": "session=" + cookie}).status_code == 200
    assert (board.folder / ".session.key").read_bytes() == key
