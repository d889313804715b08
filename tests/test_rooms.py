"""The rooms of pysrc/web: who imports whom, who reads what is another's.

`python tests/rooms.py` draws the graph. What is listed here is what the tests found
when they were made: an entry that is no longer true must go, and none may be added
without its reason. The lists are to come to ten entries at most.
"""

import pytest
from rooms import Rooms, circles

# (module, what it imports): without these imports there is no circle.
CIRCLES = {
    ("_choose", "web"): "web.__path__ tells where the native files are",
    ("body", "content"): "a form's methods are a request's, and read bodies",
    ("conn", "ending"): "a connection without a task is refused by one",
    ("conn", "stream"): "what few connections do without a task stands there",
    ("incoming", "pieces"): "what does not come whole is put together there",
    ("incoming", "waiting"): "a frame puts off the next ping",
}
_REQUEST = "a request's fields and body are loaded apart from the request"
_WAITING = "asyncio has no other name for what it waits by"
# {(module, owner): (the names of the owner's that it reads, why)}
PRIVATES = {
    ("_portable_frames", "_portable"): ("_check", "the twins of the native bindings' checks"),
    ("_which", "_codec"): ("_parsers", "it asks where the parser comes from"),
    ("app", "request"): ("_dirty _head", "the short way of a request without a call"),
    ("body", "request"): ("_buf _chunks _conn _dirty _end _head _left _whole", _REQUEST),
    ("chunked", "request"): ("_conn _left _limit", _REQUEST),
    ("client", "asyncio.core"): ("_io_queue", _WAITING),
    ("client", "server"): ("_forget", "it has a Server for its clock"),
    ("conn", "asyncio.core"): ("_task_queue", _WAITING),
    ("conn", "queue"): ("_dequeue", _WAITING),
    ("conn", "self"): ("_dequeue", _WAITING),
    ("conn", "server"): ("_forget", "a connection without a task ends itself"),
    ("content", "request"): ("_buf _chunks _conn _dirty _end _head _parsed", _REQUEST),
    ("control", "asyncio.core"): ("_io_queue", _WAITING),
    ("control", "server"): (
        "_accept _close _forget _listener _needed _watch",
        "the server's methods that few programs need",
    ),
    ("dispatch", "app"): ("_router _routes", "the app's methods that few programs need"),
    ("incoming", "request"): ("_buf _chunks _end _head _left", "what it keeps of the head"),
    ("hooks", "app"): (
        "_add _mounts _on _router _routes",
        "the app's methods that few programs need",
    ),
    ("server", "request"): (
        "_chunks _conn _dirty _end _head _left",
        "a request that nobody has touched serves again, and the next begins behind it",
    ),
    ("server", "self.queue"): ("_dequeue", _WAITING),
    ("starting", "asyncio.core"): ("_io_queue", _WAITING),
    ("starting", "server"): (
        "_job _listener _needed _spare _ssl _watch",
        "the server's methods that leave memory again",
    ),
}


@pytest.fixture(scope="module")
def rooms():
    return Rooms()


def test_imports_have_no_circle(rooms):
    left = rooms.edges() - set(CIRCLES)
    assert circles(left) == [], rooms.draw()


@pytest.mark.parametrize("edge", CIRCLES, ids="-".join)
def test_every_listed_import_closes_a_circle(rooms, edge):
    assert edge in rooms.edges(), "it is not imported any more: take it from the list"
    assert circles(rooms.edges() - set(CIRCLES) | {edge})


def test_no_module_reads_what_is_private_to_another(rooms):
    listed = {pair: set(names.split()) for pair, (names, _) in PRIVATES.items()}
    assert rooms.privates() == listed


def test_what_is_loaded_by_name_is_there(rooms):
    """What is read through the door is found when the program runs, by its name."""
    for module in rooms.modules.values():
        for owner, name in module.lent:
            assert name in rooms.modules[owner].globals, f"{module.name}: {owner}.{name}"
    for name, owner in rooms.doors.items():
        assert name in rooms.modules[owner].globals, f"web.{name}"


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
    """,
    "app": """
        import web
        class App:
            def __init__(self):
                self._routes = {}
            def __getattr__(self, name):
                from web.hooks import METHODS
            def run(self):
                web.ending.leave(self)
    """,
    "conn": """
        def wait(): pass
    """,
    "ending": """
        import web
        from web.query import _split
        def leave(app):
            app._routes.clear()
            getattr(app, "_secret")
            return web.parse
    """,
    "hooks": """
        import web.conn as conn
        METHODS = conn._all
        def of(r):
            return web.App
    """,
    "query": "def _split(): pass\ndef parse(): __import__('web.conn')",
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
    assert rooms.modules["app"].edges == {"hooks": False, "ending": False}
    assert rooms.modules["ending"].edges == {"query": True}
    assert rooms.modules["hooks"].edges == {"conn": True, "app": False}
    assert rooms.modules["query"].edges == {"conn": False}
    assert rooms.modules["web"].edges == {"app": False, "query": False}


def test_a_lazy_circle_is_found(small):
    assert circles(small().edges()) == [["app", "hooks"]]
    assert circles(small(hooks="METHODS = {}").edges()) == []
    assert ["conn", "query"] in circles(small(conn="import web\nweb.parse").edges())


def test_reading_what_is_private_is_found(small):
    assert small().privates() == {
        ("ending", "query"): {"_split"},
        ("ending", "app"): {"_routes", "_secret"},
        ("hooks", "conn"): {"_all"},
    }


def test_a_module_that_is_not_there_is_found(small):
    with pytest.raises(AssertionError, match="imports endings"):
        small(conn="import web.endings")
