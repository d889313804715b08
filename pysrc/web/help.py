# What a program got wrong: each function looks again at what it was given, and raises or
# returns what says in one line what to do. Nothing loads this room before.
# What `web` has, for a name that is near one of these.
_NAMES = (
    "App Broadcast EventSource HTTPException HandshakeError Response Session WebSocket abort"
    " basic bearer check check_password connect cors escape failed hash_password"
    " implementation ota paced parse_qs protect quote redirect render same send_file"
    " urlencode"
)
# What an App has.
_METHODS = (
    "add_handler after_request before_request delete errorhandler get mount on patch post put"
    " route run serve sse start static stop websocket"
)
# What App() takes.
_OPTIONS = (
    "host port max_head max_target max_fields max_body max_drain max_requests max_connections"
    " max_streams backlog head_timeout body_timeout idle_timeout write_timeout"
)
# What others call what we have, in lower case, and what to do instead.
_ELSEWHERE = (
    " request=a_handler_gets_it_as_r headers=a_handler_has_them_as_r.headers"
    " args=a_handler_has_them_as_r.args form=a_handler_has_it_as_await_r.form()"
    " json=return_a_dict_or_a_list,_and_read_await_r.json()"
    " jsonify=return_a_dict_or_a_list dumps=return_a_dict_or_a_list"
    " get=it_is_app.get(path) post=it_is_app.post(path) route=it_is_app.on(path,_methods)"
    " flask=it_is_web.App microdot=it_is_web.App fastapi=it_is_web.App server=it_is_web.App"
    " webapp=it_is_web.App blueprint=it_is_web.App,_and_app.mount(other,_'/prefix')"
    " httperror=it_is_web.HTTPException httpresponse=it_is_web.Response"
    " make_response=it_is_web.Response jsonresponse=return_a_dict_or_a_list"
    " render_template=it_is_web.render template=it_is_web.render"
    " send_from_directory=it_is_app.static(prefix,_folder)"
    " static=it_is_app.static(prefix,_folder) sse=it_is_app.sse(path)"
    " with_websocket=it_is_app.websocket(path) with_sse=it_is_app.sse(path)"
    " run=it_is_app.run() start_server=it_is_app.run() urldecode=it_is_web.parse_qs"
    " url_for=write_the_path redirect_to=it_is_web.redirect "
)
_PATTERNS = "may have <name>, <int:name> and, at its end, <path:name>, each a whole segment"


def match(name, names):
    """Return ', did you mean X?' for the one among names (str, with spaces between) that
    differs least from name, '' when none is like it."""
    name = name.lower().encode()
    best = 1 + (len(name) + 1) // 3
    found = ""
    for known in names.split():
        n = _distance(name, known.lower().encode())
        if n < best:
            best = n
            found = ", did you mean {}?".format(known)
    return found


def _distance(a, b):
    # how many letters are to be changed, added or left out
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        left = row[0]
        row[0] = i + 1
        for j, y in enumerate(b):
            other = left + (x != y)
            left = row[j + 1]
            row[j + 1] = min(other, left + 1, row[j] + 1)
    return row[-1]


def name(text):
    """Return what to raise (AttributeError) for a name that `web` has not; for '', which dir()
    asks for, in place of that: MicroPython lets no module answer it."""
    if not text:
        return NotImplementedError("dir(web) can't tell what is loaded by need: " + _NAMES)
    start = _ELSEWHERE.find(" " + text.lower() + "=") + 1
    if start:
        told = _ELSEWHERE[start : _ELSEWHERE.find(" ", start)].split("=", 1)[1]
        return AttributeError("web has no {}: {}".format(text, told.replace("_", " ")))
    return AttributeError("web has no {}{}".format(text, match(text, _NAMES)))


def method(text):
    """The same for a name that an App has not."""
    return AttributeError("an App has no {}{}".format(text, match(text, _METHODS)))


# -- App() and start()


def host(value, port, options):
    """Raise what is wrong with the arguments of App() or start()."""
    import sys

    if isinstance(value, int):
        raise TypeError("the first argument is the host: give the port as port={}".format(value))
    if not isinstance(value, str) or value in sys.modules or value[:2] == "__":
        raise TypeError("the first argument is the host, not {!r}: leave it out".format(value))
    if not isinstance(port, int):
        raise TypeError("port must be an int, not {!r}".format(port))
    for option in options:
        if option == "debug":
            raise TypeError("App has no option debug: it is app.run(debug=True)")
        raise TypeError("App has no option {}{}".format(option, match(option, _OPTIONS)))


def port(error, address, number):
    """Raise what says why an address (str) and a port (int) can't be listened on, which raised
    error."""
    if not isinstance(error, OSError):
        if not isinstance(error, MemoryError):
            host(address, number, ())
        raise error
    told = {
        13: "port {} is for root alone: take another, app.run(port=8080)",  # EACCES
        98: "port {} is in use by another program or App: take another, app.run(port=8080)",
        99: "no network has that host here: leave host out",  # EADDRNOTAVAIL
        114: "this App serves already: start(), serve() or run() is called once",  # EALREADY
    }
    told[112] = told[98]  # EADDRINUSE of lwIP
    if error.errno not in told:  # of getaddrinfo(), say
        host(address, number, ())
        raise error
    raise OSError(error.errno, told[error.errno].format(number))


# -- routes


def _called(function):
    # a function's name, where the firmware has it
    return getattr(function, "__name__", "a function")


def route(path, methods=("GET",), max_body=None):
    """Raise what is wrong with the arguments of a route's decorator."""
    if callable(path):
        raise TypeError(
            "the decorator of {} has no path: write @app.get('/path'), say".format(_called(path))
        )
    if not isinstance(path, str):
        raise TypeError("a path must be a str, not {!r}".format(path))
    if isinstance(methods, str):
        raise TypeError("methods must be a tuple: write methods=({!r},)".format(methods))
    if not methods:
        raise ValueError("methods is empty: name those that are answered, such as ('GET',)")
    if callable(max_body):
        raise TypeError(
            "write @app.get({!r}) before the def of {}: the second argument is max_body".format(
                path, _called(max_body)
            )
        )
    raise TypeError("max_body must be an int, not {!r}".format(max_body))


def handler(value, path):
    """Raise what is wrong with what is to answer at a path."""
    raise TypeError("what answers {!r} must be a function, not {!r}".format(path, value))


def path(text, known=None):
    """Raise what is wrong with a path; known are the parameters (list of str) of one before
    it, which has others."""
    if not isinstance(text, str):
        route(text)
    if text[:1] != "/":
        raise ValueError("a path begins with a slash: '/{}', not {!r}".format(text, text))
    if "?" in text or "#" in text:
        raise ValueError(
            "the path {!r} has a query, which no route has: a handler has it as r.args".format(text)
        )
    if "<r>" in text or ":r>" in text:
        raise ValueError(
            "the path {!r} has a parameter r, which is the request: call it otherwise".format(text)
        )
    if known:
        told = "the path {!r} has parameters of other names than one before it, {}"
        raise ValueError(told.format(text, ", ".join(known)))
    raise ValueError("the path {!r} is no pattern: it {}".format(text, _PATTERNS))


def add(text, method, before, after):
    """Raise that a path and a method have two handlers."""
    raise ValueError(
        "{} {} has two handlers, {} and {}: leave one out".format(
            method, text, _called(before), _called(after)
        )
    )


def errorhandler(key):
    """Raise what is wrong with what an error handler is for."""
    if isinstance(key, str) and key.isdigit():
        raise TypeError("a status is an int: write errorhandler({})".format(key))
    if callable(key) and not isinstance(key, type):
        raise TypeError(
            "the decorator of {} says not what for: write @app.errorhandler(404), say".format(
                _called(key)
            )
        )
    raise TypeError("errorhandler() is for a status or a class of exceptions, not {!r}".format(key))


def mount(app, other, prefix):
    """Raise what is wrong with the arguments of mount()."""
    if other is app:
        raise ValueError("an App can't be mounted in itself")
    if isinstance(other, str) or not isinstance(other, type(app)):
        raise TypeError("mount(other, prefix) takes an App first, not {!r}".format(other))
    if not isinstance(prefix, str):
        raise TypeError("a prefix must be a str, not {!r}".format(prefix))
    right = "/" + prefix.strip("/") if prefix.strip("/") else ""
    raise ValueError("the prefix {!r} must be {!r}".format(prefix, right))


# -- bodies


def body(r, data):
    """Raise that data (bytes) are only the rest of a body, of which a part was read before; None
    for what is read behind r.body()."""
    if data is None:
        raise RuntimeError("r.body() has taken the body: it returns it once more")
    text = "of {} bytes of the body {} were read before: r.body() has all for every use"
    raise RuntimeError(text.format(r.length, r.length - len(data)))


def status(value):
    """Raise what is wrong with a status."""
    raise TypeError("the status comes first, an int: abort(status, body, headers)")
