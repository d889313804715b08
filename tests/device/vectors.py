# Runs the shared vectors on the native modules or on their twins, under any MicroPython:
#
#   micropython vectors.py native|portable FOLDER [STEP]
#
# FOLDER ('' for the current one) holds heads.jsonl, frames.jsonl, query.jsonl and
# utf8.jsonl, a case a line, so that a small heap suffices. Every case is fed whole,
# in growing parts (STEP bytes at a time, 1 by default) and with trailing data.
import binascii
import gc
import json
import sys

TRAILING = b"GET /next HTTP/1.1\r\nHost: next\r\n\r\n"
FLAGS = (("keep_alive", 2), ("upgrade", 4), ("chunked", 8), ("expect_continue", 16))


def to_bytes(value):
    # a str of latin-1 characters, or a list of them and of [str, count]
    if isinstance(value, str):
        return bytes([ord(c) for c in value])
    return b"".join([to_bytes(v) if isinstance(v, str) else to_bytes(v[0]) * v[1] for v in value])


def check(what, got, want):
    if got != want:
        raise AssertionError("{}: got {!r}, want {!r}".format(what, got, want))


class Runner:
    def __init__(self, codec, frames, step):
        self.codec = codec
        self.frames = frames
        self.step = step
        self.out = [None] * 10

    def parts(self, data):
        # the growing prefixes of data, itself excluded
        n = len(data)
        return range(1, n, max(self.step, n // 256))

    # -- heads

    def parse(self, buf, start, end, case):
        limits = case.get("limits") or {}
        return self.codec.parse_head(
            buf, start, end, limits.get("max_target", 1024), limits.get("max_fields", 32), self.out
        )

    def heads(self, case):
        data = to_bytes(case["in"])
        n = len(data)
        want = 0 if "more" in case else -case["status"] if "status" in case else n
        padded = b"\xff\r\n" + data + TRAILING
        for i in self.parts(data):
            got = self.parse(data, 0, i, case)
            if got and (want >= 0 or got != want):
                check("first {} bytes".format(i), got, 0)
        check("whole", self.parse(data, 0, n, case), want)
        if want > 0:
            self.accepted(data, 0, case["expect"])
        if want:
            # in place in a larger buffer, with the next request behind it
            check("trailing", self.parse(padded, 3, len(padded), case), want)
            if want > 0:
                self.accepted(padded, 3, case["expect"])

    def accepted(self, buf, start, expect):
        method, path, query, flags, length, fields, t, t_end, h, h_end = self.out
        check("method", method, expect["method"])
        check("path", path, expect["path"])
        check("query", query, expect["query"])
        check("target", bytes(buf[t:t_end]), to_bytes(expect["target"]))
        check("version", "1.1" if flags & 1 else "1.0", expect["version"])
        check(
            "content_length",
            length,
            -1 if expect["content_length"] is None else expect["content_length"],
        )
        for name, bit in FLAGS:
            check(name, bool(flags & bit), expect[name])
        host = expect["host"]
        check("host", bytes(buf[h:h_end]) if h else None, None if host is None else to_bytes(host))
        self.fields(buf, fields, len(buf), expect["fields"])

    def fields(self, buf, start, end, expect):
        out = [None, None]
        pos = start
        combined = {}
        for name, value in expect:
            value = to_bytes(value)
            try:
                value = str(value, "utf-8")
            except UnicodeError:
                value = "".join([chr(c) for c in value])
            pos = self.codec.next_field(buf, pos, end, out)
            check("field", (pos > 0, out[0], out[1]), (True, name, value))
            name = name.lower()
            combined[name] = combined[name] + ", " + value if name in combined else value
        check("last field", self.codec.next_field(buf, pos, end, out), 0)
        for name, value in combined.items():
            check(name, self.codec.find_field(buf, start, end, name), value)
            check(name, self.codec.find_field(buf, start, end, name.upper()), value)
        check("absent field", self.codec.find_field(buf, start, end, "no-such-field"), None)

    # -- frames

    def frame(self, case):
        data = bytearray(to_bytes(case["in"]))
        frames = case["rsv"] | (128 if case["role"] == "server" else 0)
        expect = case.get("expect")
        want = -case["close"] if "close" in case else expect["header"] if expect else 0
        parse = self.frames.ws_parse
        for i in range(len(data) if want <= 0 else want):
            got = parse(data, 0, i, frames, self.out)
            if got and (want >= 0 or got != want):
                check("first {} bytes".format(i), got, 0)
        for pad in (b"", b"\x81\x85\x00"):
            buf = bytearray(pad) + data
            start = len(pad)
            check("whole", parse(buf, start, len(buf), frames, self.out), want)
            if expect:
                self.frame_accepted(buf, start, expect)

    def frame_accepted(self, buf, start, expect):
        first, length = self.out[:2]
        check("first", first, expect["opcode"] | expect["rsv"] | (128 if expect["fin"] else 0))
        check("length", length, expect["length"])
        payload = start + expect["header"]
        if expect["key"]:
            check("key", binascii.hexlify(buf[payload - 4 : payload]).decode(), expect["key"])
        if expect.get("payload") is not None:
            check("payload", bytes(buf[payload:][:length]), to_bytes(expect["payload"]))

    def build(self, case):
        key = binascii.unhexlify(case["key"]) if case["key"] else b""
        first = case["opcode"] | case["rsv"] | (128 if case["fin"] else 0)
        n = len(case["out"]) // 2
        room = bytearray(b"\xa5" * (n + 20))  # more than the header, less than some payloads
        payload = bytes(case["length"])
        end = self.frames.ws_build(room, first, payload, key)
        check("header", binascii.hexlify(room[:n]).decode(), case["out"])
        check("end", end, min(n + case["length"], n + 20))
        check("payload", bytes(room[n:]), bytes(end - n) + b"\xa5" * (n + 20 - end))

    def mask(self, case):
        data = binascii.unhexlify(case["in"])
        want = binascii.unhexlify(case["out"])
        key = binascii.unhexlify(case["key"])
        for pad in range(5):
            buf = bytearray(pad) + bytearray(data) + bytearray(3)
            end = pad + len(data)
            self.frames.mask(buf, pad, end, key, case["offset"])
            check("mask", bytes(buf), bytes(pad) + want + bytes(3))
            split = pad + len(data) // 3
            self.frames.mask(buf, pad, split, key, case["offset"])
            self.frames.mask(buf, split, end, key, case["offset"] + split - pad)
            check("unmask", bytes(buf[pad:end]), data)

    def accept(self, case):
        from web.handshake import accept_key

        check("accept", accept_key(case["key"].encode()).decode(), case["accept"])

    # -- text

    def query(self, case):
        import web.query

        web.forms.unquote = self.codec.unquote
        data = to_bytes(case["in"])
        check("bytes", web.query.parse_qs(data), case["expect"])
        if max(data or b"\0") < 128:
            check("str", web.query.parse_qs(str(data, "utf-8")), case["expect"])

    def unquote(self, case):
        check("unquote", self.codec.unquote(to_bytes(case["in"]), case["plus"]), case["out"])

    def utf8(self, case):
        data = binascii.unhexlify(case["in"])
        utf8 = self.codec.utf8
        n = len(data)
        for pad in range(4):
            buf = bytes(pad) + data
            state = utf8(buf, pad, pad + n, 0)
            check("valid", state >= 0, case["valid"])
            check("complete", state == 0, case["valid"] and case["complete"])
        state = 0
        for i in range(n):
            state = utf8(data, i, i + 1, state)
            if state < 0:
                check("bad", i, case.get("bad", -1))
                return
        check("end", state == 0, case["complete"])


def run(runner, folder, names=("heads", "frames", "query", "utf8")):
    passed = failed = 0
    for name in names:
        with open((folder + "/" if folder else "") + name + ".jsonl") as lines:
            for line in lines:
                case = json.loads(line)
                gc.collect()
                try:
                    getattr(runner, case["kind"])(case)
                    passed += 1
                except Exception as e:
                    failed += 1
                    label = case.get("name") or line[:60]
                    print("FAIL {} {}: {}: {}".format(name, label, type(e).__name__, e))
    print("{} passed, {} failed".format(passed, failed))


def main(which, folder, step):
    if which == "native":
        import web._frames as frames
        import web._native as codec
    else:
        import web._portable as codec
        import web._portable_frames as frames
    run(Runner(codec, frames, step), folder)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1)
