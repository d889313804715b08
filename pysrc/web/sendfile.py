# A file as a Response, which the program may change.
import web


def send_file(r, path, type=None, max_age=None, download=None):
    """Return the Response to r with a file's content. path must not come from the client
    unchecked: see App.static().

    type      str, its Content-Type, if not to follow from the name
    max_age   seconds for which it may be kept without asking; None says nothing of it
    download  str, the name to save it by, for a browser that is not to show it

    Where a client takes gzip the file of that name with .gz is sent; it is inflated where
    there is no other one. If-Match, If-None-Match, Range and If-Range are heard
    (RFC 9110 13, 14). Raises HTTPException(404) when there is no such file, OSError.
    """
    fields = b"" if max_age is None else b"Cache-Control: max-age=%d\r\n" % max_age
    found = web.files.collect(r, path.encode(), fields)
    if not found:
        web.abort(404)
    answer = web.elsewhere.response(found)
    if type and answer.status < 300:
        answer.headers["Content-Type"] = type
    if download:
        plain = '"' not in download and "\\" not in download
        plain = plain and len(download.encode()) == len(download)
        answer.headers["Content-Disposition"] = "attachment; filename" + (
            '="' + download + '"' if plain else "*=UTF-8''" + web.quote(download, "")
        )  # RFC 6266 4.1
    return answer
