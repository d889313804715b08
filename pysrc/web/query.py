# Query strings, and the bodies of HTML forms.
from web._codec import unquote


def parse_qs(s):
    """Parse application/x-www-form-urlencoded data (str or bytes-like).

    Returns a dict of str: a list of them for a name that repeats, True for one
    without a value.
    """
    fields = {}
    for pair in (s.encode() if isinstance(s, str) else bytes(s)).split(b"&"):
        if not pair:
            continue
        pair = pair.split(b"=", 1)
        name = unquote(pair[0], True)
        value = True if len(pair) == 1 else unquote(pair[1], True)
        if name in fields:
            old = fields[name]
            if isinstance(old, list):
                old.append(value)
                continue
            value = [old, value]
        fields[name] = value
    return fields
