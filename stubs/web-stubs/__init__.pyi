from web.app import App as App
from web.broadcast import Broadcast as Broadcast
from web.client import HandshakeError as HandshakeError
from web.client import connect as connect
from web.faults import HTTPException as HTTPException
from web.faults import abort as abort
from web.query import parse_qs as parse_qs
from web.response import Response as Response
from web.response import redirect as redirect
from web.sse import EventSource as EventSource
from web.websocket import WebSocket as WebSocket

__version__: str
implementation: str
