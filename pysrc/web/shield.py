# Against pages of other origins that use a browser to reach the board behind it.
import web


def protect(app, hosts=(), origins=()):
    """Refuse what pages of other origins have browsers send.

    app      App that serves
    hosts    list or tuple of names (str) under which it is reached, beside localhost and IP
             addresses: a request for another is 421, for with a name of its own for the
             board's address a page would be of the same origin (DNS rebinding)
    origins  list or tuple of str like 'https://example.com' whose pages may

    Requests of other methods than GET, HEAD and OPTIONS, and the handshakes of WebSockets,
    are 403 when the browser says that a page of another origin sent them. What says nothing
    of that is no browser. Raises TypeError.
    """
    if isinstance(hosts, str) or isinstance(origins, str):
        raise TypeError("hosts and origins must be tuples of str")
    names = [name.lower() for name in hosts]
    names.append("localhost")

    def before(r):
        get = r.headers.get
        host = (get("host") or "").lower()
        if not _is_address(host) and host.partition(":")[0].rstrip(".") not in names:
            web.abort(421, "unknown host")
        if r.method in ("GET", "HEAD", "OPTIONS") and get("upgrade") is None:
            return
        origin = get("origin")
        site = get("sec-fetch-site")  # which browsers send over HTTPS
        if origin in origins:
            return
        if site is not None:
            foreign = site not in ("same-origin", "none")
        else:
            foreign = origin is not None and origin.lower().partition("://")[2] != host
        if foreign:
            web.abort(403, "of another origin")

    web.setup.hooks(app, 0).insert(0, before)


def _is_address(host):
    # which no name can look like
    if host[:1] == "[":
        return True
    host = host.partition(":")[0]
    return host.count(".") == 3 and host.replace(".", "").isdigit()
