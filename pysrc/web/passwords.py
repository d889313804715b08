# Hashes of passwords, as PBKDF2 makes them with HMAC-SHA256 (RFC 8018 5.2).
from binascii import a2b_base64, b2a_base64
from hashlib import sha256
from os import urandom

from micropython import const

from web.secrets import mac, octets_of, pads, same

_SALT = const(12)  # bytes, RFC 8018 4.1 wants 8
_DIGEST = const(32)  # bytes of a hash

# The last hash, for who has none: what is done with it takes as long.
_last = ["pbkdf2_sha256$1000$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]


def hash_password(password, iterations=1000):
    """Return what check_password() knows a password (str or bytes) by, a str: what Django
    writes, and hashlib.pbkdf2_hmac() of a computer makes. Each of the iterations takes its
    time, here and when one guesses. Raises ValueError for fewer than 1, TypeError."""
    salt = _base64(urandom(_SALT))
    derived = _base64(_derive(password, salt, iterations))
    return "pbkdf2_sha256${}${}${}".format(iterations, salt, derived)


def check_password(password, hashed):
    """Whether hashed, what hash_password() returned, is that of a password. It is not if the
    password is neither str nor bytes, or for None, which takes as long as the last hash did.
    Raises ValueError for what is no such str."""
    if not isinstance(password, (str, bytes)):
        return False
    known = hashed is not None
    if not known:  # nobody is to learn by the time which names there are
        hashed = _last[0]
    try:
        kind, iterations, salt, wanted = hashed.strip().split("$")
        wanted = a2b_base64(wanted)
        iterations = int(iterations)
    except ValueError:
        kind = ""
    if kind != "pbkdf2_sha256" or len(wanted) != _DIGEST:
        raise ValueError("no hash of a password")  # and it is not told what it is
    right = same(_derive(password, salt, iterations), wanted)
    _last[0] = hashed
    return right and known


def _base64(data):
    return b2a_base64(data)[:-1].decode()


def _derive(password, salt, iterations):
    if iterations < 1:
        raise ValueError("iterations")
    pair = pads(octets_of(password))
    inner, outer = pair
    block = mac(pair, salt.encode() + b"\0\0\0\1")
    derived = int.from_bytes(block, "big")
    for _ in range(iterations - 1):
        block = sha256(outer + sha256(inner + block).digest()).digest()
        derived ^= int.from_bytes(block, "big")
    return derived.to_bytes(_DIGEST, "big")
