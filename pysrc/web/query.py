# The values of a query string as a plain dict.
from web.forms import MultiDict


def parse_qs(s):
    """Parse application/x-www-form-urlencoded data (str or bytes-like).

    Returns a dict of str: a list of them for a name that repeats, True for one
    without a value.
    """
    fields = {}
    values = MultiDict(s, True)
    for name in values.keys():
        several = values.getlist(name)
        fields[name] = several if len(several) > 1 else several[0]
    return fields
