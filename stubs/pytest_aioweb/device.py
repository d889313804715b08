# What runs tests under MicroPython: it is told by lines of JSON which, and tells of each
# how it failed, "" if it did not, in a line that begins with a word of its own.
#
#   micropython device.py WORD
import asyncio
import gc
import io
import json
import sys
from asyncio import core

SHOWN = 300  # characters of a value

OPERATORS = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "is": lambda a, b: a is b,
    "is not": lambda a, b: a is not b,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}


def shown(value):
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def compare(operator, left, right):
    if not OPERATORS[operator](left, right):
        raise AssertionError("assert {} {} {}".format(shown(left), operator, shown(right)))


def check(text, value):
    if not value:
        raise AssertionError("assert {}, which is {}".format(text, shown(value)))


names = {}


def load(file, name):
    with open(file) as source:
        text = source.read()
    names.update(
        __name__=name.rsplit(".", 1)[0],
        __file__=name,
        _aioweb_compare=compare,
        _aioweb_check=check,
    )
    exec(compile(text, name, "exec"), names)


async def noted(coroutine, ended):
    await coroutine
    ended.append(True)


def call(name):
    function = names.get(name)
    result = function() if function else None
    if hasattr(result, "send"):
        ended = []
        task = asyncio.create_task(noted(result, ended))
        try:
            core.run_until_complete(task)
        except KeyboardInterrupt:
            # it took too long: where it waits is told by what ends it there
            core.cur_task = None  # it may have been the last that ran
            task.cancel()
            core.run_until_complete(task)
        if not ended:
            raise AssertionError(name + "() waits for what nothing brings about")


def test(name):
    gc.collect()
    call("setup_function")
    try:
        call(name)
    finally:
        call("teardown_function")


def main(word):
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        asked = json.loads(line)
        told = ""
        try:
            if "load" in asked:
                load(asked["load"], asked["name"])
            else:
                test(asked["test"])
        except BaseException as e:
            out = io.StringIO()
            sys.print_exception(e, out)
            told = out.getvalue()
        print(word + json.dumps(told))


main(sys.argv[1])
