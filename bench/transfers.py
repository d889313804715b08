"""Files that are sent and received, by programs of bench/cases/: ours and Microdot's, and
beside those that send, a floor."""

import functools
import json

from bench.handlers import browser_request
from bench.measures import attempt
from bench.meter import BOARD, HERE, LARGE, OURS, PEER, Client, running
from bench.visits import FIRMWARE

FLOOR = "raw_file"
WARM_UP = 3
BOUNDARY = b"----WebKitFormBoundary7MA4YWxkTrZu0gW"


def content(size):
    """Of a file that has all bytes."""
    return (bytes(range(256)) * (size // 256 + 1))[:size]


FILES = {"file_60k": content(60 << 10), "file_256k": content(256 << 10)}


def path_of(case):
    return f"/{case}.bin"


def _upload(line, kind, body):
    head = browser_request().partition(b"\r\n")[2][:-2]
    head += b"Content-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind, len(body))
    return line + b" HTTP/1.1\r\n" + head + body


def _multipart():
    mark = b"--" + BOUNDARY
    head = b'\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
    head += b"Content-Type: application/octet-stream\r\n\r\n"
    body = mark + head + FIRMWARE + b"\r\n" + mark + b"--\r\n"
    return _upload(b"POST /form", b"multipart/form-data; boundary=" + BOUNDARY, body)


# {name: (request, the body of its response, how many times it is counted, and timed)}
CASES = {
    **{
        case: (browser_request(path_of(case).encode()), data, n, 10 * n)
        for (case, data), n in zip(FILES.items(), (50, 20), strict=True)
    },
    "upload": (_upload(b"PUT /raw", b"application/octet-stream", FIRMWARE), None, 3, 10),
    "multipart": (_multipart(), None, 3, 5),
}


def frameworks(case):
    """The floor, where there is one, and who has such programs."""
    return [FLOOR, OURS, PEER] if case in FILES else [OURS, PEER]


def _running(framework, case, *what, **options):
    name = "file" if case in FILES else "upload"
    if framework == FLOOR:
        script = HERE / "servers" / f"{FLOOR}.py"
    else:
        script = HERE / "cases" / framework / f"{name}.py"
    files = {"www" + path_of(name): data for name, data in FILES.items()}
    return running(framework, script.read_bytes(), *what, files=files, **options)


def _ask(client, case, n):
    request, expected, *_ = CASES[case]
    for _ in range(n):
        answer = client.exchange(request)
        assert answer.status == 200, answer
        if expected is None:
            assert json.loads(answer.body) == {"size": len(FIRMWARE)}, answer
            assert client.program.file("upload.bin") == FIRMWARE
        else:
            assert answer.body == expected, len(answer.body)


@functools.cache
def instructions(framework, case):
    """A transfer's on x64, with the server's clock at rest."""
    n = 1 if framework == PEER else CASES[case][2]
    with _running(framework, case, "counted", target=LARGE) as program:
        client = Client(program)
        _ask(client, case, WARM_UP if n > 1 else 1)
        program.allocations()
        _ask(client, case, n)
        return round(program.instructions() / n)


def cpu(framework, case):
    """Microseconds a transfer, of which the system's part is the most: the best of five
    runs, in a board's heap."""
    runs = []
    n = CASES[case][3]
    for _ in range(5):
        with _running(framework, case, heap=BOARD) as program:
            client = Client(program, wait=False)
            _ask(client, case, WARM_UP)
            program.wait_idle()
            before = program.cpu_seconds()
            _ask(client, case, n)
            program.wait_idle()
            runs.append((program.cpu_seconds() - before) / n * 1e6)
    return round(min(runs), 1)


FIGURES = {"instructions": instructions, "CPU us": cpu}


def measure():
    """{case: {framework: figures}}"""
    return {
        case: {
            f: {title: attempt(figure, f, case) for title, figure in FIGURES.items()}
            for f in frameworks(case)
        }
        for case in CASES
    }
