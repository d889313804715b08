"""The C parsers, called from Python."""

import ctypes
import functools
import subprocess
from dataclasses import dataclass

from conftest import BUILD, ROOT

LENGTH_MAX = 0x3FFFFFFF
VERSION_11, KEEP_ALIVE, UPGRADE, CHUNKED, EXPECT = 1, 2, 4, 8, 16


class _Span(ctypes.Structure):
    _fields_ = [("start", ctypes.c_uint32), ("end", ctypes.c_uint32)]


class _Head(ctypes.Structure):
    _fields_ = [
        ("method", _Span),
        ("path", _Span),
        ("query", _Span),
        ("flags", ctypes.c_uint32),
        ("length", ctypes.c_int32),
        ("fields", ctypes.c_uint32),
        ("target", _Span),
        ("host", _Span),
    ]


class _Field(ctypes.Structure):
    _fields_ = [("name", _Span), ("value", _Span)]


class _Frame(ctypes.Structure):
    _fields_ = [("first", ctypes.c_uint32), ("length", ctypes.c_uint32)]


@dataclass
class Head:
    used: int  # the head's length
    method: bytes
    target: bytes
    fields: list  # of (name in lower case, value)
    chunked: bool
    length: int  # of the body, 0 without one
    keep_alive: bool
    upgrade: bool
    minor: int


@functools.cache
def _library():
    out = BUILD / "fuzz" / "parsers.so"
    out.parent.mkdir(parents=True, exist_ok=True)
    sources = ["natmod/http.c", "natmod/text.c", "natmod/ws.c"]
    subprocess.run(
        ["gcc", "-std=c99", "-O2", "-shared", "-fPIC", "-o", out, *sources], cwd=ROOT, check=True
    )
    library = ctypes.CDLL(str(out))
    library.http_next_field.restype = ctypes.c_size_t
    return library


def head(data, max_target=4096, max_fields=100):
    """A Head, 0 for one that is not whole, or minus the status that refuses it."""
    library = _library()
    h = _Head()
    size = ctypes.c_size_t
    used = library.http_parse_head(
        data, size(len(data)), size(max_target), size(max_fields), ctypes.byref(h)
    )
    if used <= 0:
        return used
    fields = []
    field = _Field()
    pos = h.fields
    while pos := library.http_next_field(data, size(used), size(pos), ctypes.byref(field)):
        name = data[field.name.start : field.name.end].lower()
        fields.append((name, data[field.value.start : field.value.end]))
    return Head(
        used,
        data[h.method.start : h.method.end],
        data[h.target.start : h.target.end],
        fields,
        bool(h.flags & CHUNKED),
        max(h.length, 0),
        bool(h.flags & KEEP_ALIVE),
        bool(h.flags & UPGRADE),
        h.flags & VERSION_11,
    )


def frame(data, expect):
    """(header's length, first byte, payload's length), 0 for a header that is not whole, or
    minus the close code."""
    h = _Frame()
    used = _library().ws_parse_header(data, ctypes.c_size_t(len(data)), expect, ctypes.byref(h))
    return (used, h.first, h.length) if used > 0 else used


def masked(data, key, offset=0):
    buf = ctypes.create_string_buffer(data, len(data))
    _library().ws_mask(buf, ctypes.c_size_t(len(data)), key, offset)
    return buf.raw
