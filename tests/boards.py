"""The program of examples/device/, with stand-ins for what only boards have."""

import contextlib
import shutil

import httpx
from conftest import BUILD, DEVICE, MICROPYTHON, ROOT, Server, packages

PASSWORD = "correct horse"
SOURCE = ROOT / "examples" / "device"


class Board:
    """The program, in a folder all of which is what its page's files are."""

    def __init__(self, folder):
        self.folder = folder
        self.server = None
        shutil.copytree(SOURCE, folder)

    def start(self):
        """Begin, on the port of before."""
        port = self.server and self.server.port

        def command(port):
            options = "-X", "heapsize=2M"
            return [MICROPYTHON, *options, "main.py", str(port), str(self.folder)]

        path = f"{packages('native')}:{DEVICE / 'board'}"
        self.server = Server("native", command, path, self.folder, port)
        self.server.wait_for_line("native x64 parser")

    def url(self, path="/", scheme="http"):
        return self.server.url(path, scheme)

    def client(self):
        """One that is not signed in."""
        return httpx.Client(base_url=self.url(""), timeout=20)

    @contextlib.contextmanager
    def sign_in(self, password=PASSWORD):
        with self.client() as client:
            done = client.post("/login", data={"password": password})
            assert (done.status_code, done.headers["location"]) == (303, "/")
            yield client


@contextlib.contextmanager
def board(folder):
    """A Board that serves, of which nobody has chosen the password yet."""
    it = Board(folder)
    it.start()
    try:
        yield it
    finally:
        it.server.stop()


# -- its page in a browser

AXE = BUILD / "axe" / "axe.min.js"
SHOW_ALL = """document.querySelectorAll('section, #drop, #editor, #lost, .tools').forEach(
    e => e.hidden = false)"""
DROP = """([selector, name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    for (const type of ['dragenter', 'dragover', 'drop']) {
        const event = new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true});
        document.querySelector(selector).dispatchEvent(event);
    }
}"""


class Faults(list):
    """What a page's console says that it should not."""

    def __init__(self, page):
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("console", self._heard)

    def _heard(self, message):
        if message.type in ("error", "warning"):
            self.append(message.text)


def violations(page, what="html"):
    """What axe finds, whose script is not the page's own, but evaluated in it."""
    found = page.evaluate("what => axe.run(what)", what)["violations"]
    return [(each["id"], node["html"]) for each in found for node in each["nodes"]]
