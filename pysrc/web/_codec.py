# The functions of the native module _native, or of its portable twin. Every other
# file imports them from here; those of _frames are websocket.py's alone.
from web._choose import choose

_parsers, implementation = choose("_native", "_portable")
choose = None  # see there
members = _parsers.members
find_field = _parsers.find_field
next_field = _parsers.next_field
parse_head = _parsers.parse_head
unquote = _parsers.unquote
utf8 = _parsers.utf8
