"""Every program of the examples and of the documentation is safe to copy: what a client
sends stands in no page unescaped, ends no field line, and makes no fault."""

import ast
import contextlib
import json
import re
import ssl
import subprocess
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import pytest
import test_docs
from conftest import DEVICE, MICROPYTHON, ROOT, WITH_TLS, Server, free_port, packages
from pages import BOARD, Program, serving
from wire import Client

from bench import peers

SCRIPT = "<script>alert(1)</script>"
SENT = (
    SCRIPT,
    "\"'&#+=ü",
    f"a\r\nX-Injected: 1\r\n\r\n{SCRIPT}",
    "a; Domain=evil",
    b"\xff",
    "",
)
GOOD = "1"
METHODS = {"get", "post", "put", "patch", "delete"}
STREAMS = {"sse", "websocket"}
FIELDS = {"Accept-Language", "If-None-Match", "Last-Event-ID", "Referer", "User-Agent"}
BOUNDARY = "limit"
# What ends the server, and what is there to show a fault.
LEFT_OUT = {("examples/two_apps.py", "/stop"), ("guides/start.md 3", "/stop")}
LEFT_OUT |= {("guides/errors.md 1", "/fault"), ("guides/debug.md 1", "/sensor")}
LEFT_OUT |= {("examples/error_pages.py", path) for path in ("/fault", "/api/sensor")}
LEFT_OUT |= {("examples/http_client.py", "/weather")}  # there is nobody whom it could ask
LEFT_OUT |= {("examples/camera.py", "/stream"), ("cookbook.md 14", "/stream")}  # has no end
# What is told of a fault that is shown, and which no request makes.
TOLD = {"guides/tasks.md 1": "web: task report: OSError: no route to the server"}
# Who is let in where a guard asks.
LET_IN = {
    "examples/api.py": ["Authorization: Bearer secret"],
    "examples/update.py": ["Authorization: Basic OmNoYW5nZSBtZQ=="],
    "guides/updates.md 1": ["Authorization: Basic OmNoYW5nZSBtZQ=="],
    "guides/security.md 1": [
        "X-Token: better-kept-in-a-file",
        "Authorization: Bearer better-kept-in-a-file",
    ],
    "guides/requests.md 1": ["X-Token: better-kept-in-a-file"],
}
SIGNED_IN = {"examples/login.py", "guides/security.md 2"}

EXAMPLES = {
    f"examples/{path.name}": Program(f"examples/{path.name}", 1, path.read_text())
    for path in sorted((ROOT / "examples").glob("*.py"))
}
SERVED = EXAMPLES | {name: test_docs.PROGRAMS[name] for name in test_docs.SERVERS}


# -- what a program takes


@dataclass
class Route:
    method: str
    path: str
    stream: bool = False
    raw: bool = False  # its connection ends, without a word
    paced: bool = False  # a try that fails takes a second
    names: set = field(default_factory=set)  # of what it looks for in queries, forms, fields


def _strings(node):
    return [c.value for c in ast.walk(node) if isinstance(c, ast.Constant) and type(c.value) is str]


def _names(function, shapes):
    """What the function looks for: x.get('name'), x['name'], and the keys of shapes."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("get", "getlist") and node.args:
                found.update(_strings(node.args[0]))
            if node.func.attr in ("json", "check"):
                for given in node.args:
                    found.update(_strings(given) if isinstance(given, ast.Dict) else ())
        elif isinstance(node, ast.Subscript):
            found.update(_strings(node.slice))
        elif isinstance(node, ast.Name):
            found.update(shapes.get(node.id, ()))
    return {name.rstrip("?") for name in found if name[:1] != "/"}


def routes(code):
    tree = ast.parse(code)
    shapes = {
        node.targets[0].id: _strings(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
    }
    found, everywhere = [Route("GET", "/none/<name>")], set()
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            how = (call.func if call else decorator).attr
            if how in ("before_request", "after_request", "errorhandler"):
                everywhere |= _names(node, shapes)
            if how not in METHODS | STREAMS | {"on", "route"}:
                continue
            methods = [how.upper()] if how in METHODS else ["GET"]
            given = [k.value for k in call.keywords if k.arg == "methods"] + call.args[1:]
            if how in ("route", "on") and given:
                methods = [word for word in _strings(given[0]) if word.isupper()]
            paced = "web.paced" in ast.unparse(decorator)
            raw = how in ("route", "add_handler")
            stream = how in STREAMS or raw and ".upgrade(" in ast.unparse(node)
            for method in methods:
                path = call.args[0].value
                found.append(Route(method, path, stream, raw, paced, _names(node, shapes)))
    for route in found:
        route.names |= everywhere
    return found


def test_what_is_found_in_a_program():
    by_path = {(r.method, r.path): r for r in routes(SERVED["examples/upload.py"].code)}
    assert by_path["POST", "/settings"].names == {"name", "theme"}
    assert by_path["GET", "/settings"].names == {"saved", "theme"}
    found = {(r.method, r.path): r.names for r in routes(SERVED["guides/requests.md 1"].code)}
    assert found["PUT", "/led"] >= {"led", "on", "name", "mode", "x-token"}
    (login,) = [r for r in routes(SERVED["examples/login.py"].code) if r.paced]
    assert login.path == "/login" and login.names >= {"user", "password"}
    for name, program in EXAMPLES.items():
        assert len(routes(program.code)) > 1 or name.endswith("files.py"), name


# -- what is sent


def _values(names, sent):
    """Dicts by name: all of them, and each alone, the others good or not there."""
    yield dict.fromkeys(names, sent)
    if len(names) > 1:
        for name in names:
            yield {name: sent}
            yield {**dict.fromkeys(names, GOOD), name: sent}


def _in_a_field(value):
    # as a client can send it
    value = value if isinstance(value, bytes) else value.encode()
    return value.replace(b"\r", b"%0D").replace(b"\n", b"%0A")


def _multipart(values, sent):
    text = _in_a_field(sent).replace(b'"', b"%22").decode(errors="replace")
    parts = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in values.items()
    )
    parts += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{text}"; filename="{text}"'
    return (parts + f"\r\n\r\nx\r\n--{BOUNDARY}--\r\n").encode()


def _bodies(values, sent):
    """(Content-Type, body)"""
    yield "application/x-www-form-urlencoded", urlencode(values).encode()
    if not isinstance(sent, bytes):
        for value in (values, sent, [sent]):
            yield "application/json", json.dumps(value).encode()
        yield f"multipart/form-data; boundary={BOUNDARY}", _multipart(values, sent)
        yield "text/plain", sent.encode()


def requests(route, host, lines):
    """The bytes of each request."""
    for sent in SENT[2:3] if route.paced else SENT:
        path = quote(sent, safe="").join(re.split("<[^>]*>", route.path))
        given = list(_values(sorted(route.names), sent))
        for values in given[:1] if route.paced else given:
            query = "?" + urlencode(values) if values else ""
            head = [f"{route.method} {path}{query} HTTP/1.1".encode(), b"Host: " + host]
            head += [line.encode() for line in lines]
            known = [line.split(":")[0].lower() for line in lines]
            for name in FIELDS | {name for name in values if name.lower() not in known}:
                head.append(name.encode() + b": " + _in_a_field(values.get(name, sent)))
            if "Cookie" not in "".join(lines):
                pairs = [name.encode() + b"=" + _in_a_field(v) for name, v in values.items()]
                head.append(b"Cookie: " + b"; ".join(pairs))
            if route.method in ("GET", "DELETE"):
                yield b"\r\n".join([*head, b"", b""])
                continue
            for kind, body in _bodies(values, sent):
                more = [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
                yield b"\r\n".join([*head, *(line.encode() for line in more), b"", body])


# -- what must not come back

# RFC 3986 2: what a URL can hold, less what would begin a fragment
URL = re.compile(r"[!$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*")
ATTRIBUTES = {"path", "max-age", "httponly", "samesite", "secure", "expires"}


def check(response, request):
    told = request, response
    assert response.status < 500, told
    assert "x-injected" not in response, told
    kind = response.all("content-type") or ["text/html"]
    if "html" in kind[0]:
        for raw in (b"<script>alert(1)", b"\"'&#+", b"'&#+"):
            assert raw not in response.body, told
    elif "json" in kind[0]:
        for text in response.body.splitlines() if "jsonl" in kind[0] else [response.body]:
            json.loads(text)
    for location in response.all("location"):
        assert URL.fullmatch(location) and "&#" not in location, told
    for cookie in response.all("set-cookie"):
        pair, *attributes = cookie.split("; ")
        assert not set(pair) & set(' "<>;,\\'), told
        assert {a.partition("=")[0].lower() for a in attributes} <= ATTRIBUTES, told


class Asking:
    """Sends requests one after another, on one connection as long as it is kept."""

    def __init__(self, server, connect):
        self.server = server
        self.connect = connect
        self.client = None

    def ask(self, route, request):
        self.client = self.client or self.connect(self.server)
        self.client.send(request)
        if route.stream:  # which may go on for ever
            head = self.client.until(b"\r\n\r\n")
            assert b"X-Injected" not in head and not re.match(rb"HTTP/1.. 5", head), head
            return self.leave()
        response = self.client.receive(route.method)
        check(response, request)
        if response.closes or route.raw:
            self.leave()
        return response

    def leave(self):
        if self.client:
            self.client.close()
        self.client = None


def secure(server):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = server.connect()
    return Client(server, socket=context.wrap_socket(plain))


@contextlib.contextmanager
def running(name, folder):
    """The server of a program, and how one connects to it."""
    if name == "examples/two_apps.py":
        path = ROOT / name
        command = lambda port: [MICROPYTHON, path, str(port), str(free_port())]  # noqa: E731
        server = Server("native", command, packages("native"))
        try:
            yield server, Client
        finally:
            server.stop()
        return
    for made in ("files", "www"):
        (folder / made).mkdir()
    if "utemplate" in SERVED[name].code:
        (folder / "utemplate").symlink_to(peers.fetch("utemplate") / "utemplate")
        (folder / "pages").mkdir()
        (folder / "pages/readings.tpl").write_text(test_docs.blocks("guides/files.md", "html")[1])
    for page in ("readings.html", "template.html"):
        (folder / page).write_text("<h1>{{title}}</h1>{{!rows}}")
    (folder / "frame.jpg").write_bytes(b"jpg")
    (folder / "settings.json").write_text("{}")
    board = BOARD
    if name == "examples/wifi.py":
        board = DEVICE / "air"  # in which anybody may have given a network a name
        (folder / "air.json").write_text(json.dumps({SCRIPT.encode().hex(): ""}))
    tls = name == "examples/https.py"
    if tls:
        (commands,) = test_docs.blocks("guides/https.md", "sh")
        subprocess.run(["bash", "-ec", commands], cwd=folder, check=True, capture_output=True)
    with serving(SERVED[name], folder, WITH_TLS if tls else MICROPYTHON, board) as server:
        yield server, secure if tls else Client


def sign_in(asking, host):
    """The line with the session's cookie."""
    body = b"user=ada&password=secret"
    head = b"POST /login HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n" % (host, len(body))
    response = asking.ask(Route("POST", "/login"), head + body)
    assert response.status == 303, response
    return "Cookie: " + response["set-cookie"].split(";")[0]


@pytest.mark.once
@pytest.mark.parametrize("name", SERVED)
def test_nothing_comes_back_as_it_was_sent(name, tmp_path):
    with running(name, tmp_path) as (server, connect):
        asking = Asking(server, connect)
        host = b"127.0.0.1:%d" % server.port
        lines = LET_IN.get(name, [])
        if name in SIGNED_IN:
            lines = [sign_in(asking, host)]
        for route in routes(SERVED[name].code):
            if (name, route.path) not in LEFT_OUT:
                for request in requests(route, host, lines):
                    asking.ask(route, request)
        asking.leave()
        last = Route("GET", "/none")
        response = asking.ask(last, b"GET /none HTTP/1.1\r\nHost: %s\r\n\r\n" % host)
        assert response.status < 500
        asking.leave()
        told = [line for line in server.console if re.search("Error|fault", line)]
        assert not [line for line in told if not line.startswith(TOLD.get(name, "web: none"))]
