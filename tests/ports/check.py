"""Checks that the emulated targets are what the tests take them for.

    python3 tests/ports/check.py [--out DIR] [TARGET...]

The targets must be built: python3 tools/emulators.py build
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import emulators

# Prints the architecture, the pointers' width, the heap and which of the empty
# native modules arch_1 to arch_12 the VM refuses.
BASICS = """
import array, asyncio, binascii, gc, io, json, select, struct, sys, time
print(sys.implementation._mpy >> 10 & 15)
print(64 if sys.maxsize > 1 << 31 else 32)
print((gc.mem_free() + gc.mem_alloc()) // 1000)
def refused(n):
    try:
        __import__("arch_%d" % n)
    except ValueError:
        return True
print([n for n in range(1, 13) if n not in ACCEPTED and not refused(n)])
async def nap():
    start = time.ticks_ms()
    await asyncio.sleep_ms(30)
    print(30 <= time.ticks_diff(time.ticks_ms(), start) < 3000)
asyncio.run(nap())
sys.exit(7)
"""

SOCKETS = """
import asyncio
async def echo(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    await writer.wait_closed()
async def main():
    for port in range(23000, 24000):
        try:
            await asyncio.start_server(echo, "127.0.0.1", port)
            break
        except OSError:
            pass
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hello\\n")
    await writer.drain()
    print(await reader.read())
asyncio.run(main())
"""

# A native function that loads a word from an address that is no multiple of 4.
UNALIGNED = """
import uctypes
@micropython.viper
def load(p: ptr32) -> int:
    return p[0] & 0xff
data = bytes(range(16))
print(load(uctypes.addressof(data)))
print(load(uctypes.addressof(data) + 1))
"""

COUNT = """
def count():
    with open(%r) as f:
        return int(f.read())
def work():
    return sum(i * i for i in range(200))
count()
before = count()
work()
print(count() - before)
"""

MOUNTED = """
import answer, os
print(answer.ANSWER, os.getcwd())
"""


def expect(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: {got!r}, not {wanted!r}")


def check(target, out):
    name, board = target.name, target.kind == "board"
    thumb = target.arch.startswith("armv")
    accepted = list(range(4, target.number + 1)) if thumb else [target.number]
    headers = {f"arch_{n}.mpy": bytes([ord("M"), 6, n << 2 | 3, 31]) for n in range(1, 13)}
    script = BASICS.replace("ACCEPTED", repr(accepted))
    output, code = emulators.run(name, script, headers, heap="100k", out_dir=out)
    bits = 64 if target.arch == "x64" else 32
    heap = 140 if board else 101 if bits == 64 else 100
    expect("basics", (output, code), (f"{target.number}\n{bits}\n{heap}\n[]\nTrue\n", 7))

    if target.kind == "unix":
        expect(
            "sockets", emulators.run(name, SOCKETS, timeout=20, out_dir=out), ("b'hello\\n'\n", 0)
        )
    if target.kind in ("unix", "user"):
        with tempfile.TemporaryDirectory() as folder:
            count, script = Path(folder) / "count", Path(folder) / "script.py"
            script.write_text(COUNT % str(count))
            argv = emulators.command(name, "100k", out, count) + [str(script)]
            figures = [
                subprocess.run(argv, capture_output=True, text=True).stdout for _ in range(2)
            ]
        expect("a count", figures[0].strip().isdigit(), True)
        expect("the count's repetition", figures[1], figures[0])
    if board:
        output, code = emulators.run(name, UNALIGNED, out_dir=out)
        # A Cortex-M0 takes a HardFault; the other cores load the word.
        faults = target.arch == "armv6m"
        wanted = ("0\nHardFa", emulators.FAULT) if faults else ("0\n1\n", 0)
        expect("an unaligned load", (output[:8] if faults else output, code), wanted)
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "script.py"
            script.write_text(MOUNTED)
            (Path(folder) / "answer.py").write_text("ANSWER = 42\n")
            with emulators.serial_board(name, out_dir=out) as device:
                argv = [sys.executable, "-m", "mpremote", "connect", device]
                argv += ["mount", folder, "run", str(script)]
                done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        # mpremote's own line may come before or after
        expect("mpremote mount", "42 /remote" in done.stdout.splitlines(), True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--out", type=Path, default=emulators.OUT, help="where the targets are built"
    )
    parser.add_argument(
        "target",
        nargs="*",
        # test_rp2040.py checks the chip
        default=[n for n, t in emulators.TARGETS.items() if t.kind not in ("plugin", "chip")],
    )
    args = parser.parse_args()
    failed = 0
    for name in args.target:
        try:
            check(emulators.TARGETS[name], args.out)
            print(f"{name:18}ok")
        except (AssertionError, OSError) as error:
            failed = 1
            print(f"{name:18}FAILED: {error}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
