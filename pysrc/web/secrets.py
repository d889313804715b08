# What is to be told to nobody: comparing it, and codes that prove who wrote a text.
from hashlib import sha256

from micropython import const

_HASHED = const(64)  # bytes that SHA-256 takes at a time


def octets_of(text):
    """Return str or bytes-like as bytes. Raises TypeError."""
    if isinstance(text, str):
        return text.encode()
    if not isinstance(text, (bytes, bytearray, memoryview)):
        raise TypeError("str or bytes are needed, not " + repr(type(text)))
    return bytes(text)


def same(a, b):
    """Whether a and b, str or bytes-like, are equal, in a time that does not tell how much
    of them is, nor, but for blocks of 64 bytes, how long they are. A str is the same as its
    UTF-8. What is neither, None say, is the same as nothing, not even itself."""
    try:
        # two digests have one length, and no byte of one tells of the text
        a = sha256(octets_of(a)).digest()
        b = sha256(octets_of(b)).digest()
    except TypeError:
        return False
    differing = 0
    for i in range(len(a)):
        differing |= a[i] ^ b[i]
    return not differing


def pads(key):
    """Return what mac() takes for a key (bytes): a pair of blocks (RFC 2104 2)."""
    if len(key) > _HASHED:
        key = sha256(key).digest()
    key += bytes(_HASHED - len(key))
    return bytes([byte ^ 0x36 for byte in key]), bytes([byte ^ 0x5C for byte in key])


def mac(pair, data):
    """Return the HMAC-SHA256 (RFC 2104) of data (bytes) with a key's pads()."""
    return sha256(pair[1] + sha256(pair[0] + data).digest()).digest()
