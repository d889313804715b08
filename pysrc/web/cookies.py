# The cookies that a response sets; see Response.
from web.response import check


def set_cookie(
    response,
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
    line = check(name, True) + "=" + _cookie_part(value)
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
    lines = response.headers.get("Set-Cookie", [])
    # a new list: the one there may be in the headers of other responses
    response.headers["Set-Cookie"] = (lines if isinstance(lines, list) else [lines]) + [line]


def delete_cookie(response, name, path="/", domain=None):
    """Have the client forget a cookie."""
    set_cookie(
        response, name, max_age=0, expires="Thu, 01 Jan 1970 00:00:00 GMT", path=path, domain=domain
    )


def _cookie_part(value, date=False):
    value = check(str(value))
    for c in value.encode():  # see there
        if c in b';"\\' or c in b" ," and not date or c > 126:
            raise ValueError("a character that no cookie can have")  # it may be a secret
    return value
