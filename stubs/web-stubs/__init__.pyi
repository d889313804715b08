from web.app import App as App
from web.broadcast import Broadcast as Broadcast
from web.client import HandshakeError as HandshakeError
from web.client import connect as connect
from web.faults import HTTPException as HTTPException
from web.faults import abort as abort
from web.firmware import ota as ota
from web.origins import cors as cors
from web.pacing import failed as failed
from web.pacing import paced as paced
from web.passwords import check_password as check_password
from web.passwords import hash_password as hash_password
from web.portal import captive as captive
from web.query import parse_qs as parse_qs
from web.quoting import escape as escape
from web.quoting import quote as quote
from web.quoting import urlencode as urlencode
from web.response import Response as Response
from web.response import redirect as redirect
from web.secrets import same as same
from web.sendfile import send_file as send_file
from web.sessions import Session as Session
from web.shapes import check as check
from web.shield import protect as protect
from web.signin import basic as basic
from web.signin import bearer as bearer
from web.sse import EventSource as EventSource
from web.templates import render as render
from web.websocket import WebSocket as WebSocket

__version__: str
implementation: str
