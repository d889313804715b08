"""The files in dist/, executed on every architecture that they are for."""

import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import captive
import dist
import emulators
import matrix
import pytest
import test_background
import test_captive
import test_captive_names
import test_examples
import vectors
from conftest import BUILD, DEVICE, ROOT, Server, free_port
from ports import check
from websockets.sync.client import connect

HEAP = "100k"
TESTED = [
    (arch, target)
    for arch, entry in matrix.ARCHITECTURES.items()
    for target in entry["tested"]
    if emulators.TARGETS[target].kind != "chip"  # test_rp2040.py
]
SOCKETS = [pair for pair in TESTED if emulators.TARGETS[pair[1]].kind == "unix"]
# Pointers and small ints are of 64 bits there, so that what it prints may differ.
REFERENCE = ("x64", "unix-x64")


def each(pairs):
    return pytest.mark.parametrize("arch,target", pairs, ids=[f"{a}-on-{t}" for a, t in pairs])


@pytest.fixture(autouse=True)
def built(target):
    emulators.build(target)


def heap_of(target):
    return "200k" if target == "unix-x64" else HEAP


def execute(arch, target, script, files=None, heap=None):
    """Run a script on the target beside the shipped package; its output."""
    content = dist.shipped_files(arch) | (files or {})
    done = emulators.run(target, script, content, 200, heap or heap_of(target))
    assert done.exit == 0, done.output
    return done.output


def installed(arch):
    """A folder with what the shipped package installs."""
    return dist.write_folder(dist.shipped_files(arch), BUILD / "installed" / arch)


def device(name):
    """A file of tests/device, to be imported by a script."""
    return {f"{name}.py": (DEVICE / f"{name}.py").read_bytes()}


def check_vectors(arch, target, which, step, every=1):
    """One of so many vectors of each kind is tried."""
    files = device("vectors")
    total = 0
    for name in vectors.FILES:
        cases = vectors.part(vectors.device_cases(name), every)
        total += len(cases)
        files[f"{name}.jsonl"] = vectors.lines(cases).encode()
    script = f"import vectors\nvectors.main({which!r}, '', {step})\n"
    assert execute(arch, target, script, files) == f"{total} passed, 0 failed\n"


@pytest.mark.parametrize("target", sorted({target for _, target in TESTED}))
def test_the_emulator_is_what_it_claims(target):
    emulators.build("icount")
    check.check(emulators.TARGETS[target], emulators.OUT)


@pytest.mark.parametrize("target", ["xtensawin"])
def test_the_ports_own_assembly(target):
    """setjmp, longjmp, deep recursion and the collector's scan of all windows."""
    subprocess.run(
        ["make", "-s", "-C", ROOT / "tests" / "ports" / target, "selftest"]
        + [f"MPY_DIR={matrix.micropython()}", f"BUILD={BUILD / 'ports' / target}"],
        check=True,
    )


# All vectors are tried on each architecture's file, on the target that is fastest; the same
# machine code is on the board whose core it is for with a part of them.
ALL_VECTORS = [*SOCKETS, *[(a, t) for a, t in TESTED if a not in dict(SOCKETS)]]


@each(TESTED)
def test_vectors(arch, target):
    check_vectors(arch, target, "native", 1, 1 if (arch, target) in ALL_VECTORS else 8)


# All of them where 32 bits are this machine's own; on others, where the same bytecode runs in
# an interpreter of the same source, a part.
@pytest.mark.parametrize(
    "arch,target,every",
    [("x86", "unix-x86", 1), ("armv6m", "unix-armv6m", 8), ("rv32imc", "board-rv32", 16)],
)
def test_vectors_on_the_portable_twin(arch, target, every):
    check_vectors(arch, target, "portable", 16, every)


@each(TESTED)
def test_misuse_raises_what_it_does_on_x64(arch, target):
    """Exceptions raised in C are caught in Python, and nothing is lost to the GC."""
    emulators.build(REFERENCE[1])
    script = "import misuse\nmisuse.main()\n"
    reference = execute(*REFERENCE, script, device("misuse"))
    assert "IndexError" in reference and "TypeError" in reference
    assert execute(arch, target, script, device("misuse")) == reference


@each([*TESTED, ("portable", "unix-armv6m"), ("portable", "board-cortex-m0")])
def test_connections_in_memory_send_the_same_bytes_as_on_x64(arch, target):
    emulators.build(REFERENCE[1])
    script = (DEVICE / "inmemory.py").read_text()
    reference = execute(*REFERENCE, script)
    # each was closed, and all but the one that sent half a request got an answer
    lines = reference.splitlines()
    assert len(lines) == 21 and all(line.startswith("True b") for line in lines)
    assert [i for i, line in enumerate(lines) if "HTTP/1.1 " not in line] == [10]
    # nearly all modules are loaded, and the script compiled there
    assert execute(arch, target, script, heap="160k") == reference


@each([("bundle", target) for target in sorted({target for _, target in TESTED})])
def test_bundle(arch, target):
    """The board takes its own native files of those of all architectures."""
    own = emulators.TARGETS[target].arch
    assert execute(arch, target, WHICH) == f"native {own} False False\n"


# -- real sockets


class Serving:
    """A context manager like conftest.serving, on an emulated target."""

    def __init__(self, arch, target, script, example=True, more=()):
        runner = [DEVICE / "run_example.py"] if example else []
        argv = emulators.command(target, heap_of(target))
        which = "portable" if arch == matrix.PORTABLE else "native"
        self.server = Server(
            which,
            lambda port: [*argv, *runner, script, str(port), *more, which],
            packages=installed(arch),
        )

    def __enter__(self):
        return self.server

    def __exit__(self, *_):
        self.server.stop()


@each([*SOCKETS, ("portable", "unix-armv6m")])
@pytest.mark.parametrize("name", ["hello", "form", "websocket", "events"])
def test_example(arch, target, name):
    def example(file):
        return Serving(arch, target, ROOT / "examples" / file)

    getattr(test_examples, f"test_{name}")(example)


@each([*SOCKETS, ("portable", "unix-armv6m")])
@pytest.mark.parametrize("path,messages", [("/ws", 128), ("/pieces", 1)])
def test_echo_of_more_than_the_heap(arch, target, path, messages):
    """256 KB: in messages of 2 KB, and in one."""
    message = bytes(range(256)) * (1024 // messages)
    with Serving(arch, target, DEVICE / "echo.py", example=False) as server:
        with connect(server.url(path, "ws"), compression=None, max_size=None) as ws:

            def send():
                for _ in range(messages):
                    ws.send(message)

            sender = threading.Thread(target=send)
            sender.start()
            for _ in range(messages):
                assert ws.recv(timeout=60) == message
            sender.join()


@each([("armv7emsp", "unix-armv7emsp"), ("portable", "unix-armv6m")])
def test_captive_portal(arch, target):
    more = str(captive.free_udp_port()), str(free_port())
    with Serving(arch, target, DEVICE / "captive.py", False, more) as control:
        board = captive.Board(control, *map(int, more))
        test_captive_names.test_answer_that_dig_finds_nothing_wrong_with(board)
        test_captive_names.test_what_is_no_question_is_dropped(board)
        for host, path in test_captive.PROBES:
            test_captive.test_probe_finds_the_portal(board, host, path)


@each([("armv7emsp", "unix-armv7emsp")])
def test_tasks_and_threads(arch, target):
    with Serving(arch, target, DEVICE / "background.py", False, [str(free_port())]) as server:
        test_background.test_fault_is_told_in_one_line(server)
    with Serving(arch, target, DEVICE / "outside.py", False) as server:
        test_background.test_messages_of_threads_and_interrupts(server, 10)


# -- delivery


# of a core of ARM and another one: what mounts is the same script on all boards
@each([("armv6m", "board-cortex-m0"), ("rv32imc", "board-rv32")])
def test_mpremote_mount(arch, target):
    """The folder as it is, handed to a board by the tool that users have."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.py"
        script.write_text("import web\nprint(web.implementation, web.parse_qs('a=1&a'))\n")
        with emulators.serial_board(target) as port:
            done = subprocess.run(
                [sys.executable, "-m", "mpremote", "connect", port]
                + ["mount", installed(arch), "run", script],
                capture_output=True,
                text=True,
                timeout=60,
            )
    # mpremote's own line may come before or after
    assert f"native {arch} {{'a': ['1', True]}}" in done.stdout.splitlines(), (
        done.stdout + done.stderr
    )


def accepts(target, arch):
    """Whether the target's firmware loads native files of the architecture."""
    own = emulators.TARGETS[target].arch
    return arch == own or arch in matrix.ARCHITECTURES[own].get("accepts", [])


WRONG = [
    (arch, target)
    for target in sorted({target for _, target in TESTED})
    for arch in ("x64", "armv7emdp", "xtensawin")
    if not accepts(target, arch)
]


# Which of the twins serve is what the functions are: bytecode, or builtins of C.
WHICH = """
import web._codec, web.websocket
print(web.implementation, *[type(f) == type(lambda: 0) for f in (
    web._codec.parse_head, web.incoming.ws_parse)])
"""


def refused(name, why):
    return f"web: {name} can't be used ({why}); using the portable parser\n"


@each(WRONG)
def test_native_files_of_another_architecture(arch, target):
    why = "incompatible .mpy arch"
    output = execute(arch, target, WHICH)
    lines = [refused(name, why) for name in matrix.NATIVE_FILES]
    assert output == "".join(lines) + "portable True True\n"


@pytest.mark.parametrize("target", ["unix-x64", "unix-armv6m", "board-cortex-m0", "xtensawin"])
@pytest.mark.parametrize("damage", ["truncated", "a byte short", "changed", "empty"])
@pytest.mark.parametrize("name", matrix.NATIVE_FILES)
def test_damaged_native_file(target, damage, name):
    """Its twin serves in its place, and the other file is used."""
    arch = emulators.TARGETS[target].arch
    data = dist.shipped_files(arch)[f"web/{name}"]
    middle = len(data) // 2
    files = {
        "truncated": data[:middle],
        "a byte short": data[:-1],
        "changed": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "empty": b"",
    }
    output = execute(arch, target, WHICH, {f"web/{name}": files[damage]})
    which = "portable True False" if name == "_native.mpy" else f"native {arch} False True"
    assert output == refused(name, "damaged file") + which + "\n"
