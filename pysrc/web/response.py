# What handlers return, where it has header fields.
import web


class Response:
    """A response: body, status and header fields.

    body     str or bytes-like; dict or list, sent as JSON; a generator or an
             asynchronous iterator of str and bytes pieces, sent as they come, small ones
             together;
             None for none
    status   int
    headers  dict of str by name; a list for a field with several lines
    type     str, the Content-Type, if it is not to follow from the body
    """

    def __init__(self, body=None, status=200, headers=None, type=None):
        self.body = body
        self.status = status
        self.headers = dict(headers) if headers else {}
        if type:
            self.headers["Content-Type"] = type

    def __getattr__(self, name):
        if name not in ("set_cookie", "delete_cookie"):
            raise AttributeError(name)
        method = getattr(web.cookies, name)
        return lambda *args, **kwargs: method(self, *args, **kwargs)


def redirect(location, status=302):
    """Return a Response that sends the client to another place. Raises ValueError
    for a location with control characters."""
    return Response("", status, {"Location": web.syntax.check_value(location)})


def response_of(result, status=None):
    """Return the Response that a handler's result stands for. Raises TypeError."""
    if isinstance(result, Response):
        return result
    return Response(*web.sending.parts_of(result, status))
