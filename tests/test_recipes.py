"""The tutorial's programs, one after the other, and what the cookbook has to be seen by more
than one request."""

import ast
import dataclasses
import subprocess

import httpx
import pytest
import recipes
import test_docs
from conftest import MICROPYTHON, WITH_TLS, Server, environment, free_port, packages
from pages import PAGES, blocks, programs, serving

from bench import peers

PROGRAMS = programs()
PLANT, GARDEN, TESTS = [
    f"tutorial.md {number}" for number in (recipes.PLANT, recipes.GARDEN, recipes.TESTS)
]
# as the guide to testing has it for boards
TESTER = """
import asyncio
import test_garden

for name in dir(test_garden):
    if name.startswith('test_'):
        test_garden.setup_function()
        asyncio.run(getattr(test_garden, name)())
        print(name, 'passed')
"""


def hurried(program):
    """The same with seconds that a test has time for."""
    code = program.code.replace("EVERY = 60", "EVERY = 0.1").replace("PUMP = 2", "PUMP = 0.01")
    return dataclasses.replace(program, code=code)


@pytest.mark.parametrize("name", recipes.STEPS)
def test_step_of_the_tutorial(name, tmp_path):
    (tmp_path / "plant.py").write_text(PROGRAMS[PLANT].code)
    # main.py of the board imports it
    (tmp_path / "garden.py").write_text(hurried(PROGRAMS[GARDEN]).code)
    with serving(hurried(PROGRAMS[name]), tmp_path) as server:
        recipes.STEPS[name](server, tmp_path)


def test_tests_of_the_tutorial(tmp_path):
    for name, number in (("plant", PLANT), ("garden", GARDEN), ("test_garden", TESTS)):
        (tmp_path / f"{name}.py").write_text(PROGRAMS[number].code)
    (tmp_path / "tester.py").write_text(TESTER)
    done = subprocess.run(
        [MICROPYTHON, "tester.py"],
        cwd=tmp_path,
        env=environment(packages("native")),
        capture_output=True,
        text=True,
        timeout=30,
    )
    said = done.stdout + done.stderr
    assert said.count(" passed") == PROGRAMS[TESTS].code.count("async def test_"), said


def test_the_same_program_for_microdot(tmp_path):
    """What the guide begins from does what it comes to."""
    (code,) = blocks("guides/microdot.md", "py")

    def command(port):
        (tmp_path / "main.py").write_text(code.replace("app.run()", f"app.run(port={port})"))
        return [WITH_TLS, "-X", "heapsize=4M", "main.py"]  # whose hashlib has SHA-1

    server = Server("native", command, str(peers.fetch("microdot")), tmp_path)
    try:
        test_docs.microdot(server, tmp_path)
    finally:
        server.stop()


def test_http_leads_to_https(tmp_path):
    (commands,) = [c for c in blocks("cookbook.md", "sh") if "subjectAltName" in c]
    (to_der,) = blocks("guides/https.md", "sh")
    to_der = to_der[to_der.index("openssl x509") :]
    subprocess.run(
        ["bash", "-ec", commands + to_der], cwd=tmp_path, check=True, capture_output=True
    )
    safe = free_port()

    def command(port):
        code = PROGRAMS["cookbook.md 12"].code
        code = code.replace("port=443", f"port={safe}").replace("port=80", f"port={port}")
        (tmp_path / "main.py").write_text(code)
        return [WITH_TLS, "main.py"]

    server = Server("native", command, packages("native"), tmp_path)
    try:
        for path in ("/", "/a/b?c=d"):
            done = httpx.get(server.url(path))
            assert done.status_code == 301
            assert done.headers["location"] == "https://board.local" + path
        done = subprocess.run(
            ["curl", "-sS", "--cacert", "cert.pem", "--resolve", f"board.local:{safe}:127.0.0.1"]
            + [f"https://board.local:{safe}/"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert done.stdout == "Hello, safely!", done.stderr
    finally:
        server.stop()


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "py")])
def test_what_needs_other_modules_is_python_at_least(page):
    for code in blocks(page, "py"):
        ast.parse(code)
