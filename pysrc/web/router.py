# Finds the route of a path among patterns with <name>, <int:name> and <path:name>, the last of
# which takes the rest of the path: in a tree of path segments, which web.setup makes. At each
# segment the most specific wins: literal, int, any one segment, the rest.
from micropython import const

from web._codec import unquote

# A node is a dict: by a literal segment (str) the node that follows, and by these
_ROUTE = const(0)  # (methods, names) of the pattern that ends here
_INT = const(1)  # the node behind an <int:name>
_SEGMENT = const(2)  # behind a <name>
_PATH = const(3)  # behind a <path:name>


def match(root, r):
    """Return the methods for the path of a request, whose params are set, or None. root is the
    tree's."""
    path = r.path
    # as r.target, without the room that has it
    target = bytes(memoryview(r._conn.buf)[r._head[6] : r._head[7]])
    if b"%" in target:
        # a slash that was sent percent-encoded is no separator
        target = target.split(b"?")[0]
        if target[0] != 47:  # a slash; else it is an absolute-form
            start = target.find(b"/", target.find(b"://") + 3)
            target = target[start:] if start >= 0 else b"/"
        path = str(target, "utf-8")
    values = []
    found = _search(root, path.split("/"), 1, values)
    if found:
        r.params = dict(zip(found[1], values))
        return found[0]


def _search(node, segments, i, values):
    """Return the route of segments[i:] under node, or None; its parameters' values
    are added to values."""
    if i == len(segments):
        return node.get(_ROUTE)
    segment = unquote(segments[i], False)
    found = None
    child = node.get(segment)
    if child:
        found = _search(child, segments, i + 1, values)
    for key in (_INT, _SEGMENT):
        child = node.get(key)
        if not found and child and segment:
            if key == _INT:
                # digits behind "+" or "-", bytes 43 and 45: a str would be a name
                right = segment.isdigit()
                if not right and segment[1:].isdigit():
                    right = abs(memoryview(segment)[0] - 44) == 1
                if not right or len(segment) > 18:
                    continue
                values.append(int(segment))
            else:
                values.append(segment)
            found = _search(child, segments, i + 1, values)
            if not found:
                values.pop()
    child = node.get(_PATH)
    if not found and child:
        values.append("/".join([unquote(s, False) for s in segments[i:]]))
        found = child.get(_ROUTE)
    return found
