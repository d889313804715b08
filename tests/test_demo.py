"""The demo page in a real browser."""

import matrix
import pytest
from conftest import BUILD, ROOT, serving
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def demo(parser):
    with serving(parser, ROOT / "examples" / "demo.py") as server:
        yield server


def test_demo(browser, demo):
    parser = f"native {matrix.host()}" if demo.parser == "native" else demo.parser
    demo.wait_for_line(f"{parser} parser: http://localhost:{demo.port}/")
    page = browser.new_page()
    other = browser.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    for each in (page, other):
        each.goto(demo.url())
        expect(each.locator("#state")).to_have_text("open")
    expect(page.locator("#parser")).to_have_text(parser)

    page.fill("#name", "Zoë & Bob")
    page.click("text=Greet")
    expect(page.locator("#greeting")).to_have_text("Hello Zoë & Bob!")

    page.fill("#message", "hi there 😀")
    page.click("text=Send")
    expect(other.locator("#log div")).to_have_text(["hi there 😀"])
    other.fill("#message", "<b>hello</b>")
    other.click("text=Send")
    expect(page.locator("#log div")).to_have_text(["hi there 😀", "<b>hello</b>"])

    expect(page.locator("#plot")).to_have_attribute("data-points", "3", timeout=10000)
    assert int(page.locator("#free").inner_text()) > 10000
    assert int(page.locator("#uptime").inner_text()) >= 1
    drawn = page.evaluate(
        "document.querySelector('#plot').getContext('2d')"
        ".getImageData(0, 0, 640, 120).data.some(x => x)"
    )
    assert drawn
    page.screenshot(path=BUILD / "demo.png")
    page.close()
    other.close()
    assert faults == []
