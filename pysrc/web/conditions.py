# What few clients ask for: ranges of a file, weights of codings, and that it be the same as
# before (RFC 9110 12.4.2, 13.1, 14).
import web


def accept(accepted):
    """Return whether an Accept-Encoding field allows gzip (RFC 9110 12.5.3)."""
    takes = False
    for item in accepted.lower().replace(" ", "").replace("\t", "").split(","):
        coding, _, weight = item.partition(";q=")
        if coding in ("gzip", "x-gzip", "*"):
            takes = not weight or weight.strip("0.") != ""
            if coding != "*":
                break
    return takes


def update(r, match, wanted, tag, size):
    """Return what If-Match and Range fields, which may be None, make of a response with this
    ETag line (bytes), which may be empty: its status, its further field lines (bytes), and
    where in the file its content begins and ends. Tags have both their quotes, so lists are
    searched as they are."""
    tag = tag[6:-2].decode()
    if match and tag and match != "*" and (tag not in match or "W/" + tag in match):
        return 412, b"", 0, size
    found = wanted and r.method == "GET" and _range(wanted, size)
    same = web.fields.field(r, "if-range")
    if not found or same and same != tag:
        return 200, b"", 0, size
    start, end = found
    if start >= size:
        return 416, b"Content-Range: bytes */%d\r\n" % size, 0, 0
    return 206, b"Content-Range: bytes %d-%d/%d\r\n" % (start, end - 1, size), start, end


def _range(wanted, size):
    """Return the start and the end of the bytes that a Range field wants (RFC 9110 14.2),
    None when it is to be ignored; the start is not below size when they are not there."""
    unit, _, wanted = wanted.partition("=")
    first, dash, last = wanted.strip().partition("-")
    if unit.strip().lower() != "bytes" or not dash or not (first + last).isdigit():
        return None  # several ranges, too
    if not first:
        return max(0, size - int(last)), size
    start = int(first)
    end = size
    if last:
        end = min(size, int(last) + 1)
        if int(last) < start:
            return None
    return start, end
