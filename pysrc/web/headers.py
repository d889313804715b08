# The field lines of a request.
from web._codec import find_field, next_field


class Headers:
    """The fields of a request's head, looked up where they were received: a mapping,
    with `headers[name]`, `name in headers` and iteration.

    Names are matched in any case. A field that was sent several times reads as
    its values joined by ", " (RFC 9110 5.3).
    """

    def __init__(self, buf, start, end):
        self._buf = buf
        self._start = start
        self._end = end

    def get(self, name, default=None):
        """Return the value of a field (str), or default."""
        value = find_field(self._buf, self._start, self._end, name)
        return default if value is None else value

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name):
        return self.get(name) is not None

    def items(self):
        """Yield (name, value) of every field line in order, the name in lower
        case."""
        out = [None, None]
        pos = next_field(self._buf, self._start, self._end, out)
        while pos:
            yield out[0].lower(), out[1]
            pos = next_field(self._buf, pos, self._end, out)

    def __iter__(self):
        for name, _ in self.items():
            yield name

    keys = __iter__

    def values(self):
        """Yield the value of every field line in order."""
        for _, value in self.items():
            yield value

    def __len__(self):
        return len(list(self.items()))
