# Pages of other origins that may use an app (Fetch standard, "CORS protocol").
import web
from web.response import Response, check


def cors(app, origins, headers=("Content-Type",), credentials=False, max_age=None):
    """Let pages of other origins read what an app answers, and send it more than forms can.

    app          App that serves: what is mounted in it is open to them as well
    origins      list or tuple of str like 'https://example.com', or '*' for all
    headers      names of request fields that they may set beside what any page may
    credentials  whether their requests may come with cookies, and passwords that the browser
                 knows: not with '*'
    max_age      seconds for which browsers may keep that, if not what they like

    Their preflights are answered before other hooks. Raises ValueError, TypeError.
    """
    if isinstance(origins, str) and origins != "*" or isinstance(headers, str):
        raise TypeError("origins and headers must be tuples of str")
    common = {}
    if credentials:
        if origins == "*":
            raise ValueError("credentials need a list of origins")
        common["Access-Control-Allow-Credentials"] = "true"
    preflight = {}
    if headers:
        names = [check(name, True) for name in headers]
        preflight["Access-Control-Allow-Headers"] = ", ".join(names)
    if max_age is not None:
        preflight["Access-Control-Max-Age"] = str(max_age)
    web.setup.hooks(app, 0).insert(0, lambda r: _before(r, origins, common, preflight))
    web.setup.hooks(app, 1).append(lambda r, response: _after(r, response, origins, common))


def _fields(r, origins, common):
    # what allows a page to read the answer to r
    origin = web.fields.field(r, "origin")
    if origin is None or origins != "*" and origin not in origins:
        return {}
    fields = {"Access-Control-Allow-Origin": "*" if origins == "*" else origin}
    fields.update(common)
    return fields


def _before(r, origins, common, preflight):
    fields = _fields(r, origins, common)
    method = web.fields.field(r, "access-control-request-method")
    if r.method == "OPTIONS" and method and web.fields.field(r, "origin"):
        if not fields or not method.isalpha():
            return "", 403
        # whether there is such a method the request itself tells
        fields["Access-Control-Allow-Methods"] = method
        fields.update(preflight)
        return None, 204, fields
    # for event streams, and raw handlers
    lines = "" if origins == "*" else "Vary: Origin\r\n"
    for name, value in fields.items():
        lines += name + ": " + value + "\r\n"
    r.cors = lines


def _after(r, response, origins, common):
    # a handler may return one Response again and again
    response = Response(response.body, response.status, response.headers)
    headers = response.headers
    headers.update(_fields(r, origins, common))
    if origins != "*":
        # also without an Origin: a cache must not give it to a page of one
        for name, value in headers.items():
            if name.lower() == "vary":
                if isinstance(value, list):
                    value = ", ".join(value)
                headers[name] = value + ", Origin"
                return response
        headers["Vary"] = "Origin"
    return response
