# What JSON, the fields of a form or the arguments of a query are to be like.
from micropython import const

import web

_DIGITS = const(32)  # most characters of a number in a form: int() of many takes long

_NAMES = {
    bool: "true or false",
    dict: "an object",
    float: "a number",
    int: "an integer",
    list: "a list",
    str: "text",
}
_BOOLS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}


def check(value, shape):
    """Return value, what JSON stands for or a MultiDict, if it fits the shape. Raises
    HTTPException(422), whose body says where it does not and why:
    {'error': 'led: must be 0 to 39'}.

    shape is one of

    - int, float, bool, str, dict or list. A float is finite, and may have come as an int; a
      bool is no int. None is for any value.
    - (type, least, most), or without the last: bounds of a number, or of how many
      characters or items there are
    - ('on', 'off'), values of which it is one; the first is no type
    - [shape], a list of what fits that
    - {'name': shape, 'other?': shape}: an object, in which only what ends with '?' may be
      missing. The dict that is returned has these names alone.

    In a MultiDict the values are text: int and float take numbers, bool 'true', '1', 'on',
    'false', '0' and 'off', a list all values of its name.
    """
    return _fit("", value, shape, False)


def _refuse(where, *words):
    raise web.HTTPException(422, body={"error": (where and where + ": ") + "".join(words)})


def _fit(where, value, shape, text):
    # where it is in the whole; text, whether numbers and such are text
    bounds = ()
    if isinstance(shape, tuple):
        if not isinstance(shape[0], (type, list)):
            for choice in shape:
                if value == (str(choice) if text else choice):
                    if text or type(value) is type(choice):
                        return choice
            _refuse(where, "must be one of ", ", ".join(map(str, shape)))
        bounds = shape[1:]
        shape = shape[0]
    kind = type(shape)
    if kind is not dict and kind is not list:
        kind = shape
    elif kind is dict and hasattr(value, "getlist"):
        text = True
    if text and (kind is int or kind is float):
        try:
            if len(value) <= _DIGITS:
                value = kind(value)
        except ValueError:
            pass
    elif text and kind is bool:
        value = _BOOLS.get(value.lower(), value)
    elif kind is float and type(value) is int:
        value = float(value)
    fits = kind is None or isinstance(value, kind) and (kind is not int or type(value) is int)
    if not fits or kind is float and value - value != 0:
        _refuse(where, "must be ", _NAMES[kind])
    if bounds:
        _bound(where, value, *bounds)
    if kind is shape:
        return value
    if kind is list:
        inner = shape[0]
        return [_fit("%s[%d]" % (where, i), v, inner, text) for i, v in enumerate(value)]
    found = {}
    for name, inner in shape.items():
        optional = name[-1:] == "?"
        if optional:
            name = name[:-1]
        place = where + "." + name if where else name
        if name in value:
            many = inner[0] if isinstance(inner, tuple) else inner
            several = text and (many is list or isinstance(many, list))
            item = value.getlist(name) if several else value[name]
            found[name] = _fit(place, item, inner, text)
        elif not optional:
            _refuse(place, "is missing")
    return found


def _bound(where, value, least, most=None):
    of = ""
    n = value
    if not isinstance(value, (int, float)):
        n = len(value)
        of = " characters" if isinstance(value, str) else " items"
    if n < least or most is not None and n > most:
        said = "at least %s" % least if most is None else "%s to %s" % (least, most)
        _refuse(where, "must have " if of else "must be ", said, of)
