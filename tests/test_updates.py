"""Firmware images, which a board takes over HTTP. What writes to flash is
tests/device/board/."""

import base64
import contextlib
import hashlib
import json
import os

import httpx
import pytest
from conftest import DEVICE, MICROPYTHON, Server, packages
from wire import Client, request, wait_until

IMAGE = b"\xe9" + bytes(range(256)) * 50
AUTH = ("anybody", "geheimnis: ü")
BASIC = "Authorization: Basic " + base64.b64encode(":".join(AUTH).encode()).decode()
PARTITION = 65536
BLOCK = 4096


def digest(image):
    return hashlib.sha256(image).hexdigest()


@contextlib.contextmanager
def updating(parser, folder, path=DEVICE / "board"):
    def command(port):
        return [MICROPYTHON, "-X", "heapsize=1M", DEVICE / "updates.py", str(port)]

    server = Server(parser, command, f"{packages(parser)}:{path}", folder)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def board(parser, tmp_path):
    with updating(parser, tmp_path) as server:
        yield server


def put(board, image=IMAGE, path="/update", sha256=None, auth=AUTH, **options):
    query = f"?sha256={sha256 or digest(image)}" if sha256 != "" else ""
    return httpx.put(board.url(path + query), content=image, auth=auth, **options)


def said(board, text):
    return [line for line in board.console if text in line]


def test_image(board, tmp_path):
    answer = put(board)
    assert (answer.status_code, answer.json()) == (200, {"size": len(IMAGE)})
    board.wait_for_line("will boot ota_1")
    board.wait_for_line("web: update: done")
    board.wait_for_line("reset")
    assert (tmp_path / "firmware.bin").read_bytes() == IMAGE.ljust(4 * BLOCK, b"\xff")
    progress = [line.split()[2] for line in said(board, " %")]
    assert progress[-1] == "100"
    assert progress == sorted(progress, key=int)
    assert len(progress) == 4  # blocks


def test_image_of_the_partition_s_size(board, tmp_path):
    image = b"\xe9" + os.urandom(PARTITION - 1)
    assert put(board, image).json() == {"size": PARTITION}
    assert (tmp_path / "firmware.bin").read_bytes() == image
    board.wait_for_line("web: update: done")
    assert [line.split()[2] for line in said(board, " %")] == [str(n * 10) for n in range(1, 11)]


def test_digest_in_a_field(board):
    value = base64.b64encode(hashlib.sha256(IMAGE).digest()).decode()
    field = {"Content-Digest": f"md5=:AAAA:, sha-256=:{value}:"}
    assert put(board, sha256="", headers=field).json() == {"size": len(IMAGE)}


@pytest.mark.parametrize(
    "query,field",
    [
        ("", ""),
        ("?sha256", ""),
        ("?sha256=" + 63 * "0", ""),
        ("?sha256=" + 62 * "0", ""),
        ("?sha256=" + 64 * "g", ""),
        ("", "sha-256=:AAAA:"),
        ("", "sha-256=:" + 43 * "A" + "="),
        ("", "sha-512=:" + 43 * "A" + "=:"),
    ],
)
def test_no_digest(board, tmp_path, query, field):
    fields = {"Content-Digest": field} if field else {}
    answer = put(board, path="/update" + query, sha256="", headers=fields)
    expected = {"error": "sha256: 64 hexadecimal digits are missing"}
    assert (answer.status_code, answer.json()) == (400, expected)
    assert not (tmp_path / "firmware.bin").exists()


def test_another_digest(board):
    answer = put(board, sha256=digest(b""))
    expected = {"error": "sha256: that of the image is another"}
    assert (answer.status_code, answer.json()) == (422, expected)
    board.wait_for_line("web: update: failed: {'error': 'sha256: that of the image is another'}")
    assert put(board).status_code == 200  # it may be tried again
    board.wait_for_line("web: update: done")
    assert len(said(board, "will boot")) == 1


def test_image_for_another_board(board):
    answer = put(board, b"\x7fELF" + IMAGE)
    assert answer.status_code == 422
    assert "the board refuses the image" in answer.json()["error"]
    assert "ESP_ERR_OTA_VALIDATE_FAILED" in answer.json()["error"]
    assert put(board).status_code == 200


@pytest.mark.parametrize(
    "field",
    [
        None,
        "Basic",
        "Basic !",
        "Basic " + base64.b64encode(b"a:geheimnis").decode(),
        "Basic " + base64.b64encode("a:geheimnis: üx".encode()).decode(),
        "Basic " + base64.b64encode(b"a:").decode(),
        "Bearer " + BASIC.split()[-1],
    ],
)
def test_who_has_not_the_password(board, tmp_path, field):
    fields = {"Authorization": field} if field else {}
    for answer in (
        put(board, auth=None, headers=fields),
        httpx.get(board.url("/update"), headers=fields),
    ):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
    assert not (tmp_path / "firmware.bin").exists()


def test_password_without_a_name(board):
    assert put(board, auth=("", AUTH[1])).status_code == 200


def test_who_guesses_is_slowed_down(board, tmp_path):
    """As by web.basic(): while the answer to a try is held back the same client has no other."""
    with Client(board) as client:
        wrong = "Authorization: Basic " + base64.b64encode(b"a:guess").decode()
        client.send(request("/update", "GET", wrong))
        while True:
            answer = put(board)  # right, but from the same address
            if answer.status_code == 429:
                break
            board.wait_for_line("reset")  # the first try was not there yet
        assert answer.headers["retry-after"] == "1"
        assert client.receive().status == 401
    assert put(board).status_code == 200


def test_no_password_is_no_choice(board):
    board.wait_for_line("refused: either")
    wait_until(lambda: len(said(board, "refused: either")) == 3)


@pytest.mark.parametrize("line", [f"Content-Length: {PARTITION + 1}", "Content-Length: 5000000"])
def test_too_large(board, tmp_path, line):
    """That is said before the client sends it, and before anything is erased."""
    with Client(board) as client:
        path = "/update?sha256=" + digest(IMAGE)
        answer = client.get(path, line, "Expect: 100-continue", BASIC, method="PUT")
        assert answer.status == 413
    assert not (tmp_path / "firmware.bin").exists()
    assert put(board).status_code == 200


@pytest.mark.parametrize("line", ["Content-Length: 0", "Transfer-Encoding: chunked"])
def test_length_that_is_not_told(board, line):
    with Client(board) as client:
        path = "/update?sha256=" + digest(IMAGE)
        answer = client.get(path, line, "Expect: 100-continue", BASIC, method="PUT")
        assert (answer.status, json.loads(answer.body)) == (
            411,
            {"error": "the length is not told"},
        )
    assert put(board).status_code == 200


def begun(client, path="/update", field=BASIC, part=9000):
    client.send(
        f"PUT {path}?sha256={digest(IMAGE)} HTTP/1.1\r\nHost: a\r\n{field}\r\n"
        f"Content-Length: {len(IMAGE)}\r\n\r\n".encode(),
        IMAGE[:part],
    )


def test_one_at_a_time(board):
    with Client(board) as client:
        begun(client)
        board.wait_for_line("web: update: 60 %")
        for path in ("/update", "/open"):
            answer = put(board, path=path)
            expected = {"error": "another update is under way"}
            assert (answer.status_code, answer.json()) == (409, expected)
        client.send(IMAGE[9000:])
        assert client.receive().status == 200
        # nor before the board has started anew
        assert put(board).status_code == 409
    board.wait_for_line("reset")
    assert put(board).status_code == 200


@pytest.mark.parametrize("leave", [Client.close, Client.reset])
def test_client_that_leaves(board, leave):
    files = board.open_files()
    with Client(board) as client:
        begun(client)
        board.wait_for_line("web: update: 60 %")
        leave(client)
        board.wait_for_line("web: update: failed: ")
    assert put(board).status_code == 200
    board.wait_for_line("web: update: done")
    assert len(said(board, "will boot")) == 1
    while board.open_files() > files:
        pass


def test_failures_leave_no_memory_behind(board):
    def fail():
        for _ in range(10):
            assert put(board, sha256=digest(b"")).status_code == 422
            with Client(board) as client:
                begun(client)
                client.socket.shutdown(1)
                client.read()

    def used():
        return httpx.get(board.url("/memory")).json()["used"]

    fail()
    before = used()
    fail()
    assert used() < before + 2 * BLOCK


def test_nothing_is_loaded_for_an_update_that_does_not_come(board):
    loaded = httpx.get(board.url("/memory")).json()["loaded"]
    assert "web.firmware" in loaded
    assert not {"web.flashing", "web.sender", "web.forms"} & set(loaded)


def test_board_without_partitions(parser, tmp_path):
    with updating(parser, tmp_path, ".frozen") as board:
        answer = put(board)
        expected = {"error": "the firmware has no OTA partitions"}
        assert (answer.status_code, answer.json()) == (501, expected)


# -- who may, by a function of the program's; and another end than a reset


def test_own_function(board, tmp_path):
    assert put(board, path="/file").json() == {"error": "who?"}
    assert httpx.get(board.url("/file")).status_code == 403
    assert put(board, path="/open", auth=None).status_code == 200
    board.wait_for_line("applied")
    assert not said(board, "reset")


def test_guards(board, tmp_path):
    """Those that routes have, of the page and of what takes an image."""
    assert httpx.get(board.url("/guarded")).status_code == 401
    assert put(board, path="/guarded", auth=None).status_code == 401
    auth = ("ada", "x")
    assert "<title>Update" in httpx.get(board.url("/guarded"), auth=auth).text
    assert put(board, path="/guarded", auth=auth).json() == {"size": len(IMAGE)}
    assert (tmp_path / "guarded.bin").read_bytes() == IMAGE


def test_file(board, tmp_path):
    fields = {"Authorization": "Bearer secret"}

    def send(image, **options):
        return put(board, image, "/file", auth=None, headers=fields, **options)

    answer = send(b"first" * 1000)
    assert (answer.status_code, answer.json()) == (200, {"size": 5000})
    board.wait_for_line("web: update: 100 %")
    board.wait_for_line("applied")
    (file,) = tmp_path.iterdir()
    assert (file.name, file.read_bytes()) == ("image.bin", b"first" * 1000)
    # what was there stays for all that fails
    answer = send(b"second", sha256=digest(b"first"))
    expected = {"error": "sha256: that of the image is another"}
    assert (answer.status_code, answer.json()) == (422, expected)
    assert send(b"x" * 100001).status_code == 413
    with Client(board) as client:
        begun(client, "/file", "Authorization: Bearer secret")
    board.wait_for_line("web: update: failed: EOFError")
    assert [path.name for path in tmp_path.iterdir()] == ["image.bin"]
    assert file.read_bytes() == b"first" * 1000
    assert send(b"second").json() == {"size": 6}
    assert file.read_bytes() == b"second"


# -- the page


def test_page(board, browser, tmp_path):
    (tmp_path / "new.bin").write_bytes(IMAGE)
    context = browser.new_context(http_credentials={"username": "a", "password": AUTH[1]})
    page = context.new_page()
    page.goto(board.url("/update"))
    for n in (0, 1, 55, 56, 63, 64, 65, 100000):
        data = os.urandom(n)
        script = "list => sha256(new Uint8Array(list))"
        assert page.evaluate(script, list(data)) == digest(data)
    page.set_input_files("#file", tmp_path / "new.bin")
    page.click("#send")
    page.wait_for_function("document.getElementById('state').textContent.startsWith('200 ')")
    assert page.text_content("#state") == f'200 {{"size": {len(IMAGE)}}}'
    board.wait_for_line("will boot ota_1")
    context.close()
    loaded = httpx.get(board.url("/memory")).json()["loaded"]
    assert "web.sender" not in loaded
