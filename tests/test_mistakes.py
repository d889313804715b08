"""What users get wrong is answered in one line that says what to do: where the program is
made, or else on the console with the first request."""

import json
import re

import pytest
from conftest import DEVICE, run_micropython, serving
from wire import Client

NO_PATH = "TypeError: the decorator of index has no path: write @app.get('/path'), say"
NO_PATTERN = (
    " is no pattern: it may have <name>, <int:name> and, at its end, <path:name>,"
    " each a whole segment"
)
IN_USE = "is in use by another program or App: take another, app.run(port=8080)"
DEF = "def index(r): pass\n"

# {what a program has: what it raises}
RAISED = {
    **{
        DEF + f"@app.{name}\n" + DEF: NO_PATH
        for name in "get post put patch delete on route websocket sse".split()
    },
    "@app.errorhandler\n" + DEF: (
        "TypeError: the decorator of index says not what for: write @app.errorhandler(404), say"
    ),
    "app.errorhandler('404')": "TypeError: a status is an int: write errorhandler(404)",
    "app.errorhandler(None)": (
        "TypeError: errorhandler() is for a status or a class of exceptions, not None"
    ),
    "app.route('/', methods='POST')": (
        "TypeError: methods must be a tuple: write methods=('POST',)"
    ),
    "app.route('/', methods=[])": (
        "ValueError: methods is empty: name those that are answered, such as ('GET',)"
    ),
    "@app.route('/', methods=['post'])\n" + DEF + "app.post('/')(index)": (
        "ValueError: POST / has two handlers, index and index: leave one out"
    ),
    "app.get(5)": "TypeError: a path must be a str, not 5",
    "app.get('x')(print)": "ValueError: a path begins with a slash: '/x', not 'x'",
    "app.get('/x')(5)": "TypeError: what answers '/x' must be a function, not 5",
    DEF + "app.get('/x', index)": (
        "TypeError: write @app.get('/x') before the def of index: the second argument is max_body"
    ),
    "app.get('/x', max_body='1')": "TypeError: max_body must be an int, not '1'",
    "app.get('/x?id=1')(print)": (
        "ValueError: the path '/x?id=1' has a query, which no route has: a handler has it as r.args"
    ),
    **{
        f"app.get('{path}')(print)": f"ValueError: the path '{path}'{NO_PATTERN}"
        for path in ("/x/{id}", "/x/:id", "/x/<str:id>", "/x/*", "/<path:a>/b", "/<my-id>", "/a<b>")
    },
    "app.get('/<r>')(print)": (
        "ValueError: the path '/<r>' has a parameter r, which is the request: call it otherwise"
    ),
    "app.get('/<a>')(print)\napp.post('/<b>')(print)": (
        "ValueError: the path '/<b>' has parameters of other names than one before it, a"
    ),
    DEF + "def other(r): pass\napp.get('/')(index)\napp.get('/')(other)": (
        "ValueError: GET / has two handlers, index and other: leave one out"
    ),
    "web.App(__name__)": "TypeError: the first argument is the host, not '__main__': leave it out",
    "import asyncio\nasyncio.run(web.App('web').start())": (
        "TypeError: the first argument is the host, not 'web': leave it out"
    ),
    "web.App(8080)": "TypeError: the first argument is the host: give the port as port=8080",
    "import asyncio\nasyncio.run(app.start(8080))": (
        "TypeError: the first argument is the host: give the port as port=8080"
    ),
    "web.App(port='80')": "TypeError: port must be an int, not '80'",
    "web.App(debug=True)": "TypeError: App has no option debug: it is app.run(debug=True)",
    "web.App(max_conections=1)": (
        "TypeError: App has no option max_conections, did you mean max_connections?"
    ),
    "app.mount(web.App(), '/api/')": "ValueError: the prefix '/api/' must be '/api'",
    "app.mount(web.App(), 'api')": "ValueError: the prefix 'api' must be '/api'",
    "app.mount(web.App(), '/')": "ValueError: the prefix '/' must be ''",
    "app.mount('/api', web.App())": (
        "TypeError: mount(other, prefix) takes an App first, not '/api'"
    ),
    "app.mount(app, '/api')": "ValueError: an App can't be mounted in itself",
    "from web import Request": "AttributeError: web has no Request: a handler gets it as r",
    "web.Websocket": "AttributeError: web has no Websocket, did you mean WebSocket?",
    "web.redirct": "AttributeError: web has no redirct, did you mean redirect?",
    "web.jsonify": "AttributeError: web has no jsonify: return a dict or a list",
    "web.Flask": "AttributeError: web has no Flask: it is web.App",
    "web.qwertyui": "AttributeError: web has no qwertyui",
    "app.before_requests": (
        "AttributeError: an App has no before_requests, did you mean before_request?"
    ),
    "web.abort('no', 404)": (
        "TypeError: the status comes first, an int: abort(status, body, headers)"
    ),
    "dir(web)": "NotImplementedError: dir(web) can't tell what is loaded by need: App ...",
}
# {a handler: (its request, the status, the console's line)}. In the line ... is whatever.
ASKED = {
    "@app.route('/raw')\nasync def one(r): pass": (
        "GET /raw",
        500,
        "TypeError: ...takes 1 positional arguments but 2 were given: define it as"
        " async def one(r, w), or decorate it with @app.get (handler one)",
    ),
    "@app.get('/lacks/<int:led>')\ndef lacks(r): pass": (
        "GET /lacks/-1",
        500,
        "TypeError: unexpected keyword argument 'led': define it as def lacks(r, led)"
        " (handler lacks)",
    ),
    "@app.get('/more')\nasync def more(r, led): pass": (
        "GET /more",
        500,
        "TypeError: ...takes 2 positional arguments but 1 were given: define it as"
        " def more(r) (handler more)",
    ),
    "@app.get('/turned/<led>')\ndef turned(led, r): pass": (
        "GET /turned/1",
        500,
        "TypeError: function got multiple values for argument 'led': define it as"
        " def turned(r, led) (handler turned)",
    ),
    "@app.sse('/events/<n>')\nasync def news(r, n): pass": (
        "GET /events/1",
        500,
        "TypeError: function got multiple values for argument 'n': define it as"
        " def news(r, events, n) (handler news)",
    ),
    "@app.errorhandler(418)\ndef wrong(): pass\n@app.get('/wrong')\ndef f(r): web.abort(418)": (
        "GET /wrong",
        500,
        "TypeError: ...takes 0 positional arguments but 1 were given: define a hook as hook(r)"
        " or hook(r, response), an error handler as handler(r, e) (handler f)",
    ),
    "async def work(): return 'x'\n@app.get('/work')\ndef pair(r): return work(), 201": (
        "GET /work",
        500,
        "TypeError: a coroutine in place of a body: write return await f(), status (handler pair)",
    ),
    **{
        f"@app.get('/{kind}')\ndef value(r): return {source}": (
            f"GET /{kind}",
            500,
            f"TypeError: can't send <class '{kind}'>: return str(value), or {{'value': value}} for"
            " JSON (handler value)",
        )
        for kind, source in {
            "float": "1.5",
            "int": "404, 200",
            "set": "{1}",
            "object": "object()",
        }.items()
    },
    "@app.get('/order')\ndef order(r): return 404, 'not found'": (
        "GET /order",
        500,
        "TypeError: a tuple must be (body, status, headers), one of which may lack"
        " (handler order)",
    ),
    "@app.get('/key')\ndef key(r): return {object(): 1}": (
        "GET /key",
        500,
        "TypeError: a key of JSON must be a str, not <class 'object'> (handler key)",
    ),
    "@app.get('/inside')\ndef inside(r): return {'a': [r.body()]}": (
        "GET /inside",
        500,
        "TypeError: JSON has no <class 'generator'>: an await is missing before what is called"
        " (handler inside)",
    ),
    "@app.get('/thing')\ndef thing(r): return {'a': object()}": (
        "GET /thing",
        500,
        "TypeError: JSON has no <class 'object'>: give a str, number, bool, None, list or dict"
        " (handler thing)",
    ),
    "@app.post('/json')\nasync def f(r): return r.json()['a']": (
        "POST /json",
        500,
        "TypeError: 'generator' object isn't subscriptable: an await is missing before what is"
        ' called (File "<string>", line 2, in f)',
    ),
    "@app.post('/form')\nasync def f(r): return r.form().get('a')": (
        "POST /form",
        500,
        "AttributeError: 'generator' object has no attribute 'get': an await is missing before"
        ' what is called (File "<string>", line 2, in f)',
    ),
    "@app.post('/call')\nasync def f(r): return r.form['a']": (
        "POST /call",
        500,
        "TypeError: 'closure' object isn't subscriptable: call it with (), and await it if it is"
        ' the body (File "<string>", line 2, in f)',
    ),
    "@app.post('/name')\nasync def f(r): return r.header": (
        "POST /name",
        500,
        "AttributeError: a request has no header, did you mean headers?"
        ' (File "<string>", line 2, in f)',
    ),
    "@app.post('/data')\nasync def f(r): return r.data": (
        "POST /data",
        500,
        "AttributeError: a request has no data: it is await r.body()"
        ' (File "<string>", line 2, in f)',
    ),
    "@app.post('/part')\nasync def f(r):\n await r.read(1)\n return await r.json()": (
        "POST /part",
        500,
        "RuntimeError: of 3 bytes of the body 1 were read before: r.body() has all for every use"
        ' (File "<string>", line 4, in f)',
    ),
    "@app.post('/twice')\nasync def f(r):\n await r.body()\n return await r.read(9)": (
        "POST /twice",
        500,
        "RuntimeError: r.body() has taken the body: it returns it once more"
        ' (File "<string>", line 4, in f)',
    ),
    "@app.get('/room')\nasync def f(r): await room.send('x')": (
        "GET /room",
        500,
        "TypeError: 'int' object isn't iterable: if it is awaited, leave the await out: it waits"
        ' for nothing (File "<string>", line 2, in f)',
    ),
    "@app.get('/none')\ndef none(r): return 'x', {'X-A': None}": (
        "GET /none",
        500,
        "TypeError: X-A: the value is None: leave it out (handler none)",
    ),
    "@app.route('/flask')\nasync def f(r, w): return 'x'": (
        "GET /flask",
        500,
        "the handler sent no response: write to w, or use @app.get",
    ),
}
AGAIN = """
import asyncio, sys, web

async def main():
    app = web.App('127.0.0.1')
    for port in (int(sys.argv[1]), 0, 0):
        try:
            await app.start(port=port)
        except OSError as e:
            print(e)

asyncio.run(main())
"""
BODY = b"[1]"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """{program: what it raised}, all in one process."""
    path = tmp_path_factory.mktemp("mistakes") / "programs.json"
    path.write_text(json.dumps(list(RAISED)))
    lines = run_micropython(DEVICE / "mistakes.py", path).splitlines()
    assert len(lines) == len(RAISED), lines
    return dict(zip(RAISED, lines))


def is_like(line, pattern):
    return re.fullmatch(re.escape(pattern).replace(r"\.\.\.", ".*"), line)


@pytest.mark.parametrize("program", RAISED, ids=lambda text: text.split("\n")[0])
def test_raised(told, program):
    assert is_like(told[program], RAISED[program]), told[program]


@pytest.fixture(scope="module")
def server(parser, tmp_path_factory):
    path = tmp_path_factory.mktemp("mistakes") / "handlers.json"
    path.write_text(json.dumps(list(ASKED)))
    with serving(parser, DEVICE / "mistakes.py", path) as server:
        yield server


@pytest.mark.parametrize("handler", ASKED, ids=[asked[0] for asked in ASKED.values()])
def test_asked(server, handler):
    what, status, line = ASKED[handler]
    method, path = what.split()
    with Client(server) as client:
        response = client.post(path, BODY) if method == "POST" else client.get(path)
    assert response.status == status
    got = server.wait_for_line(f"web: {what}: ")
    assert is_like(got, f"web: {what}: {line}"), got
    with Client(server) as client:
        assert client.get("/fine").text == "fine"


def test_port_in_use_and_starting_twice(server, tmp_path):
    """One line names the port, and what to do."""
    script = tmp_path / "again.py"
    script.write_text(AGAIN)
    lines = run_micropython(script, server.port).splitlines()
    port = f"port {server.port} is in use by another program or App"
    assert lines == [
        f"[Errno 98] EADDRINUSE: {port}: take another, app.run(port=8080)",
        "[Errno 114] EALREADY: this App serves already: start(), serve() or run() is called once",
    ]
