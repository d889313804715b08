"""Files and uploads between a server and a real browser."""

import contextlib

import httpx
import pytest
from conftest import DEVICE, serving

from bench import meter

IMAGES = 60
WIDTH = 64


def image(n):
    """A BMP of 24 bits a pixel, of 8 to 20 KB, of one colour."""
    height = 40 + n
    pixels = bytes((n, 128, 255 - n)) * (WIDTH * height)
    head = b"BM" + (54 + len(pixels)).to_bytes(4, "little") + bytes(4) + b"\x36\0\0\0"
    head += b"\x28\0\0\0" + WIDTH.to_bytes(4, "little") + height.to_bytes(4, "little")
    return head + b"\x01\0\x18\0" + bytes(24) + pixels


FILES = {f"www/{n}.bmp": image(n) for n in range(IMAGES)}
FILES["www/index.html"] = (
    "<!doctype html>" + "".join(f'<img src="/{n}.bmp">' for n in range(IMAGES))
).encode()


@contextlib.contextmanager
def serving_files(framework):
    """A program of bench/cases/ on 32 bits, in a heap of 80 KB with its machine code."""
    script = (meter.HERE / "cases" / framework / "file.py").read_bytes()
    heap = 80 * 1024 - meter.machine_code(framework)
    with meter.running(framework, script, heap=heap, files=FILES) as program:
        yield program, f"http://127.0.0.1:{program.port}/"


def browsed(browser):
    """The seconds of processor time that our server takes for the page in a browser, which
    gets each image whole."""
    with serving_files(meter.OURS) as (program, url):
        page = browser.new_page()
        page.set_default_navigation_timeout(100_000)  # milliseconds
        responses, failed = [], []
        page.on("response", lambda response: responses.append(response))
        page.on("requestfailed", lambda request: failed.append(request.url))
        before = program.cpu_seconds()
        page.goto(url + "index.html", wait_until="load")
        program.wait_idle()
        seconds = program.cpu_seconds() - before
        sizes = page.evaluate("[...document.images].map(i => [i.naturalWidth, i.naturalHeight])")
        assert failed == []
        assert sizes == [[WIDTH, 40 + n] for n in range(IMAGES)]
        # of bytes pytest would tell the difference, which takes minutes
        wrong = [r.url for r in responses if r.body() != FILES["www/" + r.url.split("/")[-1]]]
        assert (wrong, len(responses)) == ([], len(FILES))
        page.close()
    return seconds


def fetched_from_microdot():
    """The same of Microdot, for the same files one by one: of six connections at once it may
    leave some without an answer."""
    with serving_files(meter.PEER) as (program, url):
        before = program.cpu_seconds()
        for name in FILES:
            assert httpx.get(url + name.partition("/")[2]).content == FILES[name]
        program.wait_idle()
        return program.cpu_seconds() - before


@pytest.mark.once
def test_a_page_of_images_in_little_memory(browser):
    assert browsed(browser) <= fetched_from_microdot()


@pytest.mark.once
def test_413_reaches_a_browser_that_is_sending(browser, tmp_path):
    with serving("native", DEVICE / "multipart.py", cwd=tmp_path) as server:
        page = browser.new_page()
        page.goto(server.url("/memory"))
        script = """async multipart => {
            const data = new Blob([new Uint8Array(3 << 20)]), form = new FormData();
            form.append('f', data, 'big.bin');
            const body = multipart ? form : data;
            const answer = await fetch('/parts', {method: 'POST', body});
            return [answer.status, await answer.text()];
        }"""
        for multipart in (True, False):
            assert page.evaluate(script, multipart) == [413, "Content Too Large"]
        page.close()
