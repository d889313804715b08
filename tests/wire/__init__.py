"""HTTP and WebSockets on the wire, for all tests: messages to send, one client that reads
strictly, and steps for it to take."""

from wire.client import (
    Client,
    connected,
    frames_after,
    open_files_fall_to,
    promptly,
    status_of,
    wait_until,
)
from wire.messages import ACCEPT, GET, KEY, chunked, frame, handshake, post, request
from wire.reading import Reading, Response

__all__ = [
    "ACCEPT",
    "GET",
    "KEY",
    "Client",
    "Reading",
    "Response",
    "chunked",
    "connected",
    "frame",
    "frames_after",
    "handshake",
    "open_files_fall_to",
    "post",
    "promptly",
    "request",
    "status_of",
    "wait_until",
]
