# The cookies that a client of web.testing keeps (RFC 6265 5).
import time


class Cookies:
    """What responses have set, and not deleted, and what has not expired. A test may set
    cookies, too: `client.cookies["theme"] = "dark"`. All are sent as by HTTPS.
    """

    def __init__(self):
        self._kept = []  # [name, value, path, the time of its end as a tuple or None]

    def _live(self):
        now = time.gmtime()[:6]
        self._kept = [c for c in self._kept if c[3] is None or c[3] > now]
        return self._kept

    def get(self, name, default=None):
        """Return the value of a cookie (str), at any path, or default."""
        for cookie in self._live():
            if cookie[0] == name:
                return cookie[1]
        return default

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name, value):
        self._put(name, str(value), "/", None)

    def __delitem__(self, name):
        self[name]
        self._kept = [c for c in self._kept if c[0] != name]

    def __contains__(self, name):
        return self.get(name) is not None

    def __iter__(self):
        return iter([cookie[0] for cookie in self._live()])

    def __len__(self):
        return len(self._live())

    def clear(self):
        """Forget all."""
        self._kept = []

    def _put(self, name, value, path, end):
        self._kept = [c for c in self._kept if (c[0], c[2]) != (name, path)]
        self._kept.append((name, value, path, end))

    def take(self, target, headers):
        # Keep what the response to a request for target sets.
        path = target.partition("?")[0]
        for name, value in headers.items():
            if name == "set-cookie":
                self._take(path, value)

    def _take(self, target, line):
        parts = line.split(";")
        name, _, value = parts[0].partition("=")
        path = target.rsplit("/", 1)[0] or "/"  # 5.1.4
        end = age = None
        for part in parts[1:]:
            key, _, text = part.strip().partition("=")
            key = key.lower()
            if key == "path" and text.startswith("/"):
                path = text
            elif key == "max-age":
                age = int(text)
            elif key == "expires":
                end = _date(text)
        if age is not None:  # which goes before Expires
            end = time.gmtime(time.time() + age)[:6] if age > 0 else (0,)
        self._put(name.strip(), value.strip(), path, end)

    def line(self, target):
        # The field Cookie (str) of a request for target, or "": longer paths first.
        path = target.partition("?")[0]
        fit = [c for c in self._live() if _matches(path, c[2])]
        fit.sort(key=lambda cookie: -len(cookie[2]))
        return "; ".join(["{}={}".format(cookie[0], cookie[1]) for cookie in fit])


def _matches(path, prefix):
    # 5.1.4
    return path == prefix or path.startswith(prefix if prefix[-1] == "/" else prefix + "/")


def _date(text):
    """Return a date as HTTP writes it (RFC 9110 5.6.7) as a tuple, or None for another."""
    try:
        _, day, month, year, clock, _ = text.replace("-", " ").split()
        month = "JanFebMarAprMayJunJulAugSepOctNovDec".index(month) // 3 + 1
        h, m, s = clock.split(":")
        return int(year), month, int(day), int(h), int(m), int(s)
    except ValueError:
        return None
