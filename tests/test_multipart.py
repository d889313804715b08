"""Parts of multipart/form-data bodies (RFC 7578, RFC 2046 5.1), and what is saved."""

import hashlib
import json
import os
import subprocess

import emulators
import httpx
import matrix
import pytest
from conftest import BUILD, DEVICE, Server, serving
from wire import Client, chunked, post, request, wait_until

BOUNDARY = "----aioweb7MA4YWxk"
TYPE = f"Content-Type: multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture(scope="module")
def server(parser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    with serving(parser, DEVICE / "multipart.py", cwd=folder) as server:
        server.folder = folder
        yield server


@pytest.fixture
def client(server):
    with Client(server) as client:
        yield client
    assert httpx.get(server.url("/memory")).status_code == 200


def part(content, disposition, *lines):
    head = [f"Content-Disposition: form-data; {disposition}", *lines]
    content = content.encode() if isinstance(content, str) else content
    return "\r\n".join([*head, "", ""]).encode() + content


def whole(*parts, boundary=BOUNDARY, before=b"", end=b"--\r\n"):
    mark = b"--" + boundary.encode()
    return before + b"".join(mark + b"\r\n" + each + b"\r\n" for each in parts) + mark + end


FIELD = part("value", 'name="field"')
EMPTY = part("", 'name="empty"')
FILE = part("a\r\n--b\r\n", 'name="file"; filename="a.txt"', "Content-Type: text/x")
BODY = whole(FIELD, EMPTY, FILE)
TOLD = [
    {"name": "field", "filename": None, "type": "text/plain", "text": "value"},
    {"name": "empty", "filename": None, "type": "text/plain", "text": ""},
    {"name": "file", "filename": "a.txt", "type": "text/x", "text": "a\r\n--b\r\n"},
]


def parts(client, body, path="/parts", kind=TYPE):
    response = client.post(path, body, kind)
    assert response.status == 200, response
    return json.loads(response.body)


def test_parts(client):
    assert parts(client, BODY) == TOLD
    assert parts(client, whole()) == []
    assert parts(client, BODY + b"epilogue\r\n" * 20) == TOLD
    assert parts(client, whole(FIELD, EMPTY, FILE, end=b"--")) == TOLD
    assert parts(client, whole(FIELD, EMPTY, FILE, before=b"preamble\r\n" * 300)) == TOLD


def test_every_split(client):
    """The ends of chunks are the ends of what is read at once."""
    for i in range(1, len(BODY)):
        client.send(chunked("/parts", BODY[:i], BODY[i:], lines=[TYPE]))
        assert json.loads(client.receive().body) == TOLD, i
    client.send(chunked("/parts", *(bytes([c]) for c in BODY), lines=[TYPE]))
    assert json.loads(client.receive().body) == TOLD


@pytest.mark.parametrize("size", [1, 3, 100, 1024, 5000])
def test_contents_of_any_length(client, size):
    """What is looked at at once is a kilobyte: marks, and what begins as one, stand
    everywhere in it."""
    mark = b"\r\n--" + BOUNDARY.encode()
    lengths = (*range(880, 1100), 2047, 2048, 3000) if size > 3 else (1000, 1024)
    for n in lengths:
        first = os.urandom(n // 2) + mark[:-1] + bytes(n - n // 2)
        second = (b"\r\n--\r" * n)[:n] + mark[:-2]
        body = whole(part(first, 'name="a"'), part(second, 'name="b"'))
        got = parts(client, body, f"/pieces/{size}")
        assert got == [["a", first.hex()], ["b", second.hex()]], n


@pytest.mark.parametrize("n", [1, 100, 3000])
def test_parts_that_are_not_read_are_skipped(client, n):
    body = whole(*(part("x" * 2500, f'name="p{i}"') for i in range(4)))
    found = parts(client, body, f"/skipped?n={n}")
    assert [name for name, _ in found] == ["p0", "p1", "p2", "p3"]
    assert found[0][1] == found[2][1] == 0
    assert 0 < found[1][1] <= n
    response = client.post("/first", body, TYPE)
    assert (response.status, response.text) == (200, "p0")
    assert parts(client, BODY) == TOLD


@pytest.mark.parametrize(
    "disposition,name,filename",
    [
        ('name="a"; filename="b.txt"', "a", "b.txt"),
        ("name=a; filename=b.txt", "a", "b.txt"),
        ('NAME="a" ; FileName="b.txt"', "a", "b.txt"),
        ('filename="b;c=d.txt"; name="a;b"', "a;b", "b;c=d.txt"),
        ('name="a"; filename=""', "a", ""),
        ('name=""', "", None),
        ('name="grün"; filename="😀.txt"', "grün", "😀.txt"),
        ('name="a%22b"; filename="c%22d%.txt"', 'a"b', 'c"d%.txt'),
        ('name="a"; filename="100%25.txt"', "a", "100%25.txt"),
        ('name="a\\"b"; filename="c\\"d.txt"', 'a"b', 'c"d.txt'),
        ('name="a"; filename="/etc/passwd"', "a", "passwd"),
        ('name="a"; filename="../../x.py"', "a", "x.py"),
        ('name="a"; filename="C:\\dir\\x.py"', "a", "x.py"),
        ('name="a"; filename="dir/"', "a", ""),
        ('name="a"; filename="x"; filename*=UTF-8\'\'gr%c3%bcn.txt', "a", "grün.txt"),
        ("name=\"a\"; filename*=utf-8'de'..%2f%2e%2e%5cx.py", "a", "x.py"),
        ('name="a"; filename="x"; filename*=latin-1\'\'%fc', "a", "x"),
    ],
)
def test_names(client, disposition, name, filename):
    (told,) = parts(client, whole(part("x", disposition)))
    assert (told["name"], told["filename"]) == (name, filename)


def test_fields_of_a_head(client):
    plain = b'content-DISPOSITION:form-data;name="a"\r\nX-A: b\r\nContent-Type:a/b\r\n\r\nx'
    (told,) = parts(client, whole(plain))
    assert told == {"name": "a", "filename": None, "type": "a/b", "text": "x"}
    padded = whole(FIELD, EMPTY, FILE).replace(b"7MA4YWxk\r", b"7MA4YWxk \t\r")
    assert parts(client, padded) == TOLD


@pytest.mark.parametrize("boundary", ["a", "'()+_,-./:=? x", "b" * 70])
def test_boundaries(client, boundary):
    kind = f'content-type: Multipart/Form-Data; charset=x; Boundary="{boundary}"'
    body = whole(FIELD, EMPTY, FILE, boundary=boundary)
    assert parts(client, body, kind=kind) == TOLD
    if boundary == "a":
        assert parts(client, body, kind=kind.replace('"', "")) == TOLD


MALFORMED = {
    "no end": BODY[:-4],
    "cut in the mark": BODY[:-8],
    "cut in a head": BODY[:60],
    "cut in a part": BODY[:-40],
    "empty": b"",
    "no mark": b"x" * 3000,
    "another mark": BODY.replace(b"7MA4", b"7MB4"),
    "no disposition": whole(b"X-A: b\r\n\r\nx"),
    "no head": whole(b"\r\nx"),
    "no name": whole(part("x", 'filename="b"')),
    "a name without its end": whole(part("x", 'name="a')),
    "two names": whole(part("x", 'name="a"; name="b"')),
    "another disposition": whole(FIELD).replace(b"form-data", b"attachment"),
    "a longer mark": whole(FIELD).replace(b"7MA4YWxk\r", b"7MA4YWxkk\r"),
    "a NUL in a name": whole(part("x", 'name="a\0b"')),
    "a control in a coded name": whole(part("x", "name=a; filename*=UTF-8''a%0ab")),
    "a NUL in a coded name": whole(part("x", "name=a; filename*=UTF-8''a%00b")),
    "a head that is no UTF-8": whole(FIELD.replace(b'"field"', b'"\xff"')),
    "text that is no UTF-8": whole(part(b"\xed\xa0\x80", "name=a")),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_malformed(client, case):
    response = client.post("/parts", MALFORMED[case], TYPE)
    assert response.status == 400
    if not response.closes:
        assert parts(client, BODY) == TOLD


def test_limits(client):
    found = parts(client, whole(part("x" * 20, "name=a"), FIELD), "/limited")
    assert [len(each["text"]) for each in found] == [20, 5]
    for body in (
        whole(part("x" * 21, "name=a")),
        whole(FIELD, FIELD, FIELD),
        whole(part("x" * 3000, "name=a")),
    ):
        assert client.post("/limited", body, TYPE).status == 413
    long = part("x", "name=a", "X-A: " + "a" * 1100)
    assert client.post("/parts", whole(long), TYPE).status == 431
    (told,) = parts(client, whole(part("x", "name=a", "X-A: " + "a" * 900)))
    assert told["text"] == "x"
    with Client(client.server) as other:
        assert other.post("/parts", whole(part("x" * (1 << 14), "name=a")), TYPE).status == 413


@pytest.mark.parametrize("path,what", [("/parts", "r.parts()"), ("/form", "r.form()")])
@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "multipart/mixed; boundary=a",
        "multipart/form-data",
        "x",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'b' * 71}",
        'multipart/form-data; boundary="a',
    ],
)
def test_another_type_is_415_and_the_console_says_why(server, client, path, what, kind):
    response = client.post(path, BODY, f"Content-Type: {kind}")
    assert response.status == 415
    server.wait_for_line(f"web: POST {path}: {what} takes no {kind}")


def test_a_form_of_fields(server, client):
    fields = [("a", "1"), ("b", "grün & +"), ("a", "2")]
    files = [(name, (None, value)) for name, value in fields]
    for body in ({"files": files}, {"data": {"a": ["1", "2"], "b": fields[1][1]}}):
        done = httpx.post(server.url("/form"), **body).json()
        assert sorted(map(tuple, done)) == sorted(fields)
    # a browser sends this where no file was chosen
    body = whole(FIELD, part("", 'name="f"; filename=""'))
    assert parts(client, body, "/form") == [["field", "value"]]
    assert client.post("/form", BODY, TYPE).status == 415
    server.wait_for_line("r.form() takes no files: r.parts() does")


# -- files


def saved(server):
    return sorted(os.listdir(server.folder))


def test_files_are_saved(server):
    files = {f"f{i}": (f"saved{i}.bin", os.urandom(n)) for i, n in enumerate((0, 1, 4096, 99_999))}
    done = httpx.post(server.url("/save"), files=files, data={"a": "b"}, timeout=20).json()
    for name, data in files.values():
        assert done[name] == [len(data), hashlib.sha256(data).hexdigest()]
        assert (server.folder / name).read_bytes() == data
    assert not [name for name in saved(server) if name.endswith(".part")]


def test_curl_sends_a_form(server, tmp_path):
    (tmp_path / "x y.bin").write_bytes(os.urandom(20_000))
    command = ["curl", "-sSf", "-F", "a=b", "-F", f"f=@{tmp_path}/x y.bin", server.url("/save")]
    subprocess.run(command, check=True, capture_output=True, timeout=20)
    assert (server.folder / "x y.bin").read_bytes() == (tmp_path / "x y.bin").read_bytes()


@pytest.mark.parametrize("cut", [150, 5000, 200_000])
def test_nothing_half_written_stays(server, cut):
    body = whole(part(os.urandom(300_000), 'name="a"; filename="half.bin"'))
    with Client(server) as client:
        client.send(request("/save", "POST", TYPE, f"Content-Length: {len(body)}"), body[:cut])
        wait_until(lambda: "half.bin.part" in saved(server))
    wait_until(lambda: not [name for name in saved(server) if "half" in name])
    with Client(server) as client:
        assert client.post("/save", body[:cut] + b"\r\n", TYPE).status == 400
    assert not [name for name in saved(server) if "half" in name]


def test_a_file_is_checked_before_it_gets_its_name(server, client):
    data = os.urandom(10_000)
    digest = hashlib.sha256(data).hexdigest()
    response = client.post("/checked/image.bin?" + digest, data, method="PUT")
    assert (response.status, response.text) == (200, '{"size": 10000}')
    for query, status in {"x": 422, "raises": 403}.items():
        response = client.post("/checked/image.bin?" + query, b"other", method="PUT")
        assert response.status == status
        assert (server.folder / "image.bin").read_bytes() == data
    assert "image.bin.part" not in saved(server)


@pytest.mark.parametrize("arch", ["x86", matrix.PORTABLE])
def test_ten_megabytes_through_a_heap_of_100k(arch, tmp_path):
    """On 32 bits, all files loaded into the heap."""
    emulators.build("unix-x86")
    script = DEVICE / "multipart.py"
    folder = BUILD / "dist" / matrix.dist_dir(arch).name
    data = os.urandom(1 << 20) * 10

    def command(port):
        return [*emulators.command("unix-x86", "100k"), script, str(port)]

    server = Server(None, command, folder, tmp_path)
    try:
        for _ in range(2):
            files = {"f": ("ten.bin", data), "g": ("small.bin", data[:100_000])}
            done = httpx.post(server.url("/save"), files=files, timeout=60)
            assert done.status_code == 200, server.console
            assert done.json()["ten.bin"] == [len(data), hashlib.sha256(data).hexdigest()]
        assert (tmp_path / "ten.bin").read_bytes() == data
    finally:
        server.stop()


def test_413_reaches_clients_that_are_sending(server, tmp_path):
    big = tmp_path / "big.bin"
    big.write_bytes(bytes(3 << 20))
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}"]
    for more in (["-F", f"f=@{big}"], ["-F", f"f=@{big}", "-H", "Expect:"]):
        done = subprocess.run(
            [*command, *more, server.url("/parts")], capture_output=True, text=True, timeout=20
        )
        assert done.stdout == "413", done.stderr
    with open(big, "rb") as file:
        assert httpx.post(server.url("/parts"), files={"f": file}).status_code == 413
    # where a part is too long, but not all together
    with Client(server) as client:
        client.send(post("/limited", whole(part("x" * 16_000, "name=a")), TYPE))
        assert client.receive().status == 413
