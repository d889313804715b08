# The route that takes a board's next firmware. What receives it is in web.flashing.
import web


def ota(app, password=None, path="/update", allow=None, file=None, max_body=4 << 20, done=None):
    """Have PUT of path take a firmware image, and GET of it give a page that sends one.

    The SHA-256 of the image comes with it, in the query (`?sha256=` and 64 hexadecimal
    digits) or in a Content-Digest field (RFC 9530 2). When all has come and has that digest
    it takes effect; if not, what was before stays in effect. The answer is JSON:
    {'size': 1234567}, or {'error': ...} with 400 (no SHA-256), 401, 409 (another one is under
    way), 411, 413, 422 (the image is not as announced, or not for this board), 501.

    password  str that HTTP Basic authentication asks for, with any user's name
    allow     instead of that a function of r, or an async one: what it returns, if that is
              not None, answers instead, as with a hook before requests
    file      str, the path of a file that the image becomes; if not given it goes to the
              next OTA partition of an ESP32, which the board then starts from
    max_body  int, most bytes of an image
    done      function without arguments that is called a second after the answer; if not
              given, and there is no file, the board is reset

    Raises ValueError without password and allow.
    """
    if not (password or allow):
        raise ValueError("password")

    before = allow or (lambda r: web.flashing.refused(r, password))
    app.get(path, before=before)(lambda r: web.sender.page())
    update = app.put(path, max_body=max_body, before=before)
    update(lambda r: web.flashing.receive(r, file, done))
