"""What is hidden in a request is none to our server, unless the proxy sent it as one, and
no client gets what another one is owed."""

import contextlib
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import DEVICE, serving
from proxies import PROXIES, Proxy
from wire import Client, request
from wire.ambiguous import cases

PATIENCE = 0.3  # seconds for a first answer: some cases get none
QUIET = 0.02


def answers(server, case):
    """What a client gets that sends this."""
    received = b""
    with server.connect() as s, contextlib.suppress(OSError):
        s.sendall(case)
        s.settimeout(PATIENCE)
        while piece := s.recv(65536):
            received += piece
            s.settimeout(QUIET)
    return received


def seen(server):
    """The requests that the server saw since the last call."""
    with Client(server) as client:
        response = client.get("/seen", "Connection: close")
    assert response.status == 200, server.console
    return json.loads(response.text)["seen"]


class Neighbour:
    """Another client of a proxy, whose answers are to be its own."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.client = None

    def visit(self, path):
        """Returns what is wrong with the answer."""
        kept = self.client is not None
        self.client = self.client or Client(self.proxy)
        try:
            self.client.send(request(path))
            response = self.client.receive()
        except (OSError, AssertionError) as e:
            nothing = not self.client.received
            self.client.close()
            self.client = None
            # a proxy may end a connection while nothing is asked of it
            return self.visit(path) if kept and nothing else f"no answer to {path}: {e!r}"
        if response.closes:
            self.client.close()
            self.client = None
        right = (response.status, response.text) == (200, path)
        return None if right else f"{path} got {response}"


def judge(number, requests, received, next_path):
    """What is wrong with what the server saw of a case and of the next client's request."""
    paths = [path for _, path, *_ in requests]
    unmarked = [path for _, path, marked, *_ in requests if not marked]
    found = [f"not sent by the proxy: {path}" for path in unmarked if "smuggled" in path]
    found += [f"twice: {path}" for path in paths if paths.count(path) > 1 and number in path]
    if paths.count(next_path) != 1:
        found.append(f"not once: {next_path} in {paths}")
    for other in re.findall(rb"/(?:case|smuggled|next)/(\d+)", received):
        if other.decode() != number:
            found.append(f"another's response: {received}")
    return found


def try_all(name, folder, parser):
    """Returns what is wrong, how many cases the proxy passed on, and on how many a
    neighbour's request followed on the same connection."""
    wrong, passed, followed = [], 0, 0
    with serving(parser, DEVICE / "behind.py", heap="8M") as server:
        proxy = Proxy(name, server, folder)
        neighbour = Neighbour(proxy)
        try:
            for i, case in enumerate(cases()):
                number, path = f"{i:03}", f"/next/{i:03}"
                received = answers(proxy, case)
                told = neighbour.visit(path)
                requests = seen(server)
                found = judge(number, requests, received, path) + ([told] if told else [])
                wrong += [f"{name} {number}: {what}, {case}" for what in found]
                others = {addr for _, p, _, addr, _ in requests if p != path}
                passed += bool(others)
                followed += bool(others & {addr for _, p, _, addr, _ in requests if p == path})
        finally:
            proxy.stop()
        wrong += [f"{name}: {line}" for line in server.console]
    return wrong, passed, followed


@pytest.fixture(scope="module")
def results(parser, tmp_path_factory):
    """Of all proxies, which have their cases at the same time: they mostly wait."""
    with ThreadPoolExecutor(len(PROXIES)) as pool:
        folders = [tmp_path_factory.mktemp("proxy") for _ in PROXIES]
        found = pool.map(try_all, PROXIES, folders, [parser] * len(PROXIES))
        return dict(zip(PROXIES, found))


@pytest.mark.parametrize("name", PROXIES)
def test_never_two_interpretations(results, name):
    wrong, passed, followed = results[name]
    assert not wrong, "\n".join(wrong[:40])
    assert passed > 30 and followed > 10


def test_what_is_hidden_is_found(parser):
    """By the judge, were it there: no proxy marks what comes straight."""
    with serving(parser, DEVICE / "behind.py") as server:
        case = request("/case/007") + request("/smuggled/007")
        received = answers(server, case)
        found = judge("007", seen(server), received, "/next/007")
    assert found[0] == "not sent by the proxy: /smuggled/007"
    stolen = b"HTTP/1.1 200 OK\r\n\r\n/next/006"
    assert judge("007", [["GET", "/next/007", True, "", "a"]], stolen, "/next/007")
