"""The documentation: it builds without a warning, its programs run as they stand, and
what it says of limits, boards and memory is so."""

import ast
import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import httpx
import matrix
import public
import pytest
import readme_table
import recipes
import test_connecting
import test_install
from conftest import MICROPYTHON, ROOT, WITH_TLS, environment, packages, run_micropython
from packages import PACKAGES, installable
from pages import DOCS, PAGES, blocks, programs, serving
from websockets.sync.client import connect
from wire import wait_until

from bench import peers, tables

PROGRAMS = programs()


# -- what the pages show is run


def overview(server, folder):
    assert httpx.get(server.url()).text == "<h1>Hello from MicroPython!</h1>"
    assert httpx.get(server.url("/add/2/40")).json() == {"sum": 42}


def first_steps(server, folder):
    (commands,) = [code for code in blocks("guides/start.md", "sh") if "curl" in code]
    done = subprocess.run(
        ["bash", "-ec", commands.replace("localhost:8080", f"127.0.0.1:{server.port}")],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert re.sub(r"\s", "", done.stdout) == (
        '<h1>0LEDs</h1>{"led":"red","on":true}{"red":true}'
    ), done.stderr


def on_a_board(server, folder):
    server.wait_for_line("http://127.0.0.1/")
    assert httpx.get(server.url()).text == "Hello from a board!"


def beside_tasks(server, folder):
    while httpx.get(server.url()).json()["measured"] < 3:
        pass
    assert httpx.post(server.url("/stop")).text == "stopping"
    assert server.process.wait(10) == 0


def requests(server, folder):
    client = httpx.Client(base_url=server.url(""))
    assert client.get("/users/7").json() == {"id": 7}
    assert client.get("/users/ada").json() == {"name": "ada"}
    assert client.get("/files/a/b").text == "all of the rest: a/b"
    found = client.get("/search?q=a&q=b&page=x", headers={"User-Agent": "me"})
    assert found.json() == {"words": ["a", "b"], "page": 1, "agent": "me"}
    done = client.post("/theme", data={"theme": "dark"}, follow_redirects=True)
    assert done.text == "Your theme: dark"
    assert client.get("/admin", headers={"Cookie": "user=ada"}).status_code == 403
    token = {"X-Token": "better-kept-in-a-file"}
    assert client.get("/admin", headers=token).text == "Welcome ada"
    assert client.post("/sum", json=[1, 2, 3]).json() == {"sum": 6}
    assert client.post("/sum", json=[1, "2"]).status_code == 422
    led = {"led": 3, "on": True, "mode": "blink"}
    assert client.put("/led", json=led).json() == led
    refused = client.put("/led", json={"led": 40, "on": True})
    assert (refused.status_code, refused.json()) == (422, {"error": "led: must be 0 to 39"})
    found = client.get("/history?hours=2&raw=on&sensor=1&sensor=2").json()
    assert found == {"hours": 2, "raw": True, "sensor": [1, 2]}
    assert client.post("/jobs").status_code == 202
    server.wait_for_line("POST /jobs")
    done = client.get("/report.csv")
    assert done.headers["content-type"] == "text/csv"
    assert done.text.splitlines()[-1] == "999,998001"
    assert done.headers["access-control-allow-origin"] == "*"


def files(server, folder):
    client = httpx.Client(base_url=server.url(""))
    (folder / "www/img").mkdir(parents=True)
    (folder / "www/index.html").write_text("<p>page</p>" * 1000)
    (folder / "www/img/index.html").write_text("images")
    (folder / "log.csv").write_text("a,b")
    (folder / "latest.jpg").write_bytes(b"jpg")
    (folder / "settings.json").write_text("{}")
    done = client.get("/")
    kind = "text/html; charset=utf-8"
    assert (done.headers["content-type"], done.text) == (kind, "<p>page</p>" * 1000)
    assert client.get("/img/").text == "images"
    assert client.get("/api/led").json() == {"on": True}
    for name in ("none.html", "%2e%2e/main.py", "..%2Fmain.py"):
        assert client.get("/" + name).status_code == 404
    done = client.get("/log")
    assert (done.headers["content-type"], done.text) == ("text/csv; charset=utf-8", "a,b")
    assert "log of today.csv" in done.headers["content-disposition"]
    done = client.get("/latest")
    assert (done.headers["x-camera"], done.content) == ("door", b"jpg")
    assert done.headers["cache-control"] == "max-age=5"
    assert client.get("/backup").json() == {}


def values(server, folder):
    page, _ = blocks("guides/files.md", "html")
    (folder / "readings.html").write_text(page)
    done = httpx.get(server.url("/readings"), params={"title": "<b>"})
    table = "<tr><td>1<td>21</tr><tr><td>2<td>22</tr>"
    assert done.text == f"<h1>&lt;b&gt;</h1>\n<table>{table}</table>\n"


def templates(server, folder):
    _, page = blocks("guides/files.md", "html")
    (folder / "pages").mkdir()
    (folder / "pages/readings.tpl").write_text(page)
    for _ in range(2):  # it is compiled, and then there
        done = httpx.get(server.url("/readings"), params={"title": "<b>"})
        assert done.headers["content-type"] == "text/html; charset=utf-8"
        assert done.text.split() == "<h1>&lt;b&gt;</h1> <p>1: 21</p> <p>2: 22</p>".split()


def uploads(server, folder):
    body = bytes(range(256)) * 1000
    (folder / "files").mkdir()
    done = httpx.put(server.url("/files/image.bin"), content=body)
    assert (done.status_code, done.json()) == (201, {"name": "image.bin", "size": len(body)})
    assert (folder / "files/image.bin").read_bytes() == body
    for name in (".x", "a%2f..%2f..%2fx"):
        assert httpx.put(server.url("/files/" + name), content=b"").status_code == 400
    digest = hashlib.sha256(body).hexdigest()
    for sent, status in ((body, 204), (b"other", 422)):
        done = httpx.put(server.url("/program/" + digest), content=sent)
        assert done.status_code == status
        assert (folder / "program.mpy").read_bytes() == body
    done = httpx.post(
        server.url("/files"), files={"f": ("dir/a.bin", body)}, data={"comment": "hello"}
    )
    assert done.json() == {"a.bin": len(body)}
    assert (folder / "files/a.bin").read_bytes() == body
    server.wait_for_line("hello")
    done = httpx.post(server.url("/checksum"), content=body)
    assert done.text == hashlib.sha256(body).hexdigest()


def firmware(server, folder):
    server.wait_for_line("valid")
    image = b"\xe9" + bytes(range(256)) * 50
    (folder / "micropython.bin").write_bytes(image)
    (command,) = blocks("guides/updates.md", "sh")
    at = f"127.0.0.1:{server.port}"
    done = subprocess.run(
        ["bash", "-ec", command.replace("BOARD", at)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert json.loads(done.stdout) == {"size": len(image)}, done.stderr
    assert (folder / "firmware.bin").read_bytes() == image.ljust(4 * 4096, b"\xff")
    server.wait_for_line("will boot ota_1")
    server.wait_for_line("reset")


def websocket(server, folder):
    with connect(server.url("/echo", "ws")) as ws:
        for message in ("Grüße", b"\x00\x01"):
            ws.send(message)
            assert ws.recv(timeout=10) == message
    url = server.url("/chat?ada", "ws")
    with connect(url) as one, connect(url) as two:
        for ws in (one, two):
            assert ws.ping().wait(10)  # its handler waits, so it has joined
        two.send("hello")
        assert one.recv(timeout=10) == two.recv(timeout=10)
        two.send("hello")
        assert json.loads(two.recv(timeout=10)) == {"from": "ada", "text": "hello"}
    with connect(server.url("/log", "ws")) as ws:
        lines = ws.recv(timeout=10).splitlines()
        assert (len(lines), lines[999], lines[1000]) == (1001, "999,998001", "end")
    with connect(server.url("/count", "ws")) as ws:
        ws.send(bytes(200000))
        assert ws.recv(timeout=10) == "200000"
    with connect(server.url("/samples", "ws")) as ws:
        ws.send(b"\x01\x02\x03")
        assert ws.recv(timeout=10) == "6"
        ws.send(bytes(513))
        with pytest.raises(Exception, match="1009"):
            ws.recv(timeout=10)


def events(server, folder):
    headers = {"Last-Event-ID": "41"}
    with httpx.stream("GET", server.url("/clock"), headers=headers, timeout=10) as stream:
        lines = stream.iter_lines()
        got = [line for line in (next(lines) for _ in range(7)) if line]
        assert got == ["retry: 2000", "id: 42", "data: tick 42", "id: 43", "data: tick 43"]
    with httpx.stream("GET", server.url("/news"), timeout=10) as stream:
        lines = stream.iter_lines()
        assert httpx.post(server.url("/news"), content="It rains").json() == {"readers": 1}
        assert [next(lines), next(lines)] == ["event: news", 'data: {"text": "It rains"}']


def limits(server, folder):
    assert httpx.post(server.url("/small"), content=bytes(1024)).json() == {"size": 1024}
    assert httpx.post(server.url("/small"), content=bytes(1025)).status_code == 413
    done = httpx.post(server.url("/large"), content=bytes(100000))
    assert done.json() == {"size": 100000}


def memory(server, folder):
    found = httpx.get(server.url("/memory")).json()
    assert found["used"] > 0 and found["free"] > 0


def errors(server, folder):
    def get(path):
        done = httpx.get(server.url(path))
        return done.status_code, done.text

    assert get("/pins/1") == (200, '{"value": 0}')
    assert get("/pins/2") == (400, '{"error": "nothing at 2"}')
    assert get("/pins/31") == (404, '{"error": "no such pin"}')
    assert get("/nothing") == (404, '{"error": "there is no /nothing"}')
    assert get("/fault")[0] == 500
    server.wait_for_line("web: GET /fault: ZeroDivisionError: ")


def debugged(server, folder):
    server.wait_for_line(f"web: http://127.0.0.1:{server.port}/")
    assert httpx.get(server.url("/led/-3")).json() == {"led": -3}
    assert httpx.get(server.url("/sensor")).status_code == 500
    server.wait_for_line("web: GET /led/-3 (led) 200 ")
    server.wait_for_line("web: GET /sensor (sensor) held the event loop for 1")


def logged(server, folder):
    assert httpx.get(server.url("/")).text == "Hello"
    server.wait_for_line("GET / 200 ")


def guards(server, folder):
    with httpx.Client(base_url=server.url("")) as client:
        assert client.get("/led").status_code == 403
        token = {"X-Token": "better-kept-in-a-file"}
        assert client.get("/led", headers=token).text == "Hello a friend"
        assert client.put("/led", headers=token, content=b"on").content == b"on"
        with connect(server.url("/ws", "ws"), additional_headers=token) as ws:
            assert ws.recv(timeout=10) == "Hello a friend"
        assert client.get("/admin").status_code == 401
        assert client.get("/admin", auth=("ada", "secret")).text == "Hello ada"
        token = {"Authorization": "Bearer better-kept-in-a-file"}
        assert client.get("/api", headers=token).json() == {"user": "a robot"}


def sessions(server, folder):
    with httpx.Client(base_url=server.url(""), follow_redirects=True) as client:
        assert "password" in client.get("/").text
        data = {"user": "ada", "password": "no"}
        assert client.post("/login", data=data).status_code == 403
        data["password"] = "secret"
        assert client.post("/login", data=data).text == "Hello ada"
        assert client.get(client.get("/link").text).text == "a report"
        assert client.post("/logout", headers={"Origin": "http://evil"}).status_code == 403
        assert "password" in client.post("/logout").text
        origin = {"Origin": "https://example.com"}
        done = client.get("/report", headers=origin)
        assert done.headers["access-control-allow-origin"] == "https://example.com"


def cors(server, folder):
    done = httpx.get(server.url("/raw"), headers={"Origin": "https://example.com"})
    assert (done.text, done.headers["access-control-allow-origin"]) == ("ok", "*")


def microdot(server, folder):
    assert httpx.get(server.url("/?unit=F")).json() == {"unit": "F", "value": 21}
    assert httpx.get(server.url("/form")).text == "Hello world!"
    assert httpx.post(server.url("/form"), data={"name": "Ada"}).text == "Hello Ada!"
    with connect(server.url("/echo", "ws")) as ws:
        ws.send("hello")
        assert ws.recv(timeout=10) == "hello"


def flask(server, folder):
    client = httpx.Client(base_url=server.url(""), follow_redirects=True)
    done = client.post("/notes", data={"text": "<b>"})
    assert done.text == "<ul><li>&lt;b&gt;</ul>"
    assert client.get("/notes/0").json() == {"text": "<b>"}
    assert client.get("/notes/1").status_code == 404


def raw(server, folder):
    done = httpx.get(server.url())
    assert (done.http_version, done.text) == ("HTTP/1.0", "Hello world!")


def moved(server, folder):
    assert httpx.get(server.url()).text == "Hello world!"
    assert httpx.post(server.url(), data={"name": "Ada"}).text == "Hello Ada!"
    with connect(server.url("/ws", "ws")) as ws:
        ws.send("hello")
        assert ws.recv(timeout=10) == "hello"
    server.wait_for_line("Received: hello")


def tasks(server, folder):
    said = server.wait_for_line("web: task report: OSError: no route to the server")
    assert said.endswith(", in report); again in 5 s")
    wait_until(lambda: httpx.get(server.url()).json()["readings"] > 1)


def threads(server, folder):
    with connect(server.url("/events", "ws")) as ws:
        wait_until(lambda: httpx.post(server.url("/press")) and received(ws))


def received(ws):
    with contextlib.suppress(TimeoutError):
        return ws.recv(timeout=0.05) == "pressed"


def captive(server, folder):
    host = {"Host": "captive.apple.com"}
    probe = httpx.get(server.url("/hotspot-detect.html"), headers=host)
    assert probe.headers["location"] == f"http://192.168.4.1:{server.port}/"
    assert httpx.get(server.url(), headers={"Host": "board.local"}).text == "<h1>Welcome</h1>"
    assert httpx.post(server.url("/done")).text == "The portal is closed."
    assert httpx.get(server.url(), headers=host).text == "<h1>Welcome</h1>"


SERVERS = {
    "index.md 1": overview,
    "guides/start.md 1": first_steps,
    "guides/start.md 2": on_a_board,
    "guides/start.md 3": beside_tasks,
    "guides/requests.md 1": requests,
    "guides/files.md 1": files,
    "guides/files.md 2": values,
    "guides/files.md 3": templates,
    "guides/uploads.md 1": uploads,
    "guides/updates.md 1": firmware,
    "guides/websocket.md 1": websocket,
    "guides/events.md 1": events,
    "guides/tasks.md 1": tasks,
    "guides/tasks.md 2": threads,
    "guides/wifi.md 1": captive,
    "guides/limits.md 1": limits,
    "guides/memory.md 1": memory,
    "guides/errors.md 1": errors,
    "guides/debug.md 1": debugged,
    "guides/debug.md 2": logged,
    "guides/security.md 1": guards,
    "guides/security.md 2": sessions,
    "guides/security.md 3": cors,
    "guides/flask.md 1": flask,
    "guides/microdot.md 1": microdot,
    "guides/wybiral.md 1": raw,
    "guides/wybiral.md 2": moved,
    **recipes.SERVERS,
}
OTHERS = {  # have a test each
    "install.md 1",
    "install.md 2",
    "guides/https.md 1",
    "guides/https.md 2",
    "guides/testing.md 1",
    "guides/testing.md 2",
    "guides/testing.md 3",
    "guides/websocket.md 2",
    "guides/device.md 1",
    *recipes.OTHERS,
}


@pytest.mark.parametrize("name", SERVERS)
def test_program(name, tmp_path):
    if "utemplate" in PROGRAMS[name].code:
        (tmp_path / "utemplate").symlink_to(peers.fetch("utemplate") / "utemplate")
    with serving(PROGRAMS[name], tmp_path) as server:
        SERVERS[name](server, tmp_path)


def test_every_program_is_run():
    assert set(PROGRAMS) == set(SERVERS) | OTHERS


def test_a_program_with_a_page_for_its_board(tmp_path):
    shutil.copytree(ROOT / "examples/device/panel", tmp_path / "panel")
    with serving(PROGRAMS["guides/device.md 1"], tmp_path) as server:
        assert httpx.get(server.url("/light")).json() == {"desk": 42}
        with httpx.Client(base_url=server.url(""), follow_redirects=True) as client:
            given = {"password": "long enough", "repeat": "long enough"}
            assert "<title>Board</title>" in client.post("/login", data=given).text
            with connect(
                server.url("/ws", "ws"),
                additional_headers={"Cookie": "session=" + client.cookies["session"]},
            ) as ws:
                told = json.loads(ws.recv(timeout=10))
        assert ["Light", "lx", ["desk", "window"]] in told["plots"]
        assert {path.name for path in (tmp_path / "data").iterdir()} == {
            ".password",
            ".session.key",
        }


def test_https_with_the_certificate_shown(tmp_path):
    (commands,) = blocks("guides/https.md", "sh")
    subprocess.run(["bash", "-ec", commands], cwd=tmp_path, check=True, capture_output=True)
    with serving(PROGRAMS["guides/https.md 1"], tmp_path, WITH_TLS) as server:
        host = f"board.local:{server.port}"
        done = subprocess.run(
            ["curl", "-sS", "--cacert", "cert.pem", "--resolve", f"{host}:127.0.0.1"]
            + [f"https://{host}/"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert done.stdout == "Hello, safely!", done.stderr


def test_client_of_the_server_shown(tmp_path):
    def first_line(host):
        code = PROGRAMS["guides/websocket.md 2"].code.replace("HOST", host)
        (tmp_path / "client.py").write_text(code)
        process = subprocess.Popen(
            [MICROPYTHON, "client.py"],
            cwd=tmp_path,
            env=environment(packages("native")),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            return process.stdout.readline()
        finally:
            process.kill()
            process.communicate()

    with serving(PROGRAMS["guides/websocket.md 1"], tmp_path) as server:
        host = f"127.0.0.1:{server.port}"
        assert first_line(host) == "hello\n"
    assert first_line(host).startswith("not connected: ")


def test_client_with_the_authority_shown(tmp_path):
    authority = test_connecting.Authority(tmp_path)

    async def said(host):
        async with authority.serve(host)() as server:
            url_host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            code = PROGRAMS["guides/https.md 2"].code.replace("HOST", url_host)
            (tmp_path / "client.py").write_text(code)
            process = await asyncio.create_subprocess_exec(
                *(WITH_TLS, "client.py"),
                cwd=tmp_path,
                env=environment(packages("native")),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            return (await process.communicate())[0].decode()

    assert asyncio.run(said("127.0.0.1")) == "hello\n"
    assert "OSError: certificate: " in asyncio.run(said("board.local"))


def test_installing_on_a_board(tmp_path):
    with test_install.serving(test_install.DIST) as site:
        code = PROGRAMS["install.md 1"].code.replace("http://HOST", site.url)
        done = test_install.mip(tmp_path, code)
    assert "bytes of RAM" in done.stdout.splitlines()[-1], done.stdout + done.stderr


def test_what_was_installed(tmp_path):
    (tmp_path / "main.py").write_text(PROGRAMS["install.md 2"].code)
    said = f"{matrix.version()} native {matrix.host()}\n"
    assert run_micropython(tmp_path / "main.py") == said


# -- commands


def documented_targets():
    makefile = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^([a-z-]+):.*## ", makefile, re.M))


@pytest.mark.parametrize("page", PAGES)
def test_commands_exist(page):
    text = PAGES[page].read_text()
    shell = "\n".join(blocks(page, "sh") + re.findall(r"`(make [^`]*)`", text, re.S))
    for target in re.findall(r"\bmake\s+([a-z-]+)", shell):
        assert target in documented_targets(), target
    named = " ".join(re.findall(r'PACKAGES="(.*?)"', shell)).split()
    named += re.findall(r"\baioweb-[a-z-]+[a-z0-9]*", shell)
    known = set(installable())
    for name in named:
        assert name in known or name.rpartition("-")[0] in known, name
    for folder in re.findall(r"build/dist/(\w[\w.]*)", shell):
        assert (ROOT / "build" / "dist" / folder).is_dir()


# -- what is said is so


def rows(page, heading):
    """The cells of the table whose head begins so."""
    table = PAGES[page].read_text().partition(heading)[2].partition("\n\n")[0]
    lines = table.splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


DERIVED = {
    "max_connections": "4, on ESP32 8, on a computer 16",
    "max_streams": "max_connections` - 1",
    "backlog": "128, on boards 16",
}


def test_limits_are_the_arguments_of_app():
    options = public.arguments("app.App.__init__")
    defaults = {
        option.arg: ast.unparse(default)
        for option, default in zip(options.kwonlyargs, options.kw_defaults, strict=True)
    }
    told = {name: default for name, default, *_ in rows("guides/limits.md", "| Argument ")}
    assert set(told) == set(defaults)
    for name, default in told.items():
        # test_places.py tries what follows from the port
        assert default == (DERIVED[name] if defaults[name] in ("0", "-1") else defaults[name])


def test_boards_are_those_of_the_matrix():
    firmware = matrix.MATRIX["firmware"]
    seen = set()
    for board, arch, oldest, connections, _, tested in rows("install.md", "| Board "):
        seen.add(arch)
        # test_places.py tries what each port has
        most = "16" if board.startswith("Unix") else "8" if board.startswith("ESP32") else "4"
        assert connections == ("8 on ESP32, else 4" if arch == matrix.PORTABLE else most)
        if arch == matrix.PORTABLE:
            assert tested in readme_table.render()
            never = {k for k, v in firmware["native"].items() if v == "never"}
            assert {f"ESP32-{word}" for word in re.findall(r"\b[A-Z]\d\b", board)} == never
            continue
        entry = matrix.ARCHITECTURES[arch]
        known = re.sub(r"\W+", " ", entry["boards"])
        for word in re.findall(r"\w+", board):
            assert re.search(rf"\b(STM32)?{word}\b", known), word
        platforms = [arch, "esp32" if board.startswith("ESP32") else ""]
        native = [v for k, v in firmware["native"].items() if k in [*platforms, board]]
        assert oldest == max([firmware["oldest"], *native])
        assert tested == "; ".join(map(readme_table.tested_on, entry["tested"]))
    assert seen >= {"xtensawin", "rv32imc", "armv6m", "armv7emsp", "armv7emdp", "x64", "x86"}


def test_figures_of_memory_are_the_measured_ones():
    measured = (ROOT / "bench/results.md").read_text()
    ram = measured.partition("## RAM in bytes")[2].partition("##")[0]
    allocated = measured.partition("## Bytes allocated")[2].partition("##")[0]
    (of_ours,) = [line for line in ram.splitlines() if line.startswith("| aioweb |")]
    (request,) = [line for line in allocated.splitlines() if "aioweb, keep-alive" in line]
    of_ours = of_ours.split("|")[2:-1]
    loaded, on_board, code, in_use, idle, heap = [cell.strip() for cell in of_ours]
    told = [figure for _, figure in rows("guides/memory.md", "| | Bytes ")]
    assert told == [on_board, loaded, code, in_use, idle, request.split("|")[-2].strip(), heap]
    results = json.loads((ROOT / "bench/results.json").read_text())
    guide = (ROOT / "docs/guides/memory.md").read_text()
    assert tables.memory(results) in guide
    assert tables.features(results) in guide
    assert tables.small(results["examples"]) in guide
    assert tables.readme(results) in (ROOT / "README.md").read_text()
    # what does not fit is not offered: an ESP8266 has 37.9 KB in all, its firmware a part
    offered = re.search(r"the examples ((?:`\w+\.py`,? ?(?:and )?)+)fits?\.", guide)[1]
    fitting = [f"{name}.py" for name, heap in results["examples"].items() if heap <= 35000]
    assert re.findall(r"`(\S+)`", offered) == fitting
    most = dict(rows("guides/memory.md", "| Package "))
    assert most == {name: f"{entry['ram']:,}" for name, entry in PACKAGES.items()}


# -- the site


def build(folder, out):
    """Run what `make docs` runs, without quiet, which would keep it from seeing warnings."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", out],
        cwd=folder,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built pages."""
    out = tmp_path_factory.mktemp("site")
    done = build(ROOT, out)
    assert done.returncode == 0 and "WARNING" not in done.stdout, done.stdout
    return out


def test_a_link_to_nowhere_is_an_error(tmp_path):
    for name in ("mkdocs.yml", "pysrc", "tools"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(DOCS, tmp_path / "docs")
    bad = ["[a](limits.md#nothing)", "[b](nothing.md)", "[c][web.nothing]", "[d](/e.md)"]
    with open(tmp_path / "docs/guides/memory.md", "a") as page:
        page.write(" ".join(bad))
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode == 1
    assert f"Aborted with {len(bad)} warnings" in done.stdout, done.stdout


def test_every_page_is_built(site):
    for page in PAGES:
        assert (site / page).with_suffix(".html").exists()
    assert not list(site.rglob("*.txt"))


def test_the_reference_has_every_public_name(site):
    page = (site / "reference/web.html").read_text()
    names = list(public.lazy())
    names += ["App.put", "App.websocket", "App.run", "App.stop"]
    for name in names:
        assert f'id="web.{name}"' in page, name
    page = (site / "reference/handlers.html").read_text()
    for name in ("read", "readinto", "json", "form", "save"):
        assert f'id="web.conn.Request.{name}"' in page, name


def test_pages_fetch_nothing_from_elsewhere(site):
    for page in site.rglob("*.html"):
        for tag in re.findall(r"<(?:script|link|img)\b[^>]*>", page.read_text()):
            assert not re.search(r'(?:src|href)="(?:https?:)?//', tag), tag


def test_search_in_pages_from_the_disk(site, browser):
    page = browser.new_page()
    faults = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto((site / "guides/limits.html").as_uri())
    page.locator(".md-search__input").click()
    page.keyboard.type("permessage-deflate")
    found = page.locator(".md-search-result__link", has_text="Compression").first
    found.wait_for(timeout=30000)
    found.click()
    page.wait_for_url("**/guides/websocket.html*")
    assert faults == []
    page.close()


def test_external_links_are_well_formed(site):
    for page in site.rglob("*.html"):
        for link in re.findall(r'<a\b[^>]*href="(\w+:[^"]*)"', page.read_text()):
            parts = urlsplit(link)
            assert parts.scheme in ("http", "https"), link
            assert re.fullmatch(r"localhost:8080|[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc), link
