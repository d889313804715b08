# What values can be: of JSON, or of a type.


def check_value(value):
    """Raise ValueError for infinities and NaN, which JSON has not (RFC 8259 6), TypeError for
    what it has no kind of value for, as a key as well."""
    if isinstance(value, dict):
        for key in value:
            if key is not None and not isinstance(key, (str, bytes, int, float, bool)):
                raise TypeError("a key of JSON must be a str, not " + repr(type(key)))
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            check_value(item)
    elif isinstance(value, float):
        if value - value != 0:
            raise ValueError("JSON has no " + str(value))
    # in MicroPython no bool is an int
    elif value is not None and not isinstance(value, (str, bytes, int, bool)):
        raise TypeError("JSON has no " + repr(type(value)))


def converted(values, type):
    """Return a list of values converted by type, without those for which it raises
    ValueError."""
    found = []
    for value in values:
        try:
            found.append(type(value))
        except ValueError:
            pass
    return found
