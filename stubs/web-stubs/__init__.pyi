from web.app import App as App
from web.broadcast import Broadcast as Broadcast
from web.client import HandshakeError as HandshakeError
from web.client import connect as connect
from web.faults import HTTPException as HTTPException
from web.faults import abort as abort
from web.files import send_file as send_file
from web.firmware import ota as ota
from web.query import parse_qs as parse_qs
from web.quoting import escape as escape
from web.quoting import quote as quote
from web.quoting import urlencode as urlencode
from web.response import Response as Response
from web.response import redirect as redirect
from web.shapes import check as check
from web.sse import EventSource as EventSource
from web.templates import render as render
from web.websocket import WebSocket as WebSocket

__version__: str
implementation: str
