"""Static files (RFC 9110 8, 12.5.3, 13, 14)."""

import gzip
import os
import shutil
import subprocess
import zlib

import httpx
import pytest
import www
from wire import Client, request
from www import BIG, FILES, ROM

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "xml": "text/xml; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "JPG": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
    "wasm": "application/wasm",
    "pdf": "application/pdf",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "bin": "application/octet-stream",
    "glb": "model/gltf-binary",
    "text/": "application/octet-stream",
}


server, folder, client = www.server, www.folder, www.client


# -- paths


@pytest.mark.parametrize(
    "path,name",
    [
        ("/", "index.html"),
        ("/s/", "index.html"),
        ("/index.html", "index.html"),
        ("/s/sub/", "sub/index.html"),
        ("/s/sub/deep/b.json?x=/../y", "sub/deep/b.json"),
        ("/s/sub%2Fdeep/b%2ejson", "sub/deep/b.json"),
        ("/no-index/sub/deep/b.json", "sub/deep/b.json"),
        ("/s/empty.txt", "empty.txt"),
        ("/s/big.js", "big.js"),
        ("http://a/s/a.txt", "a.txt"),
    ],
)
def test_files_are_found(server, client, path, name):
    response = client.get(path)
    assert (response.status, response.body) == (200, FILES[name])
    assert response["content-length"] == str(len(FILES[name]))
    assert ("x-hook" in response) == server.hooked


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
    "/sub/../../secret.txt", "/sub/%2e%2e%2f..%2fsecret.txt", "/..%5csecret.txt",
    "/sub%5cindex.html", "/sub\\index.html", "/.hidden", "/%2ehidden", "/sub/.hidden",
    "/.git/config", "//secret.txt", "/{out}/secret.txt", "/%2f{out}/secret.txt",
    "/sub//index.html", "/./a.txt", "/a.txt/", "/none.txt",
    "/a.txt/b", "/sub/deep/", "/none/a.txt"])  # fmt: skip
@pytest.mark.parametrize("prefix", ["/s", "/no-index"])
def test_what_is_no_file_of_the_folder_is_404(client, folder, prefix, path):
    response = client.get(prefix + path.replace("{out}", str(folder.parent)))
    assert response.status in (404, 400 if "\\" in path else 404)
    assert b"secret" not in response.body


def test_a_path_with_a_nul_is_refused(server):
    for path in ("/s/a.txt%00", "/a.txt%00.html", "/%00"):
        assert httpx.get(server.url(path)).status_code in (400, 404)


def test_a_folder_without_its_slash_is_elsewhere(server, client):
    for path, location in {
        "/s": "./s/",
        "/s/sub?a=b/c": "./sub/?a=b/c",
        "/s/sub%2fdeep": "./sub%2fdeep/",
        "http://evil/s/sub": "./sub/",
    }.items():
        response = client.get(path)
        assert (response.status, response["location"]) == (301, location)
    found = httpx.get(server.url("/s/sub"), follow_redirects=True)
    assert found.content == FILES["sub/index.html"]
    assert client.get("//evil/sub").status == 404


def test_a_folder_without_an_index(client):
    assert client.get("/no-index/").status == 404
    assert client.get("/no-index/sub/").status == 404


def test_fallback_is_for_paths_without_a_dot(client):
    for path in ("/user/7", "/settings/", "/none"):
        response = client.get(path)
        assert (response.status, response.body) == (200, FILES["app.html"])
        assert response["content-type"] == TYPES["html"]
    for path in ("/none.js", "/user/none.css", "/user/.x", "/%2e%2e/x", "//x", "/a\\b"):
        assert client.get(path).status in (404, 400 if "\\" in path else 404)


@pytest.mark.parametrize("method,status", [("POST", 405), ("DELETE", 405), ("OPTIONS", 204)])
def test_other_methods(client, method, status):
    response = client.get("/s/a.txt", method=method)
    assert (response.status, response["allow"]) == (status, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("kind", [kind for kind in TYPES if "/" not in kind])
def test_types(client, folder, kind):
    (folder / f"type.{kind}").write_bytes(b"x")
    assert client.get(f"/type.{kind}")["content-type"] == TYPES[kind]


def test_head(server, client):
    for path in ("/big.js", "/packed.txt", "/open/big.js", "/rom/data.txt", "/send/big.js"):
        got = client.get(path)
        response = client.get(path, method="HEAD")
        assert (response.status, response.body) == (200, b"")
        assert response.fields == got.fields


# -- gzip


@pytest.mark.parametrize(
    "accepted,takes",
    [
        (None, False),
        ("", False),
        ("identity", False),
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("br, GZIP", True),
        ("x-gzip", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip ;q=0.001", True),
        ("br;q=1, gzip;q=0", False),
        ("*;q=0, gzip", True),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("br;q=0.5, *;q=0.1", True),
        ("deflate;q=0.5", False),
    ],
)
def test_gzip_is_for_those_that_take_it(client, folder, accepted, takes):
    lines = [] if accepted is None else [f"Accept-Encoding: {accepted}"]
    for name, content in (("both.css", FILES["both.css"]), ("packed.txt", BIG)):
        response = client.get(f"/s/{name}", *lines)
        assert (response.status, response["vary"]) == (200, "Accept-Encoding")
        assert response["content-type"] == TYPES[name.split(".")[1]]
        assert ("content-encoding" in response) == takes
        packed = (folder / f"{name}.gz").read_bytes()
        assert response.body == (packed if takes else content)


def test_tags_of_codings_differ_and_last(client, folder):
    tags = set()
    for lines in ([], ["Accept-Encoding: gzip"]):
        tag = client.get("/s/packed.txt", *lines)["etag"]
        tags.add(tag)
        shutil.copy(folder / "packed.txt.gz", folder / "copy.txt.gz")
        os.utime(folder / "copy.txt.gz", (1, 1))
        response = client.get("/s/copy.txt", *lines, f"If-None-Match: {tag}")
        assert response.status == 304
        (folder / "copy.txt.gz").write_bytes(gzip.compress(BIG[:-1] + b"x", mtime=0))
        assert client.get("/s/copy.txt", *lines, f"If-None-Match: {tag}").status == 200
    assert len(tags) == 2


@pytest.mark.parametrize("n", [0, 1, 255, 256, 257, 4096, 4097, 32_768, 32_769, 70_000])
def test_windows_are_long_enough(client, folder, n):
    """The second half repeats the first one, as far back as can be."""
    half = os.urandom(min(n // 2, 32_768))
    data = (half * 4)[: n - n % 2] + b"x" * (n % 2)
    (folder / f"half{n}.bin.gz").write_bytes(gzip.compress(data, mtime=0))
    assert client.get(f"/s/half{n}.bin").body == data


def test_a_gz_that_is_cut(server, client, folder):
    (folder / "cut.txt.gz").write_bytes(b"\x1f\x8b")
    assert client.get("/s/cut.txt").status == 500
    packed = gzip.compress(os.urandom(9000))
    (folder / "cut.txt.gz").write_bytes(packed[:5000] + packed[-8:])
    with Client(server) as other:
        other.send(request("/s/cut.txt"))
        other.until(b"\r\n\r\n")
        while other.more():
            pass
        assert len(other.received) < 9000
    server.wait_for_line("GET /s/cut.txt")


# -- validators


@pytest.mark.parametrize(
    "given,status",
    [
        ("If-None-Match: {}", 304),
        ("If-None-Match: W/{}", 304),
        ('If-None-Match: "a", W/"b" ,{}', 304),
        ("If-None-Match: *", 304),
        ('If-None-Match: "a"', 200),
        ("If-None-Match: {}x", 304),
        ("If-None-Match: x", 200),
        ("If-Match: {}", 200),
        ('If-Match: "a", {}', 200),
        ("If-Match: *", 200),
        ("If-Match: W/{}", 412),
        ('If-Match: "a"', 412),
    ],
)
def test_validators(server, client, given, status):
    for path in ("/s/a.txt", "/rom/data.txt", "/send/a.txt"):
        tag = client.get(path)["etag"]
        assert tag[0] == tag[-1] == '"'
        response = client.get(path, given.format(tag))
        assert (response.status, response["etag"]) == (status, tag)
        assert client.get(path, given.format(tag), method="HEAD").status == status
        if status == 304:
            assert not {"content-type", "content-length"} & {name for name, _ in response.fields}
            assert ("cache-control" in response) == (path != "/send/a.txt")
            assert response["vary"] == "Accept-Encoding"


def test_a_file_that_changes_has_another_tag(client, folder):
    file = folder / "changes.txt"
    tags = set()
    for data, time in ((b"a", 1), (b"a", 2), (b"ab", 2)):
        file.write_bytes(data)
        os.utime(file, (time, time))
        tags.add(client.get("/s/changes.txt")["etag"])
    assert len(tags) == 3


def test_a_post_has_no_validators(client):
    tag = client.get("/send/a.txt")["etag"]
    response = client.post("/send/a.txt", b"", f"If-None-Match: {tag}", "Range: bytes=1-2")
    assert (response.status, response.body) == (200, FILES["a.txt"])


def test_cache_control(client):
    assert client.get("/s/a.txt")["cache-control"] == "max-age=60"
    assert client.get("/a.txt")["cache-control"] == "max-age=0"
    assert "cache-control" not in client.get("/no-index/a.txt")
    assert "cache-control" not in client.get("/send/a.txt")


# -- ranges


@pytest.mark.parametrize(
    "wanted,content,start",
    [
        ("bytes=0-0", b"0", 0),
        ("bytes=2-5", b"2345", 2),
        ("bytes=9-", b"9", 9),
        ("bytes=0-", b"0123456789", 0),
        ("bytes=-3", b"789", 7),
        ("bytes=-10", b"0123456789", 0),
        ("bytes=-99", b"0123456789", 0),
        ("bytes=5-99999999999999999999", b"56789", 5),
        ("Bytes = 1-1", b"1", 1),
    ],
)
def test_a_range(client, wanted, content, start):
    for path in ("/s/a.txt", "/send/a.txt"):
        response = client.get(path, f"Range: {wanted}")
        assert (response.status, response.body) == (206, content)
        assert response["content-range"] == f"bytes {start}-{start + len(content) - 1}/10"
        assert response["etag"] == client.get(path)["etag"]
        assert client.get(path, f"Range: {wanted}", method="HEAD").status == 200


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999-"])
def test_a_range_that_is_not_there(client, wanted):
    response = client.get("/s/a.txt", f"Range: {wanted}")
    assert (response.status, response["content-range"]) == (416, "bytes */10")
    assert (response.body, response["content-length"]) == (b"", "0")
    assert client.get("/s/empty.txt", "Range: bytes=0-").status == 416


@pytest.mark.parametrize(
    "wanted",
    ["bytes=5-2", "bytes=a-b", "bytes=-", "bytes=", "bytes", "lines=1-2", "bytes=0-1,3-4",
     "bytes=+1-2", "bytes=1--2", "bytes=1 - 2", "bytes=--5"],
)  # fmt: skip
def test_a_range_to_ignore(client, wanted):
    response = client.get("/s/a.txt", f"Range: {wanted}")
    assert (response.status, response.body) == (200, FILES["a.txt"])


def test_if_range(client):
    tag = client.get("/s/a.txt")["etag"]
    for given, status in {
        tag: 206,
        f"W/{tag}": 200,
        '"a"': 200,
        "Sat, 29 Oct 1994 19:43:31 GMT": 200,
    }.items():
        response = client.get("/s/a.txt", "Range: bytes=1-2", f"If-Range: {given}")
        assert response.status == status
    assert client.get("/s/a.txt", "Range: bytes=1-2", f"If-None-Match: {tag}").status == 304


def test_ranges_of_what_is_packed(client, folder):
    packed = (folder / "packed.txt.gz").read_bytes()
    lines = ["Accept-Encoding: gzip", "Range: bytes=5-99"]
    response = client.get("/s/packed.txt", *lines)
    assert (response.status, response.body) == (206, packed[5:100])
    assert response["content-encoding"] == "gzip"
    assert client.get("/s/packed.txt", "Range: bytes=5-99").body == BIG  # inflated, and whole


def test_curl_resumes(server, tmp_path):
    part = tmp_path / "big.js"
    for n in (0, 1, 5000, len(BIG) - 1, len(BIG)):
        part.write_bytes(BIG[:n])
        command = ["curl", "-sS", "-C", "-", "-o", part, server.url("/s/big.js")]
        subprocess.run(command, check=True, timeout=20)
        assert part.read_bytes() == BIG


def test_curl_asks_for_gzip(server):
    done = subprocess.run(
        ["curl", "-sS", "--compressed", server.url("/s/packed.txt")],
        check=True, capture_output=True, timeout=20,
    )  # fmt: skip
    assert done.stdout == BIG


# -- a file system that lends its memory


def test_files_of_romfs(client):
    assert client.get("/rom/").body == ROM["index.html"]
    response = client.get("/rom/data.txt")
    assert response.body == ROM["data.txt"]
    assert response["etag"] == f'"{zlib.crc32(ROM["data.txt"]):x}-{len(ROM["data.txt"]):x}"'
    assert client.get("/rom/data.txt", "Range: bytes=9000-").body == ROM["data.txt"][9000:]


# -- send_file


@pytest.mark.parametrize(
    "name,field",
    [
        ("a.txt", 'attachment; filename="a.txt"'),
        ("a b;c.txt", 'attachment; filename="a b;c.txt"'),
        ('a"b.txt', "attachment; filename*=UTF-8''a%22b.txt"),
        ("gr\u00fcn 100%.txt", "attachment; filename*=UTF-8''gr%C3%BCn%20100%25.txt"),
        ("a\r\nX: y", None),
    ],
)
def test_download(server, name, field):
    response = httpx.get(server.url("/download/x"), params={"as": name})
    if field is None:
        assert response.status_code == 500
    else:
        assert response.headers["content-disposition"] == field
        assert response.headers["content-type"] == "text/x"
        assert response.headers["cache-control"] == "max-age=5"


def test_send_file(client):
    response = client.get("/send/both.css", "Accept-Encoding: gzip")
    assert gzip.decompress(response.body) == FILES["both.css"]
    assert response["set-cookie"] == "a=b; Path=/"
    assert client.get("/send/none.txt").status == 404
    assert client.get("/send/sub").status == 404
