# What app.static() needs when it is called. It leaves memory then.
import web


def static(
    app, prefix, folder, index="index.html", fallback=None, max_age=0, types=None, before=None
):
    """Have GET and HEAD of what is under prefix answered with the files of a folder, as
    web.send_file() does.

    index     the file that stands for a folder; None for none
    fallback  the file for paths of which there is none, if their last segment has no dot:
              those of a program in the browser
    max_age   seconds for which a browser may keep them without asking
    types     dict of Content-Types by extension, beside those that are known, for all files
    before    a guard, or several, see App.get()

    Paths with backslashes, and with names that are empty or begin with a dot, are 404.
    """
    root = (folder or ".").rstrip("/").encode() + b"/"
    for name, kind in (types or {}).items():
        web.files.types[name.lower().encode()] = web.response.check(kind).encode()
    apps = (app,) if before is None else (app, web.guards.Guards(before))
    serve = web.files.folder(
        root,
        index and index.encode(),
        fallback and root + fallback.encode(),
        b"" if max_age is None else b"Cache-Control: max-age=%d\r\n" % max_age,
    )
    entry = (serve, None, None, ())
    prefix = prefix.rstrip("/")
    web.setup.add(apps, prefix + "/<path:name>", "GET", entry)
    if prefix:
        web.setup.add(apps, prefix, "GET", entry)
    web.forget("folders")
