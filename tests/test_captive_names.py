"""The names that a captive portal answers for, as resolvers and attackers ask for them."""

import contextlib
import random

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from captive import HEAD, IP, QUESTION, captive, to_host


@pytest.fixture(scope="module")
def board(parser):
    with captive(parser) as board:
        yield board


@pytest.mark.parametrize(
    "name",
    ["captive.apple.com", "board", "MiXed.CaSe.Example", "xn--bcher-kva.example",
     "_dns.resolver.arpa", "192.168.4.1", ".", "a" * 63 + ".example", ".".join(["a" * 61] * 4)],
)  # fmt: skip
def test_every_name_is_the_boards(board, name):
    assert board.dig("+short", name).split() == [IP]
    answer = board.dig("+noall", "+answer", "+question", name)
    assert name.lower() in answer.lower() and (name in answer or name == "192.168.4.1")


def test_answer_that_dig_finds_nothing_wrong_with(board):
    answer = board.dig("example.com")
    assert "status: NOERROR" in answer and "flags: qr aa rd ra;" in answer
    assert "WARNING" not in answer.replace("WARNING: EDNS", "") and ";; Warning" not in answer
    # of a resolver that asks for more than there is
    for options in (["+dnssec", "+nsid"], ["+bufsize=512"], ["+noedns"], ["+norecurse"]):
        assert board.dig("+short", *options, "example.com").split() == [IP]
    assert board.dig("+short", "example.com", "ANY", "+notcp").split() == [IP]


@pytest.mark.parametrize("kind", ["AAAA", "HTTPS", "SVCB", "TXT", "MX", "PTR", "TYPE257", "SOA"])
def test_other_types_are_empty(board, kind):
    """A phone goes on with the IPv4 address then, and needs no TLS."""
    answer = board.dig("captive.apple.com", kind)
    assert "status: NOERROR" in answer and "ANSWER: 0," in answer


def test_other_classes_are_empty(board):
    answer = board.dig("version.bind", "CH", "A")
    assert "status: NOERROR" in answer and "ANSWER: 0," in answer


NO_QUESTIONS = {
    "nothing": b"",
    "a byte": b"\0",
    "a head": HEAD,
    "half a head": HEAD[:6],
    "no question": HEAD[:5] + b"\0" + HEAD[6:],
    "two questions": HEAD[:5] + b"\2" + QUESTION[6:] + QUESTION[12:],
    "256 questions": HEAD[:4] + b"\1\0" + QUESTION[6:],
    "a response": HEAD[:2] + b"\x81\x80" + QUESTION[4:],
    "another operation": HEAD[:2] + b"\x29\x00" + QUESTION[4:],
    "a name without end": HEAD + b"\3www\7example",
    "a label that is cut": HEAD + b"\x3fwww",
    "no type": QUESTION[:-4],
    "half a class": QUESTION[:-1],
    "a pointer to itself": HEAD + b"\xc0\x0c\0\1\0\1",
    "a pointer to a pointer": HEAD + b"\3www\xc0\x12\xc0\x10\0\1\0\1",
    "a pointer to the head": HEAD + b"\xc0\0\0\1\0\1",
    "a pointer beyond the end": HEAD + b"\xff\xff\0\1\0\1",
    "another kind of label": HEAD + b"\x41\0\0\1\0\1",
    "a name of 256 bytes": HEAD + b"\x3f" + b"a" * 63 + (b"\x3f" + b"a" * 63) * 3 + b"\0\0\1\0\1",
    "labels without end": HEAD + b"\1a" * 700,
    "zeros": bytes(1400),
    "ones": b"\xff" * 1400,
}


def test_what_is_no_question_is_dropped(board):
    """And nothing is said of it, however much there is."""
    before = len(board.control.console)
    with board.udp() as s:
        for data in NO_QUESTIONS.values():
            s.send(data)
        s.send(QUESTION)
        answer = dns.message.from_wire(s.recv(2000))
        assert answer.id == 0x1234  # the one of the last
        assert [str(rrset[0]) for rrset in answer.answer] == [IP]
        s.settimeout(0.05)
        with pytest.raises(TimeoutError):
            s.recv(2000)
    assert board.control.console[before:] == []


def spoiled(chance):
    """A question with bytes changed, cut or added."""
    name = ".".join("x" * chance.randrange(1, 64) for _ in range(chance.randrange(1, 4)))
    kind = chance.choice(["A", "AAAA", "HTTPS", "ANY", "TXT"])
    query = dns.message.make_query(name, kind, use_edns=chance.choice([None, True]))
    data = bytearray(query.to_wire())
    for _ in range(chance.randrange(4)):
        way = chance.randrange(5)
        at = chance.randrange(len(data)) if data else 0
        if way == 0:
            data[at : at + 1] = chance.randbytes(1)
        elif way == 1:
            del data[at:]
        elif way == 2:
            data[at:at] = chance.randbytes(chance.randrange(40))
        elif way == 3:
            data[at : at + 2] = b"\xc0" + bytes([chance.randrange(32)])
        else:
            data[at : at + 1] = bytes([chance.choice([0, 1, 63, 64, 127, 128, 192, 255])])
    return bytes(data)


def seen_to_be_right(data, answer):
    """An answer is one to this question, and is as the RFC has it."""
    message = dns.message.from_wire(answer)
    (question,) = message.question
    assert answer[:2] == data[:2] and message.flags & dns.flags.QR
    assert message.rcode() == dns.rcode.NOERROR and not message.authority
    assert data[12:].startswith(answer[12 : 12 + len(question.name.to_wire()) + 4])
    if message.answer:
        (rrset,) = message.answer
        assert (rrset.name, str(rrset[0])) == (question.name, IP)
        assert question.rdtype in (dns.rdatatype.A, dns.rdatatype.ANY)
    assert len(answer) <= len(data) + 16  # nobody gets much more than was sent


@pytest.mark.parametrize("seed", range(3))
def test_spoiled_questions(board, seed):
    """Each answer is right, and behind each of them the next question is answered."""
    chance = random.Random(seed)
    mark = dns.message.make_query("mark.example", "A").to_wire()[2:]
    answered = 0
    with board.udp() as s:
        for i in range(600):
            data = spoiled(chance)
            s.send(data)
            ask = i.to_bytes(2, "big") + mark
            s.send(ask)
            while (answer := s.recv(2000))[12:].lower().find(b"\4mark") != 0:
                seen_to_be_right(data, answer)
                answered += 1
            seen_to_be_right(ask, answer)
    assert 100 < answered < 600


def flood(board, s, client):
    """200 datagrams at once, and a request that is answered behind them."""
    for i in range(100):
        with contextlib.suppress(BlockingIOError):
            s.send(HEAD + b"\6" + b"%06d" % i + QUESTION[16:])
            s.send(NO_QUESTIONS["labels without end"])
    client.send(to_host(IP, "/setup"))
    assert client.receive().text == "the page"
    with contextlib.suppress(BlockingIOError):
        while s.recv(2000):
            pass


def test_flood_costs_no_memory_and_nobody_waits(board):
    with board.udp() as s, board.client() as client:
        s.setblocking(False)
        flood(board, s, client)
        board.ask()
        before = board.ask().json()["used"]
        for _ in range(30):
            flood(board, s, client)
        assert board.dig("+short", "after.example").split() == [IP]
        assert board.ask().json()["used"] <= before + 256
