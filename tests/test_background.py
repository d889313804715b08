"""What runs beside the server: tasks, and calls from other threads and interrupts."""

import json

import httpx
import pytest
from conftest import DEVICE, free_port, serving
from websockets.sync.client import connect
from wire import Client, open_files_fall_to, request, wait_until


@pytest.fixture
def tasks(parser):
    with serving(parser, DEVICE / "background.py", str(free_port())) as server:
        server.wait_for_line("inside begins")
        yield server


def ask(server, path):
    return httpx.get(server.url(path), timeout=20).text


# -- tasks


def test_tasks_begin_with_the_app_and_end_with_it(tasks):
    """They end when the requests have, and stop() has waited for them."""
    other = int(tasks.process.args[-1])
    for _ in range(2):
        tasks.wait_for_line("inside begins")
        assert tasks.console[0] == "blink begins" and "once True" in tasks.console
        with Client(tasks, other) as client:
            client.send(request("/slow"))
            tasks.wait_for_line("slow begins")
            assert ask(tasks, "/stop") == "stopped"
            assert client.receive().text == "slow"
        tasks.wait_for_line("stopped")
        ends = [line for line in tasks.console if line in ENDS]
        assert ends == ENDS
        tasks.console.clear()
        assert ask(tasks, "/start") == "started"


ENDS = ["slow ends", "blink ends", "inside ends", "stopped"]


def test_fault_is_told_in_one_line(tasks):
    line = tasks.wait_for_line("faulty")
    assert line.startswith(r"web: task faulty: ValueError: no\nsensor (File ")
    assert line.endswith(", in faulty)")
    assert ask(tasks, "/stop") == "stopped"
    assert [line for line in tasks.console if "faulty" in line] == [line]
    assert not [line for line in tasks.console if "Traceback" in line or "retrieved" in line]


def test_task_that_begins_again(tasks):
    for n in (1, 2, 3):
        wait_until(lambda n=n: tasks.console.count("again begins") == n)
        assert ask(tasks, "/open") == "open"
        wait_until(lambda n=n: len([s for s in tasks.console if "task again" in s]) == n)
    assert tasks.wait_for_line("task again").endswith(", in again); again in 0.2 s")
    # while it waits for its next turn, too
    assert ask(tasks, "/stop") == "stopped"


def test_task_of_an_app_that_serves(tasks):
    assert ask(tasks, "/late") == "done"
    tasks.wait_for_line("came late")


def test_task_that_stops_its_app(tasks):
    assert ask(tasks, "/ends-all") == "done"
    tasks.wait_for_line("ended all")
    assert "blink ends" in tasks.console
    with pytest.raises(ConnectionRefusedError):
        Client(tasks, int(tasks.process.args[-1]))


def test_task_that_waits_for_a_cancelled_one(tasks):
    assert ask(tasks, "/cancelled") == "done"
    tasks.wait_for_line("web: task waits: CancelledError")
    assert ask(tasks, "/stop") == "stopped"


@pytest.mark.parametrize(
    "what,said",
    [
        ("plain", "TypeError: plain is a plain def: a task is an async def, which waits by await"),
        ("plain-restart", "TypeError: plain is a plain def: a task is an async def"),
        ("called", "TypeError: app.task wants the function, not what a call of it returns"),
        ("number", "TypeError: @app.task(restart=5), not @app.task(5)"),
        ("text", "TypeError: a task must be an async def, not 'other'"),
        ("zero", "ValueError: restart must be seconds above 0, not 0"),
        ("negative", "ValueError: restart must be seconds above 0, not -1"),
    ],
)
def test_what_is_no_task(tasks, what, said):
    assert ask(tasks, "/wrong?what=" + what).startswith(said)


def test_closure_that_is_no_task(tasks):
    """It is found when it is called, and does not keep the app from starting anew."""
    assert "a task is an async def" in ask(tasks, "/closure")
    assert ask(tasks, "/stop") == "stopped"
    assert ask(tasks, "/start") == "started"


def test_no_memory_stays(tasks):
    def cycle():
        ask(tasks, "/stop")
        ask(tasks, "/start")
        return int(ask(tasks, "/"))

    cycle()
    files = tasks.open_files()
    used = [cycle() for _ in range(6)]
    assert used[-1] <= used[1] + 256
    assert open_files_fall_to(tasks, files)


# -- calls from outside


@pytest.fixture(scope="module")
def outside(parser):
    with serving(parser, DEVICE / "outside.py") as server:
        yield server


def test_messages_of_threads_and_interrupts(outside, n=50):
    """Each arrives once, in the order of those who sent it, while the loop has nothing else
    to wake up for."""
    with connect(outside.url("/room", "ws")) as ws:
        for way in ("thread", "schedule", "loop"):
            httpx.get(outside.url(f"/send?way={way}&n={n}"))
            got = [json.loads(ws.recv(timeout=10)) for _ in range(n)]
            assert got == [[way, i] for i in range(n)]


def test_threads_at_once(outside):
    """Two of them, and interrupts, beside a client that comes and goes."""
    with connect(outside.url("/room", "ws")) as ws:
        for way in ("thread", "thread", "schedule"):
            # which reads nothing; with a limit to what waits there the client would hang
            with connect(outside.url("/room", "ws"), max_queue=None):
                httpx.get(outside.url(f"/send?way={way}&n=200"))
        got = [json.loads(ws.recv(timeout=20)) for _ in range(600)]
        for way, n in (("thread", 2), ("schedule", 1)):
            assert sorted(i for w, i in got if w == way) == sorted(list(range(200)) * n)
    assert outside.console == []


def test_more_than_may_wait(outside):
    assert httpx.get(outside.url("/full")).json() == {"accepted": 4, "refused": "RuntimeError"}
    assert httpx.get(outside.url("/called")).json() == [0, 1, 2, 3]


def test_fault_of_what_is_called(outside):
    httpx.get(outside.url("/fault"))
    line = outside.wait_for_line("ZeroDivisionError")
    assert line.startswith("web: threadsafe: ZeroDivisionError: divide by zero (File ")
    assert outside.wait_for_line("threadsafe() takes no async def")
    assert httpx.get(outside.url("/called")).status_code == 200
    outside.console.clear()


def test_what_is_no_function(outside):
    assert httpx.get(outside.url("/wrong")).text == "threadsafe() wants a function, not 5"
