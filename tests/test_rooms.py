"""The rooms of pysrc/web: who imports whom, who reads what is another's.

`python tests/rooms.py` draws the graph. An exception that is none any more must go, and
none may be added without its reason: there may be ten of a kind at most.
"""

import pytest
from rooms import Rooms, circles

# What the bytes of most requests and messages pass. These load by need what others take,
# which goes on with what they have.
HOT = {
    "conn": "the connection and the request, and the answers of most handlers",
    "incoming": "messages that come whole in one frame",
    "stream": "waiting for the client, in the midst of a request or a response",
    "tasks": "a request whose answer waits",
}
# (module, what it loads by need): without these and those of HOT there is no circle.
CIRCLES = {
    ("forms", "fields"): "the type of a form is a field, which is found where the head is",
    ("faults", "response"): "of a fault the client is told what its status is called",
    ("faults", "hooks"): "error handlers answer faults, and hooks may raise some",
    ("folders", "setup"): "app.static() is a method of App in a room of its own",
    ("mounting", "setup"): "and so is app.mount()",
    ("response", "cookies"): "methods of a response, which check what they put into a field",
    ("multipart", "fields"): "the boundary is in a field, which is found where the head is",
    ("response", "readable"): "a file that fails before its first byte is answered",
    ("response", "streaming"): "a generator that fails before its first piece is answered",
}
# {owner: (what is private to it and read by others, why)}
PRIVATES = {
    "_portable": ("_check", "of a native module's twins only its functions have public names"),
    "asyncio.core": ("_dequeue _io_queue _task_queue", "it has no other names for these"),
    "sys.implementation": ("_machine", "the firmware has no other name for the board"),
    "conn": (
        "_buf _chunks _conn _end _head _left _limit _parsed _whole",
        "what a Request has for other rooms: the program sets names of its own on it",
    ),
}


@pytest.fixture(scope="module")
def rooms():
    return Rooms()


def without_hot(rooms):
    return {edge for edge in rooms.edges() if edge not in rooms.lazy() or edge[0] not in HOT}


def test_what_is_imported_at_once_has_no_circle(rooms):
    assert circles(rooms.edges() - rooms.lazy()) == []


def test_imports_have_no_circle(rooms):
    assert circles(without_hot(rooms) - set(CIRCLES)) == [], rooms.draw()


@pytest.mark.parametrize("module", HOT)
def test_every_hot_room_closes_a_circle(rooms, module):
    own = {edge for edge in rooms.lazy() if edge[0] == module}
    assert circles(without_hot(rooms) - set(CIRCLES) | own)


@pytest.mark.parametrize("edge", CIRCLES, ids="-".join)
def test_every_listed_import_closes_a_circle(rooms, edge):
    assert edge in rooms.lazy(), "it is not loaded by need any more: take it from the list"
    assert circles(without_hot(rooms) - set(CIRCLES) | {edge})


def test_no_module_reads_what_is_private_to_another(rooms):
    listed = {owner: set(names.split()) for owner, (names, _) in PRIVATES.items()}
    assert rooms.privates() == listed


def test_exceptions_are_few():
    assert max(len(HOT), len(CIRCLES), len(PRIVATES)) <= 10


def missing(rooms):
    """What is imported, or loaded by name when the program runs, and is not there."""
    lent = [(m.name, *pair) for m in rooms.modules.values() for pair in m.lent]
    lent += [("web", owner, name) for name, owner in rooms.doors.items()]
    return [f"{m}: {o}.{name}" for m, o, name in lent if name not in rooms.modules[o].globals]


def test_what_is_imported_is_there(rooms):
    assert missing(rooms) == []


def test_every_import_is_drawn(rooms):
    drawn = set()
    for line in rooms.draw().splitlines():
        name, *uses = line.lstrip("* ").split() or [None]
        drawn |= {(name, use.strip("[]")) for use in uses}
    assert drawn == rooms.edges()


# -- the tests above see what they should

FILES = {
    "__init__": """
        _LAZY = " App:app parse:query "
        def __getattr__(name):
            return __import__("web." + name)
        def forget(name):
            pass
    """,
    "app": """
        import web
        from web.conn import wait
        class App:
            def run(self, r):
                web.ending.leave(self, r)
                web.forget("ending")
    """,
    "conn": """
        class Request:
            def __init__(self):
                self._left = 0
        def wait(): pass
    """,
    "ending": """
        import web
        from web.query import _split
        from asyncio import core
        def leave(app, r):
            r._left = core._tasks
            getattr(r, "_secret")
            core.queue._dequeue(r)
            return web.parse
    """,
    "hooks": """
        import web
        _TABLE = " get:query wait:conn "
        def of(r):
            return web.App, web.query._split
    """,
    "query": """
        from micropython import const
        _MOST = const(8)
        def _split(): pass
        def get(): pass
        def parse():
            import web
            web.conn.wait()
    """,
}


@pytest.fixture
def small(tmp_path):
    def write(**files):
        for name, text in (FILES | files).items():
            lines = text.strip("\n").split("\n")
            indent = len(lines[0]) - len(lines[0].lstrip())
            (tmp_path / f"{name}.py").write_text("\n".join(line[indent:] for line in lines))
        return Rooms(tmp_path)

    return write


def test_every_way_to_import_is_an_edge(small):
    rooms = small()
    assert rooms.modules["app"].edges == {"conn": True, "ending": False}
    assert rooms.modules["ending"].edges == {"query": True}
    assert rooms.modules["hooks"].edges == {"app": False, "conn": False, "query": False}
    assert rooms.modules["query"].edges == {"conn": False}
    assert rooms.modules["web"].edges == {"app": False, "query": False}
    assert ("app", "conn") in rooms.edges() - rooms.lazy()


def test_a_lazy_circle_is_found(small):
    assert circles(small().edges()) == []
    assert circles(small(conn="import web\nweb.ending").edges()) == [["conn", "ending", "query"]]


def test_reading_what_is_private_is_found(small):
    assert small().privates() == {
        "query": {"_split"},
        "conn": {"_left"},
        "r": {"_secret"},
        "asyncio.core": {"_tasks", "_dequeue"},
    }


@pytest.mark.parametrize(
    "text,name",
    [
        ("from web.conn import waits", "conn.waits"),
        ("import web\nweb.conn.waits()", "conn.waits"),
        ("import web\nweb.forgets()", "web.forgets"),
        ("_TABLE = 'post:query get:query'", "query.post"),
        ("from web.app import wait", "app.wait"),  # which it has from elsewhere
        ("from web.query import _MOST", "query._MOST"),  # a constant leaves no name
    ],
)
def test_a_name_that_is_not_there_is_found(small, text, name):
    assert missing(small()) == []
    assert missing(small(hooks=text)) == [f"hooks: {name}"]


def test_a_module_that_is_not_there_is_found(small):
    with pytest.raises(AssertionError, match="imports endings"):
        small(conn="import web.endings")
