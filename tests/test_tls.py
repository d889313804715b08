"""HTTPS: clients of a MicroPython that has TLS, among them ones that fail at it."""

import concurrent.futures
import contextlib
import socket
import ssl
import struct
import subprocess
import time

import httpx
import pytest
import versions
from conftest import DEVICE, FIRMWARE, ROOT, Server, packages, read_all
from conftest import WITH_TLS as MICROPYTHON
from wire import request, wait_until

LARGE = bytes(i % 251 for i in range(300000))
# MicroPython's own configuration of mbedtls is without TLS 1.3
SPOKEN = ["TLSv1_2", "TLSv1_3"]
if FIRMWARE and versions.VERSIONS[FIRMWARE].get("tls") == 1.2:
    SPOKEN.pop()
NEW_KEY = {
    "ec": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "rsa": ("-newkey", "rsa:2048"),
}
HEAD_TIMEOUT = 1  # of device/tls.py
FILES = 4  # that the server holds when nobody is connected: the listener is the last
LAST = request("/", "GET", "Connection: close")

# of versions that no server should speak
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")


def make_certificate(folder, kind):
    """A self-signed certificate: NAME.pem for clients, and both parts in DER."""

    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)

    openssl(
        *("req", "-x509", "-nodes", *NEW_KEY[kind], "-keyout", "key.pem", "-out", "cert.pem"),
        *("-days", "2", "-subj", "/CN=aioweb", "-addext", "subjectAltName=IP:127.0.0.1"),
        *("-addext", "keyUsage=critical,digitalSignature,keyCertSign"),
    )
    openssl("x509", "-in", "cert.pem", "-outform", "DER", "-out", "cert.der")
    openssl("pkey", "-in", "key.pem", "-outform", "DER", "-out", "key.der")


class TLSServer(Server):
    def __init__(self, folder):
        def command(port):
            files = folder / "cert.der", folder / "key.der"
            return [MICROPYTHON, "-X", "heapsize=32M", DEVICE / "tls.py", str(port), *files]

        self.trust = ssl.create_default_context(cafile=folder / "cert.pem")
        super().__init__("native", command, packages("native"))

    def connect_tls(self, trust=None):
        """A connection after its handshake."""
        return (trust or self.trust).wrap_socket(self.connect(), server_hostname="127.0.0.1")

    def client(self):
        return httpx.Client(base_url=self.url("", "https"), verify=self.trust)

    def memory(self):
        """Bytes of the heap, and kB of the process, which holds TLS's own memory."""
        with self.client() as client:
            heap = int(client.get("/memory").text)
        with open(f"/proc/{self.process.pid}/status") as f:
            return heap, int(next(line for line in f if line.startswith("VmRSS")).split()[1])

    def hello(self):
        with self.client() as client:
            assert client.get("/").text == "hello"

    def wait_for_files(self, most):
        wait_until(lambda: self.open_files() <= most)


@pytest.fixture(scope="module", params=NEW_KEY)
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    make_certificate(folder, request.param)
    server = TLSServer(folder)
    try:
        server.wait_for_files(FILES)  # whoever tried whether it listens is gone
        yield server
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def served_and_quiet(server):
    """Whatever a test does: others are served after it, nothing is left of it, and
    a client's faults are not reported."""
    yield
    server.hello()
    server.wait_for_files(FILES)
    assert server.console == []


# -- clients that mean well


@pytest.mark.parametrize("version", SPOKEN)
def test_hello(server, version):
    trust = ssl.create_default_context()
    trust.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(certificate_of(server)))
    trust.minimum_version = trust.maximum_version = ssl.TLSVersion[version]
    with server.connect_tls(trust) as s:
        assert s.version() == version.replace("_", ".")
        s.sendall(LAST)
        assert read_all(s).endswith(b"\r\n\r\nhello")


def certificate_of(server):
    return server.trust.get_ca_certs(binary_form=True)[0]


def test_connection_is_kept(server):
    with server.client() as client:
        first = client.get("/")
        port = first.extensions["network_stream"].get_extra_info("client_addr")
        second = client.get("/")
        assert second.extensions["network_stream"].get_extra_info("client_addr") == port
        assert first.text == second.text == "hello"


def test_requests_in_one_record(server):
    """What TLS has decrypted and nobody took yet does not show at the socket."""
    padding = "X-Padding: " + "x" * 700
    with server.connect_tls() as s:
        s.sendall(request("/", "GET", padding) * 3 + LAST)
        assert read_all(s).count(b"\r\n\r\nhello") == 4


def test_body_in_one_record(server):
    body = LARGE[:15000]
    with server.connect_tls() as s:
        s.sendall(request("/echo", "POST", "Content-Length: 15000", "Connection: close") + body)
        assert read_all(s).endswith(b"\r\n\r\n" + body)


def test_request_in_single_bytes(server):
    with server.connect_tls() as s:
        for byte in LAST:
            s.sendall(bytes([byte]))
        assert read_all(s).endswith(b"\r\n\r\nhello")


def test_handshake_in_pieces(server):
    with server.connect() as s:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = server.trust.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
        done = False
        while not done:
            try:
                tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                pass
            data = outgoing.read()
            for start in range(0, len(data), 50):
                s.sendall(data[start : start + 50])
                time.sleep(0.005)
            if not done:
                incoming.write(s.recv(65536))
        tls.write(LAST)
        s.sendall(outgoing.read())
        incoming.write(read_all(s))
        incoming.write_eof()
        received = b""
        with contextlib.suppress(ssl.SSLError):
            while piece := tls.read():
                received += piece
        assert received.endswith(b"\r\n\r\nhello")


def test_large_body_down(server):
    with server.client() as client:
        assert client.get("/large").content == LARGE


def test_slow_reader(server):
    """Far more than the socket takes at once, so writing has to wait."""
    received = bytearray()
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        raw.settimeout(10)
        raw.connect(("127.0.0.1", server.port))
        with server.trust.wrap_socket(raw, server_hostname="127.0.0.1") as s:
            s.sendall(request("/huge", "GET", "Connection: close"))
            time.sleep(0.3)
            server.hello()
            while piece := s.recv(65536):
                received += piece
    assert received[received.index(b"\r\n\r\n") + 4 :] == LARGE * 20


def test_large_body_up(server):
    with server.client() as client:
        assert client.post("/echo", content=LARGE[:200000]).content == LARGE[:200000]


def test_clients_at_once(server):
    def visit(i):
        with server.client() as client:
            body = LARGE[i:][: 5000 * i]
            return client.get("/").text == "hello" and (
                client.post("/echo", content=body).content == body
            )

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(visit, range(16)))


# -- clients that do not


def plain_http(server):
    with server.connect() as s:
        s.sendall(request("/"))
        assert b"hello" not in read_all(s)


def refuses_certificate(server):
    with pytest.raises(ssl.SSLCertVerificationError):
        server.connect_tls(ssl.create_default_context())


def refuses_certificate_of_1_2(server):
    distrust = ssl.create_default_context()
    distrust.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLCertVerificationError):
        server.connect_tls(distrust)


def knows_no_common_version(server):
    trust = ssl.create_default_context()
    trust.set_ciphers("DHE-RSA-AES256-SHA256:@SECLEVEL=0")
    trust.maximum_version = ssl.TLSVersion.TLSv1_1
    trust.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        server.connect_tls(trust)


def client_hello(server):
    outgoing = ssl.MemoryBIO()
    tls = server.trust.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="127.0.0.1")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def leaves_at_once(server):
    server.connect().close()


def leaves_within_its_hello(server):
    with server.connect() as s:
        s.sendall(client_hello(server)[:100])


def leaves_after_its_hello(server):
    with server.connect() as s:
        s.sendall(client_hello(server))
        assert s.recv(65536)


def resets_after_its_hello(server):
    with server.connect() as s:
        s.sendall(client_hello(server))
        assert s.recv(65536)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def sends_nonsense_after_its_hello(server):
    with server.connect() as s:
        s.sendall(client_hello(server))
        assert s.recv(65536)
        s.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        read_all(s)


def sends_nonsense_after_its_handshake(server):
    with server.connect_tls() as s, socket.socket(fileno=s.detach()) as raw:
        raw.settimeout(10)
        raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        read_all(raw)


def leaves_after_its_handshake(server):
    server.connect_tls().close()


def leaves_within_its_request(server):
    with server.connect_tls() as s:
        s.sendall(request("/echo", "POST", "Content-Length: 10") + b"12345")


def resets_within_a_response(server):
    with server.connect_tls() as s:
        s.sendall(request("/huge"))
        s.recv(1000)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


FAULTS = [
    plain_http,
    refuses_certificate,
    refuses_certificate_of_1_2,
    knows_no_common_version,
    leaves_at_once,
    leaves_within_its_hello,
    leaves_after_its_hello,
    resets_after_its_hello,
    sends_nonsense_after_its_hello,
    sends_nonsense_after_its_handshake,
    leaves_after_its_handshake,
    leaves_within_its_request,
    resets_within_a_response,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_client_that(server, fault):
    fault(server)


@pytest.mark.parametrize("sent", [0, 100], ids=["nothing", "a part"])
def test_handshake_that_does_not_end(server, sent):
    """The time for the head is for the handshake as well."""
    with server.connect() as s:
        started = time.monotonic()
        s.sendall(client_hello(server)[:sent])
        server.hello()
        assert read_all(s) == b""
        assert HEAD_TIMEOUT / 2 < time.monotonic() - started


def test_head_that_does_not_end(server):
    with server.connect_tls() as s:
        s.sendall(request("/")[:-2])
        server.hello()
        assert read_all(s).startswith(b"HTTP/1.1 408 ")


def test_nothing_is_left_of_many_clients(server):
    # but for the one whose response is so large that it moves the measure itself
    faults = [fault for fault in FAULTS if fault is not resets_within_a_response]

    def all_faults():
        for fault in faults:
            fault(server)

    all_faults()  # what is made once and kept
    heap, resident = server.memory()
    for _ in range(10):
        all_faults()
    server.wait_for_files(FILES)
    heap_after, resident_after = server.memory()
    assert heap_after - heap < 20000  # of 120 connections
    assert resident_after - resident < 1000  # one's TLS takes some 40


def test_example(tmp_path):
    make_certificate(tmp_path, "ec")

    def command(port):
        runner = [DEVICE / "run_example.py", ROOT / "examples" / "https.py"]
        return [MICROPYTHON, *runner, str(port)]

    server = Server("native", command, packages("native"), tmp_path)
    try:
        trust = ssl.create_default_context(cafile=tmp_path / "cert.pem")
        assert httpx.get(server.url("/", "https"), verify=trust).text == "Hello, safely!"
    finally:
        server.stop()
