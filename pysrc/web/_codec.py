# The functions of the native module _native, or of its portable twin. Every other
# file imports them from here; incoming.py has those of _frames.
from web._choose import choose

parsers, implementation = choose("_native", "_portable")
choose = None  # see there
members = parsers.members
find_field = parsers.find_field
next_field = parsers.next_field
parse_head = parsers.parse_head
unquote = parsers.unquote
utf8 = parsers.utf8
