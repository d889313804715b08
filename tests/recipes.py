"""What the programs of the tutorial and the cookbook must do, by page and number: functions
of the server that runs one and of its folder."""

import json
import subprocess

import httpx
from pages import blocks
from wire import wait_until

PASSWORD = {"user": "ada", "password": "secret"}
ELSEWHERE = {"Origin": "https://example.com"}


def client_of(server):
    return httpx.Client(base_url=server.url(""))


# -- the cookbook


def compressed(server, folder):
    (folder / "www").mkdir()
    (folder / "www/app.js").write_text("1")
    done = httpx.get(server.url("/app.js"))
    assert (done.text, done.headers["cache-control"]) == ("1", "max-age=3600")
    tag = {"If-None-Match": done.headers["etag"]}
    assert httpx.get(server.url("/app.js"), headers=tag).status_code == 304


def single_page(server, folder):
    (folder / "www").mkdir()
    (folder / "www/index.html").write_text("the page")
    client = client_of(server)
    assert client.get("/rooms/3").text == "the page"
    assert client.get("/api/state").json() == {"on": True}
    assert client.get("/api/wrong").json() == {"error": "not found"}
    assert client.get("/app.js").status_code == 404


def not_found(server, folder):
    done = httpx.get(server.url("/<b>"))
    assert (done.status_code, "/&lt;b&gt;" in done.text) == (404, True)


def favicon(server, folder):
    done = httpx.get(server.url("/favicon.ico"))
    assert (done.status_code, done.headers["cache-control"]) == (204, "max-age=86400")
    assert "href=data:," in httpx.get(server.url()).text


def fresh(server, folder):
    assert httpx.get(server.url()).headers["cache-control"] == "no-store"


def mounted(server, folder):
    assert httpx.get(server.url("/admin/")).text == "This is admin"
    assert httpx.get(server.url()).text == "This is for all"


def upload(server, folder):
    assert "onprogress" in httpx.get(server.url()).text
    done = httpx.put(server.url("/upload"), content=bytes(100000))
    assert (done.status_code, done.json()) == (201, {"size": 100000})
    assert (folder / "upload.bin").read_bytes() == bytes(100000)


def settings(server, folder):
    client = client_of(server)
    wanted = {"name": "door", "interval": 60}
    assert client.put("/settings", json={"name": "door"}).json() == wanted
    assert client.put("/settings", json={"interval": 0}).status_code == 422
    assert json.loads((folder / "settings.json").read_text()) == wanted
    assert client.get("/settings").json() == wanted


def json_lines(server, folder):
    client = client_of(server)
    assert client.post("/lines", content='{"a": 1}\n[2]\n').json() == {"values": 2}
    assert client.get("/lines").text == '{"a": 1}\n[2]\n'
    assert client.post("/lines", content="x\n").status_code == 400


def limited(server, folder):
    assert httpx.post(server.url("/bell")).text == "ding"
    wait_until(lambda: httpx.post(server.url("/bell")).text == "ding")
    answers = [httpx.post(server.url("/bell")).status_code for _ in range(20)]
    assert 429 in answers


def cors(server, folder):
    asked = {**ELSEWHERE, "Access-Control-Request-Method": "PUT"}
    done = httpx.options(server.url("/api/state"), headers=asked)
    assert done.headers["access-control-allow-origin"] == "https://example.com"
    done = httpx.get(server.url("/api/state"), headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in done.headers


def background(server, folder):
    wait_until(lambda: httpx.get(server.url()).json()["count"] > 1)


def camera(server, folder):
    (folder / "frame.jpg").write_bytes(b"\xff\xd8picture")
    with httpx.stream("GET", server.url("/stream")) as stream:
        got = b""
        for piece in stream.iter_raw():
            got += piece
            if got.count(b"picture") == 2:
                break
    assert got.startswith(b"--frame\r\nContent-Type: image/jpeg\r\n")


def csv(server, folder):
    assert httpx.get(server.url("/log.csv")).text == "1,21.5\n"


# -- the tutorial: each program is garden.py


def first_page(server, folder):
    assert httpx.get(server.url()).text == "<h1>My plant</h1>"


def button(server, folder):
    assert "Moisture: 38 %" in httpx.get(server.url()).text
    done = httpx.post(server.url("/water"), follow_redirects=True)
    assert "Moisture: 78 %" in done.text


def by_itself(server, folder):
    client = client_of(server)
    wait_until(lambda: client.get("/state").json()["watered"])
    assert client.post("/water").status_code == 303
    assert "watered" in client.get("/").text


def page_of(folder):
    (folder / "www").mkdir()
    (page,) = blocks("tutorial.md", "html")
    (folder / "www/index.html").write_text(page)


def live(server, folder):
    page_of(folder)
    client = client_of(server)
    assert "EventSource" in client.get("/").text
    with client.stream("GET", "/events") as stream:
        told = (json.loads(line[6:]) for line in stream.iter_lines() if line[:6] == "data: ")
        assert next(told)["moisture"] is not None
        before = httpx.post(server.url("/water")).json()["watered"]
        assert before >= 1
        assert any(state["watered"] >= before for state in told)


def signed_in(server, folder):
    page_of(folder)
    (commands,) = [code for code in blocks("tutorial.md", "sh") if "jar" in code]
    done = subprocess.run(
        ["bash", "-ec", commands.replace("localhost:8080", f"127.0.0.1:{server.port}")],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.stdout.startswith("Forbidden"), done.stdout + done.stderr
    assert '"watered": ' in done.stdout
    client = client_of(server)
    assert client.post("/login", data={"user": "ada", "password": "no"}).status_code == 403
    done = client.post("/login", data=PASSWORD)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert client.post("/water", headers=ELSEWHERE).status_code == 403
    assert client.post("/water").json()["watered"] >= 2


def updated(server, folder):
    server.wait_for_line("http://127.0.0.1/")
    page_of(folder)
    assert "My plant" in httpx.get(server.url()).text
    (commands,) = [code for code in blocks("tutorial.md", "sh") if "sha256sum" in code]
    new = (folder / "garden.py").read_text() + "# better\n"
    (folder / "new").mkdir()
    (folder / "new/garden.py").write_text(new)
    done = subprocess.run(
        ["bash", "-ec", commands.replace("BOARD", f"127.0.0.1:{server.port}")],
        cwd=folder / "new",
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert json.loads(done.stdout) == {"size": len(new)}, done.stderr
    assert (folder / "garden.py").read_text() == new
    server.wait_for_line("reset")


COOKBOOK = [
    compressed,
    single_page,
    not_found,
    favicon,
    fresh,
    mounted,
    upload,
    settings,
    json_lines,
    limited,
    cors,
    None,  # to HTTPS: it has a test of its own
    background,
    camera,
    csv,
]
TUTORIAL = [first_page, None, button, by_itself, live, signed_in, None, updated]
# the numbers of those that do not serve, and of the whole garden.py
PLANT, GARDEN, TESTS = 2, 6, 7


def by_name(page, checks):
    return {f"{page} {number}": check for number, check in enumerate(checks, 1) if check}


SERVERS = by_name("cookbook.md", COOKBOOK)
STEPS = by_name("tutorial.md", TUTORIAL)
# tests/test_recipes.py runs these
OTHERS = {"cookbook.md 12", f"tutorial.md {PLANT}", f"tutorial.md {TESTS}", *STEPS}
