# Guards that want an Authorization field: Basic (RFC 7617), Bearer (RFC 6750).
from binascii import a2b_base64, b2a_base64
from hashlib import sha256

import web


def basic(check, realm="this board"):
    """Return a guard that wants a name and a password, which browsers ask for; see
    App.get(). check(name, password), which may be async, returns whether they are right, or
    who that is: what is found in r.user, else the name. realm tells the client what they are
    for. Raises ValueError for a realm with quotes, backslashes or control characters.

    Else the guard raises HTTPException(401); after a second when check() said so, see
    failed(), and 429 meanwhile."""
    for c in realm.encode():
        if c in b'"\\' or not 32 <= c < 127:
            raise ValueError("realm " + repr(realm))
    return _guard(check, "basic", 'Basic realm="' + realm + '", charset="UTF-8"', "")


def bearer(check):
    """Return a guard that wants a token, see App.get(). check(token), which may be async,
    returns whether it is right, or whose: what is found in r.user. Else the guard raises what
    that of basic() does."""
    return _guard(check, "bearer", "Bearer", ' error="invalid_token"')


def _name_and_password(given):
    # (), or both; RFC 7617 2
    try:
        decoded = a2b_base64(given)
        if b2a_base64(decoded)[:-1] == given.encode():  # else there is more than base64
            name, colon, password = str(decoded, "utf-8").partition(":")
            if colon:
                return name, password
    except ValueError:
        pass
    return ()


def _guard(check, scheme, challenge, error):
    known = [None]  # a hash of those that were right the last time

    async def guard(r):
        field = web.fields.field(r, "authorization") or ""
        kind, _, given = field.partition(" ")
        given = given.strip()
        wrong = challenge
        if kind.lower() == scheme and given and " " not in given:
            wrong += error
            credentials = (given,) if error else _name_and_password(given)
            if credentials:
                hashed = sha256(field.encode()).digest()
                was_right = web.same(hashed, known[0])
                if not was_right:  # who is in does not wait for those who guess
                    web.paced(r)
                result = check(*credentials)
                if hasattr(result, "throw"):
                    result = await result
                if result:
                    known[0] = hashed
                    r.user = credentials[0] if result is True and not error else result
                    return
                if was_right:
                    known[0] = None
                await web.failed(r)
        web.abort(401, None, {"WWW-Authenticate": wrong})

    return guard
