"""The page of examples/device/ in a browser: as a phone and a computer show it, in both
themes, and by the keyboard alone."""

import gzip
import re
import shutil

import boards
import pytest
from conftest import ROOT
from playwright.sync_api import expect

pytestmark = pytest.mark.once
WWW = ROOT / "examples" / "device" / "panel" / "www"
PHONE = {"width": 375, "height": 760}
COMPUTER = {"width": 1280, "height": 800}
SECTIONS = ("plots", "files", "console", "board")


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    with boards.board(tmp_path_factory.mktemp("device") / "board") as it:
        yield it


@pytest.fixture(scope="module")
def signed(browser, board):
    """What a browser keeps of a session; the password was chosen by the keyboard."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(board.url())
    expect(page.locator("h1")).to_have_text("Choose a password")
    page.evaluate(boards.AXE.read_text())
    assert not boards.violations(page)
    page.keyboard.type(boards.PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type("something else")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The two are not the same.")
    page.keyboard.type(boards.PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(boards.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("Live")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def opened(browser, board, signed):
    """A function that opens the page."""
    contexts = []

    def open(section="", viewport=COMPUTER, **options):
        context = browser.new_context(viewport=viewport, storage_state=signed, **options)
        contexts.append(context)
        page = context.new_page()
        page.faults = boards.Faults(page)
        page.goto(board.url("/#" + section if section else "/"))
        expect(page.locator("#state")).to_have_text("Live")
        return page

    yield open
    for context in contexts:
        context.close()


@pytest.fixture
def page(opened):
    page = opened()
    yield page
    assert page.faults == []


def test_the_page_is_small():
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in WWW.iterdir()) < 20000
    for path in WWW.iterdir():
        urls = re.findall(r"\w+://[\w.]+", path.read_text())
        assert set(urls) <= {"http://www.w3.org"}, path  # the name of SVG


def test_everybody_can_use_it(opened, board):
    """What axe says of all sections, of a file and of a question, as phones and computers
    show them, in both themes."""
    page = opened()
    expect(page.locator(".line").first).to_have_attribute("d", re.compile("^M.*L"), timeout=10000)
    for section in SECTIONS:
        page.locator(f"#nav a[href='#{section}']").click()
        expect(page.locator(f"#{section} .empty")).to_have_count(0)
    page.locator("#nav a[href='#files']").click()
    page.get_by_role("button", name="main.py", exact=True).click()
    expect(page.locator("#editor textarea")).to_be_focused()
    page.evaluate(boards.AXE.read_text())
    for viewport in (PHONE, COMPUTER):
        page.set_viewport_size(viewport)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.evaluate(boards.SHOW_ALL)
            assert boards.violations(page) == [], (viewport, theme)
    page.evaluate("document.getElementById('new-folder').click()")
    expect(page.locator("dialog input")).to_be_focused()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert boards.violations(page, "#dialog") == [], theme
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    assert page.faults == []


def test_themes(opened):
    page = opened(color_scheme="dark")
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(colour)
    page.get_by_role("button", name="Dark theme", pressed=True).click()
    light = page.evaluate(colour)
    assert light != dark
    page.reload()
    expect(page.locator("#state")).to_have_text("Live")
    assert page.evaluate(colour) == light
    page.get_by_role("button", name="Dark theme", pressed=False).click()
    assert page.evaluate(colour) == dark


def test_keyboard_alone(page):
    """The order of Tab is that of the page, and what has the focus is seen."""
    seen = []
    for _ in range(9):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("""() => {
            const e = document.activeElement, style = getComputedStyle(e);
            if (style.outlineStyle === 'none') throw Error(e.outerHTML);
            return e.getAttribute('aria-label') || e.textContent.trim().split('\\n')[0];
        }""")
        )
    assert seen[:7] == [
        "Skip to content", "Dark theme", "Sign out", "Plots", "Files", "Console", "Board"
    ]  # fmt: skip
    assert seen[8].startswith("Heap: in use ")
    plot = page.locator("article .muted").first
    page.keyboard.press("ArrowLeft")
    expect(plot).to_have_text(re.compile("s ago"))
    page.keyboard.press("Escape")
    expect(plot).to_have_text("")
    page.locator("#nav a").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#line")).to_be_focused()


def test_plots(page):
    charts = page.locator("#charts")
    expect(charts).to_have_attribute("data-rows", re.compile("[2-9]"), timeout=10000)
    expect(page.locator("h3").locator("visible=true")).to_have_text(
        ["Heap", "Requests", "Loop lag", "Temperature", "Load"]
    )
    legend = page.locator("article").first.locator("li")
    expect(legend).to_have_text(
        [re.compile(r"^in use [\d.]+ [KM]B$"), re.compile(r"^free [\d.]+ [KM]B$")]
    )
    expect(page.locator("article").nth(3).locator("b")).to_have_text("41.0 °C")
    axis = page.locator("article").first.locator(".grid text").all_text_contents()
    assert axis[0] == "0" and axis[-3:] == ["2 min ago", "1 min ago", "now"]
    assert any(re.fullmatch(r"[\d.]+ [KM]B", text) for text in axis)
    before = int(charts.get_attribute("data-rows"))
    expect(charts).not_to_have_attribute("data-rows", str(before), timeout=10000)
    page.get_by_label("Last").select_option("15 minutes")
    expect(page.locator(".grid text", has_text="15 min ago").first).to_be_visible()
    box = page.locator(".plot").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 12, box["y"] + 80)
    expect(page.locator(".cross circle").first).to_be_attached()


def test_files(page, board, tmp_path):
    page.goto(board.url("/#files"))
    expect(page.get_by_role("button", name="main.py", exact=True)).to_be_visible()
    size = r"[\d.]+ [KMG]B"
    expect(page.locator("#space")).to_have_text(re.compile(f"^{size} free of {size}$"))
    page.get_by_role("button", name="+ Folder").click()
    page.keyboard.type("logs")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="logs").click()
    expect(page.locator("#entries")).to_have_text(re.compile("This folder is empty"))
    # a name that is text and no element
    hostile = "<img src=x onerror=alert(1)>.txt"
    (tmp_path / hostile).write_text("x" * 15)
    (tmp_path / "b.bin").write_bytes(b"\0\xff" * 1000)
    page.locator("#chosen").set_input_files([tmp_path / hostile, tmp_path / "b.bin"])
    expect(page.locator("tbody .name")).to_have_text([hostile, "b.bin"])
    expect(page.locator("tbody .size")).to_have_text(["15 B", "2.0 KB"])
    with page.expect_download() as download:
        page.get_by_role("link", name="Download b.bin").click()
    assert download.value.suggested_filename == "b.bin"
    assert open(download.value.path(), "rb").read() == b"\0\xff" * 1000
    page.get_by_role("button", name="b.bin", exact=True).click()
    expect(page.locator("#editor")).to_have_text(re.compile("It is no text, but 2.0 KB"))
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Rename b.bin").click()
    page.keyboard.type("c")  # what is before the extension is chosen
    page.keyboard.press("Enter")
    expect(page.locator("tbody .name")).to_have_text([hostile, "c.bin"])
    page.get_by_role("button", name="Delete " + hostile).click()
    expect(page.locator("dialog h2")).to_have_text(f"Delete {hostile}?")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    assert (board.folder / "logs" / hostile).exists()
    for name in (hostile, "c.bin"):
        page.get_by_role("button", name="Delete " + name).click()
        page.locator("dialog").get_by_role("button", name="Delete").click()
        expect(page.locator("tbody .name", has_text=name)).to_have_count(0)
    page.go_back()
    page.get_by_role("button", name="Delete logs").click()
    page.locator("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name="logs")).to_have_count(0)
    # the page's own files can be seen
    page.get_by_role("link", name="panel").click()
    page.get_by_role("button", name="live.py").click()
    expect(page.get_by_role("button", name="Read only")).to_be_disabled()


def test_a_text_keeps_the_ends_of_its_lines(page, board):
    hostile = "<b>.txt"
    (board.folder / "logs").mkdir()
    (board.folder / "logs" / hostile).write_bytes(b"first\r\nsecond\r\n")
    page.goto(board.url("/#files/logs"))
    page.get_by_role("button", name=hostile, exact=True).click()
    expect(page.locator("#editor textarea")).to_have_value("first\nsecond\n")
    page.keyboard.press("Control+Home")
    page.keyboard.type("zeroth")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("dialog h2")).to_have_text("Leave without saving?")
    page.keyboard.press("Escape")
    page.locator("#editor textarea").focus()
    page.keyboard.press("Control+s")
    expect(page.locator("#toast")).to_have_text(hostile + " is saved.")
    assert (board.folder / "logs" / hostile).read_bytes() == b"zeroth\r\nfirst\r\nsecond\r\n"
    page.keyboard.press("Escape")
    (board.folder / "logs" / hostile).unlink()
    (board.folder / "logs").rmdir()


def test_a_new_file(page, board):
    page.goto(board.url("/#files"))
    page.get_by_role("button", name="+ File").click()
    page.keyboard.type("notes.txt")
    page.keyboard.press("Enter")
    page.locator("#editor textarea").fill("ä 😀\n")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toast")).to_have_text("notes.txt is saved.")
    assert (board.folder / "notes.txt").read_text() == "ä 😀\n"
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="notes.txt", exact=True)).to_be_visible()
    (board.folder / "notes.txt").unlink()


def test_a_file_is_dropped(page, board):
    page.goto(board.url("/#files"))
    expect(page.get_by_role("button", name="main.py", exact=True)).to_be_visible()
    page.evaluate(boards.DROP, ["#drop", "dropped.txt", "one"])
    expect(page.get_by_role("button", name="dropped.txt", exact=True)).to_be_visible()
    page.evaluate(boards.DROP, ["#drop", "dropped.txt", "two"])
    page.locator("dialog").get_by_role("button", name="Replace").click()
    expect(page.locator("#toast")).to_have_text("dropped.txt is on the board.")
    expect(page.locator("#sending li")).to_have_count(0)
    assert (board.folder / "dropped.txt").read_text() == "two"
    (board.folder / "dropped.txt").unlink()


def test_an_upload_tells_how_far_it_is(page, board, tmp_path):
    page.goto(board.url("/#files"))
    expect(page.get_by_role("button", name="main.py", exact=True)).to_be_visible()
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 300000}
    network.send("Network.emulateNetworkConditions", slow)
    (tmp_path / "large.bin").write_bytes(bytes(4 << 20))
    page.locator("#chosen").set_input_files(tmp_path / "large.bin")
    sending = page.locator("#sending li")
    expect(sending).to_have_text(re.compile(r"[1-9]\d? % of 4.0 MB, [\d.]+ [KM]B/s"), timeout=20000)
    assert 0 < float(page.locator("progress").first.evaluate("bar => bar.value")) < 1
    page.get_by_role("button", name="Cancel large.bin").click()
    expect(sending).to_have_text(re.compile("cancelled"))
    slow["uploadThroughput"] = -1
    network.send("Network.emulateNetworkConditions", slow)
    page.get_by_role("button", name="Dismiss large.bin").click()
    page.locator("#chosen").set_input_files(tmp_path / "large.bin")
    expect(page.get_by_role("button", name="large.bin", exact=True)).to_be_visible()
    assert not (board.folder / "large.bin.part").exists()
    (board.folder / "large.bin").unlink()


def test_what_a_phone_shows_of_a_file(opened, board):
    page = opened("files", PHONE, has_touch=True)
    page.get_by_role("button", name="Actions for main.py").tap()
    expect(page.locator("dialog button")).to_have_text(["Rename", "Delete", "Cancel"])
    page.locator("dialog").get_by_role("button", name="Rename").tap()
    expect(page.locator("dialog h2")).to_have_text("Rename main.py")
    page.locator("dialog").get_by_role("button", name="Cancel").tap()
    expect(page.locator("dialog")).to_be_hidden()
    page.goto(board.url("/#files/none"))
    expect(page.locator("#entries")).to_have_text(re.compile("there is no such folder"))


def test_console(page):
    page.locator("#nav a[href='#console']").click()
    line, log = page.locator("#line"), page.locator("#log pre")
    page.keyboard.type("6 * 7")
    page.keyboard.press("Enter")
    expect(log).to_have_text([">>> 6 * 7", "42"])
    page.keyboard.type("for i in range(2):")
    page.keyboard.press("Enter")
    expect(line).to_have_value("for i in range(2):\n    ")
    page.keyboard.type("print(i, '<b>')")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(log.last).to_have_text("0 <b>\n1 <b>")
    page.keyboard.press("ArrowUp")
    expect(line).to_have_value("for i in range(2):\n    print(i, '<b>')")
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowUp")
    expect(line).to_have_value("6 * 7")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(line).to_have_value("")
    line.fill("x = 1\nif x:\n    y = 2\ny")  # as what is pasted
    page.get_by_role("button", name="Run").click()
    expect(log.last).to_have_text("2")
    page.keyboard.type("1 +")
    page.keyboard.press("Enter")
    expect(log.last).to_have_text(re.compile("SyntaxError"))
    expect(log.last).to_have_class("bad")
    page.keyboard.type("y")
    page.keyboard.press("Enter")
    expect(log.last).to_have_text("2")
    page.get_by_role("button", name="Clear").click()
    expect(log).to_have_count(0)


def test_updates(page, board, tmp_path):
    page.locator("#nav a[href='#board']").click()
    image = b"\xe9" + bytes(range(256)) * 64
    (tmp_path / "new.bin").write_bytes(image)
    page.get_by_label("Firmware image", exact=True).set_input_files(tmp_path / "new.bin")
    page.get_by_role("button", name="Update").first.click()
    page.locator("dialog").get_by_role("button", name="Update").click()
    board.server.wait_for_line("will boot ota_1")
    assert (board.folder / "firmware.bin").read_bytes()[: len(image)] == image
    (board.folder / "firmware.bin").unlink()
    style = board.folder / "panel/www/style.css"
    shutil.copy(style, tmp_path)
    (tmp_path / "none.css").write_text("")
    page.get_by_label("Files of the page", exact=True).set_input_files(tmp_path / "none.css")
    page.get_by_role("button", name="Update").last.click()
    expect(page.locator("#cards .bad")).to_have_text("The page has no file none.css.")
    with (tmp_path / "style.css").open("a") as file:
        file.write("/* newer */\n")
    page.get_by_label("Files of the page", exact=True).set_input_files(tmp_path / "style.css")
    page.get_by_role("button", name="Update").last.click()
    expect(page.locator("#cards")).to_have_text(re.compile("They are in place"))
    assert style.read_text().endswith("/* newer */\n")
    page.get_by_role("button", name="Restart").click()
    page.locator("dialog").get_by_role("button", name="Restart").click()
    expect(page.locator("#toast")).to_have_text("The board restarts.")
    page.get_by_label("Password now").fill("wrong")
    page.get_by_label("New password").fill("long enough")
    page.get_by_role("button", name="Change it").click()
    expect(page.locator("#toast")).to_have_text("that is not the password", timeout=10000)
    page.faults.clear()  # the console tells of the 422


def test_the_connection_comes_back(opened, board):
    page = opened()
    board.server.stop()
    expect(page.locator("#state")).to_have_text("Offline")
    expect(page.locator("#why")).to_have_text(
        re.compile(r"^No connection to the board. Next try in \d+ s.$")
    )
    page.locator("#nav a[href='#files']").click()
    expect(page.locator("#entries")).to_have_text(re.compile("no connection"))
    board.start()
    # by itself, and with the session of before
    expect(page.locator("#state")).to_have_text("Live", timeout=30000)
    expect(page.locator("#lost")).to_be_hidden()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="main.py", exact=True)).to_be_visible()
    # another password elsewhere: this page asks for it
    (board.folder / ".password").write_text("another password")
    board.server.stop()
    board.start()
    page.get_by_role("button", name="Try now").or_(page.locator("[name=password]")).first.click(
        timeout=30000
    )
    expect(page.locator("[name=password]")).to_be_visible(timeout=30000)
    page.fill("[name=password]", "another password")
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("Live")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("h1")).to_have_text("Sign in")
