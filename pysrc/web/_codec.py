# The functions of the native module _native, or of its portable twin, from which every
# other file has them: from here on that one goes by this name. incoming.py has those of
# _frames.
import sys

from web._choose import choose

parsers = sys.modules[__name__] = choose("_native", "_portable")
choose = None  # see there
members = parsers.members
find_field = parsers.find_field
next_field = parsers.next_field
parse_head = parsers.parse_head
unquote = parsers.unquote
utf8 = parsers.utf8
