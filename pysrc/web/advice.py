# What a handler's fault comes from, where it is one that many make, and what to do: for its
# line on the console.
import web

# What others have on their requests, and the same of ours; and what a request has.
_OTHERS = (
    " data=await_r.body() content=await_r.body() text=(await_r.body()).decode()"
    " get_json=await_r.json() get_data=await_r.body() files=r.parts() values=r.args"
    " query_string=r.query query_params=r.args match_info=r.params path_params=r.params"
    " url=r.target remote_addr=r.addr client_addr=r.addr content_length=r.length"
    " view_args=r.params url_args=r.params stream=r,_as_in_`async_for_piece_in_r`"
    " content_type=r.headers.get('content-type') host=r.headers.get('host') "
)
_NAMES = (
    "addr args body cookies copy form headers json length method params parts path query read"
    " readexactly readinto readline save session target unread user"
)
# What handlers get beside r: raw ones, others by the class of what they get.
_SECOND = " WebSocket=ws EventSource=events "


def tell(r, e, text, where, own):
    """Return the text (str) of e, a TypeError or AttributeError that was raised for r, and
    where it was raised, with what to do about it. own tells whether that is a line of the
    program's own."""
    advice = ""
    function, entry = _handler(r)
    if not own:
        where = "handler " + function if function else where
        if isinstance(e, TypeError) and ("argument" in text or "positional" in text):
            advice = _definition(r, text, function, entry)
    if isinstance(e, AttributeError) and " " not in text:
        start = _OTHERS.find(" " + text + "=") + 1
        if start:
            pair = _OTHERS[start : _OTHERS.find(" ", start)].split("=", 1)[1]
            advice = "it is " + pair.replace("await_", "await ").replace(",_", ", ")
            text = "a request has no " + text
        else:
            text = "a request has no " + text + web.help.match(text, _NAMES)
    elif "generator" in text and "the handler" not in text:
        advice = "an await is missing before what is called"
    elif "'closure'" in text or "'function'" in text or "'bound_method'" in text:
        advice = "call it with (), and await it if it is the body"
    elif text == "'int' object isn't iterable" or text == "'NoneType' object isn't iterable":
        advice = "if it is awaited, leave the await out: it waits for nothing"
    elif text[-19:] == ": the value is None":
        advice = "leave it out"
    elif text == "not (body, status, headers)":
        text = "a tuple must be (body, status, headers), one of which may lack"
    elif not text:
        text = "a coroutine in place of a body"
        advice = "write return await f(), status"
    elif text.startswith("can't send"):
        advice = "return str(value), or {'value': value} for JSON"
    elif text.startswith("JSON has no"):
        advice = "give a str, number, bool, None, list or dict"
    return (text + ": " + advice if advice else text), where


def _handler(r):
    # the name of what answers r, and its route's entry
    server = r._conn.server
    found = server.routes.get(r.path)
    if found is None and server.router:
        found = web.router.match(server.router, r)
    entry = found and (found.get(r.method) or r.method == "HEAD" and found.get("GET"))
    if not entry:
        return "", None
    return getattr(entry[0], "__name__", "a function"), entry


def _definition(r, text, function, entry):
    # how what was called wrongly must be defined
    hooks = "a hook as hook(r) or hook(r, response), an error handler as handler(r, e)"
    called = text.split("() takes")[0]
    if not entry or "() takes" in text and called != function:
        return "define " + hooks
    params = list(r.params)
    kind = entry[1]
    if kind is True:
        told = "async def {}(r, w), or decorate it with @app.get".format(function)
    else:
        if isinstance(kind, tuple):
            name = kind[0].__name__
            start = _SECOND.find(name + "=") + len(name) + 1
            params.insert(0, _SECOND[start : _SECOND.find(" ", start)])
        told = "def {}({})".format(function, ", ".join(["r"] + params))
    told = "define it as " + told
    for app in entry[3]:
        if app.hooks and "() takes" not in text and not r.params:
            return told + ", " + hooks
    return told
