# The route that takes a board's next firmware. What receives it is in web.flashing.
import web


def ota(app, password=None, path="/update", before=None, file=None, max_body=4 << 20, done=None):
    """Have PUT of path take a firmware image, and GET of it give a page that sends one.

    The SHA-256 of the image comes with it, in the query (`?sha256=` and 64 hexadecimal
    digits) or in a Content-Digest field (RFC 9530 2). When all has come and has that digest
    it takes effect; if not, what was before stays in effect. The answer is JSON:
    {'size': 1234567}, or {'error': ...} with 400 (no SHA-256), 409 (another one is under way),
    411, 413, 422 (the image is not as announced, or not for this board), 501.

    password  str that web.basic() asks for, with any user's name: 401, and 429 for who guesses
    before    instead of that a guard, or several, see App.get()
    file      str, the path of a file that the image becomes; if not given it goes to the
              next OTA partition of an ESP32, which the board then starts from
    max_body  int, most bytes of an image
    done      function without arguments that is called a second after the answer; if not
              given, and there is no file, the board is reset

    Raises ValueError without a password and a guard, or with both.
    """
    if bool(before) == bool(password):
        raise ValueError("either password or before")
    if password:
        guards = []

        def before(r):
            # its room is not loaded for an update that does not come
            if not guards:
                guards.append(web.basic(lambda _, given: web.same(given, password), "update"))
            return guards[0](r)

    app.get(path, before=before)(lambda r: web.sender.page())
    update = app.put(path, max_body=max_body, before=before)
    update(lambda r: web.flashing.receive(r, file, done))
