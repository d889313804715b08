# SHA-1 (FIPS 180-4) for firmware whose hashlib lacks it. Used for the WebSocket
# handshake alone, which needs no security of it (RFC 6455 10.8).
import struct


def _rol(x, n):
    return (x << n | x >> 32 - n) & 0xFFFFFFFF


class sha1:
    def __init__(self, data):
        n = len(data)
        data += b"\x80" + bytes((55 - n) % 64) + struct.pack(">II", 0, n * 8)
        h = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
        for i in range(0, len(data), 64):
            h = self._block(h, list(struct.unpack(">16I", data[i : i + 64])))
        self._h = h

    def _block(self, h, w):
        a, b, c, d, e = h
        for t in range(80):
            if t > 15:
                w.append(_rol(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1))
            if t < 20:
                f = (b & c | ~b & d) + 0x5A827999
            elif t < 40:
                f = (b ^ c ^ d) + 0x6ED9EBA1
            elif t < 60:
                f = (b & c | b & d | c & d) + 0x8F1BBCDC
            else:
                f = (b ^ c ^ d) + 0xCA62C1D6
            a, b, c, d, e = (_rol(a, 5) + f + e + w[t]) & 0xFFFFFFFF, a, _rol(b, 30), c, d
        return tuple((x + y) & 0xFFFFFFFF for x, y in zip(h, (a, b, c, d, e)))

    def digest(self):
        return struct.pack(">5I", *self._h)
