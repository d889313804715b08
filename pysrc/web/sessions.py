# Sessions that are kept by the browser, in a signed cookie, and tokens that are good for a
# while.
from binascii import a2b_base64, b2a_base64
from json import dumps, loads
from time import time

from micropython import const

import web
from web.secrets import mac, octets_of, pads, same

_COOKIE = const(1024)  # bytes of a cookie
_KEY_SIZE = const(16)  # bytes of a key
_UNIQUE = const(6)  # random bytes, by which no two sessions are one
_PREFIX = const(8)  # characters that these are
_TAIL = const(16)  # characters of a signature that tell one session from others
_REMEMBERED = const(32)  # sessions that have been ended, and are known one by one
_SKEW = const(60)  # seconds that the clock may have been put back


class Session:
    """What an App knows of a browser, in a cookie that the browser can read and can't write:
    each handler and hook finds it in r.session, a dict of what JSON can hold.

    app      App whose requests, and those of the apps that are mounted in it, have it
    key      str or bytes that nobody else knows, 16 at least; or a list of them: the first
             signs, and what any of them signed is good
    max_age  seconds from its last change to its end
    name     str, the cookie's
    login    str, the path of the page to which required() sends a browser
    secure   whether the cookie is for HTTPS alone: it always is when it is set by HTTPS

    Raises ValueError for a key that is shorter, TypeError.
    """

    def __init__(self, app, key, max_age=86400, name="session", login=None, secure=False):
        keys = [octets_of(each) for each in (key if isinstance(key, (list, tuple)) else (key,))]
        if not keys or min([len(each) for each in keys]) < _KEY_SIZE:
            raise ValueError("a key must have 16 bytes at least")
        self._pads = [pads(each) for each in keys]
        self._max_age = max_age
        self._name = name
        self._login = login
        self._secure = secure
        self._ended = []  # (tail, when it began, when it is over) of those that were ended
        self._begun = -1  # what began by then is over: there was no place for more of these
        app.before_request(self._load)
        app.after_request(self._save)

    def required(self, r):
        """A guard, see App.get(): r.session must have a "user", which is found in r.user.
        Else a GET goes to the page for it, and all else raises HTTPException(403)."""
        user = r.session.get("user")
        if user is None:
            if self._login and r.method in ("GET", "HEAD"):
                return web.redirect(self._login, 303)
            web.abort(403)
        r.user = user

    def sign(self, text, seconds):
        """Return a token (str that may stand in a URL) of text (str), which verify() knows for
        so many seconds. Whoever has it can read the text."""
        return self._seal(b"", text, seconds)

    def verify(self, token):
        """Return the text (str) that sign() made a token of, or None for any other (str or
        None), or when its time is over."""
        return self._open(b"", token or "")

    def _load(self, r):
        text = None
        token = r.cookies.get(self._name)
        if token and len(token) <= _COOKIE:
            text = self._open(self._name.encode(), token)
            if text and self._is_ended(token):
                text = None
        r.session = loads(text[_PREFIX:]) if text else {}
        r.sealed = text, token, r.session

    def _save(self, r, response):
        session = getattr(r, "session", None)
        if session is None:  # the request was refused before
            return
        text, token, loaded = r.sealed
        # one that was put in its place begins anew, whatever is in it: somebody signed in
        fresh = session and session is not loaded
        changed = fresh or session != (loads(text[_PREFIX:]) if text else {})
        if not (session or changed):
            return
        # a handler may return one Response again and again, to others as well
        response = web.Response(response.body, response.status, response.headers)
        if "cache-control" not in [name.lower() for name in response.headers]:
            response.headers["Cache-Control"] = "no-store"  # it is for one browser
        if not changed:
            return response
        if not session:
            self._end(token)
            response.delete_cookie(self._name)
            return response
        text = dumps(session)
        if not isinstance(loads(text), dict):
            raise TypeError("r.session must be a dict")
        from os import urandom  # which not every firmware has

        text = _encoded(urandom(_UNIQUE)) + text
        token = self._seal(self._name.encode(), text, self._max_age)
        if len(token) > _COOKIE:
            raise ValueError("a session of {} bytes, 1024 at most".format(len(token)))
        web.cookies.set_cookie(
            response,
            self._name,
            token,
            self._max_age,
            http_only=True,
            same_site="Lax",
            secure=self._secure or r._conn.server.ssl is not None,
        )
        return response

    def _end(self, token):
        # who has a copy of the cookie is to be signed out as well
        now = int(time())
        _, begun, seconds, _ = token.split(".")
        begun = int(begun, 16)
        self._ended = [each for each in self._ended if each[2] > now]
        self._ended.append((token[-_TAIL:], begun, begun + int(seconds, 16)))
        if len(self._ended) > _REMEMBERED:
            self._begun = max(self._begun, self._ended.pop(0)[1])

    def _is_ended(self, token):
        if self._begun > int(time()) + _SKEW:  # the clock was put back
            self._begun = -1
        if int(token.split(".")[1], 16) <= self._begun:
            return True
        return token[-_TAIL:] in [each[0] for each in self._ended]

    def _seal(self, purpose, text, seconds):
        text = _encoded(octets_of(text))
        now = int(time())
        if purpose:
            now = max(now, self._begun + 1)  # else it would be over already
        token = "{}.{:x}.{:x}".format(text, now, int(seconds))
        return token + "." + _signature(self._pads[0], purpose, token)

    def _open(self, purpose, token):
        signed, _, signature = token.rpartition(".")
        for each in self._pads:
            if same(_signature(each, purpose, signed), signature):
                break
        else:
            return None
        text, begun, seconds = signed.split(".")
        # one that begins later was made before the clock was lost
        if -_SKEW <= int(time()) - int(begun, 16) < int(seconds, 16):
            return str(_decoded(text), "utf-8")


def _signature(pair, purpose, text):
    # what is signed for one purpose must not do for another
    return _encoded(mac(pair, purpose + b"=" + text.encode()))


def _encoded(data):
    # RFC 4648 5, without padding
    data = b2a_base64(data)[:-1].rstrip(b"=")
    return data.replace(b"+", b"-").replace(b"/", b"_").decode()


def _decoded(text):
    text = text.replace("-", "+").replace("_", "/")
    return a2b_base64(text + "=" * (-len(text) % 4))
