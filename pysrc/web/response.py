# What handlers return, where it has header fields.
import web
from web.syntax import check_token, check_value


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

    def set_cookie(
        self,
        name,
        value="",
        max_age=None,
        expires=None,
        path="/",
        domain=None,
        secure=False,
        http_only=False,
        same_site=None,
        partitioned=False,
    ):
        """Add a Set-Cookie field (RFC 6265 4.1).

        max_age is in seconds, expires a date as HTTP writes it, same_site 'Strict',
        'Lax' or 'None'. Raises ValueError for what would break out of the field.
        """
        line = check_token(name) + "=" + _cookie_part(value)
        for attribute, given in (
            ("Max-Age", max_age),
            ("Expires", expires),
            ("Path", path),
            ("Domain", domain),
            ("SameSite", same_site),
        ):
            if given is not None:
                line += "; {}={}".format(attribute, _cookie_part(given, attribute == "Expires"))
        for attribute, given in (
            ("Secure", secure),
            ("HttpOnly", http_only),
            ("Partitioned", partitioned),
        ):
            if given:
                line += "; " + attribute
        lines = self.headers.get("Set-Cookie", [])
        # a new list: the one there may be in the headers of other responses
        self.headers["Set-Cookie"] = (lines if isinstance(lines, list) else [lines]) + [line]

    def delete_cookie(self, name, path="/", domain=None):
        """Have the client forget a cookie."""
        self.set_cookie(
            name, max_age=0, expires="Thu, 01 Jan 1970 00:00:00 GMT", path=path, domain=domain
        )


def _cookie_part(value, date=False):
    value = check_value(value)
    for c in value:
        if c in ';"\\' or c in " ," and not date or ord(c) > 126:
            raise ValueError("cookie value " + repr(value))
    return value


def redirect(location, status=302):
    """Return a Response that sends the client to another place. Raises ValueError
    for a location with control characters."""
    return Response("", status, {"Location": check_value(location)})


def response_of(result, status=None):
    """Return the Response that a handler's result stands for. Raises TypeError."""
    if isinstance(result, Response):
        return result
    return Response(*web.sending.parts_of(result, status))
