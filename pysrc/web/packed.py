# Files without a time that tells them apart: .gz (RFC 1952), and those of ROMFS.
import web


def unpack(path, size, packed, coded):
    """Return what the file at path (bytes) is sent from, the size of that, and a checksum: of
    what is packed its own, which lasts without a clock (RFC 1952 2.3.1); or that of a file of
    ROMFS, which has no times, but lends its bytes; else 0. coded tells whether a .gz is sent
    as it is. Raises OSError, and HTTPException(406) where the firmware can't inflate."""
    stamp = 0
    file = open(path, "rb")
    try:
        if packed:
            import struct

            file.seek(-8, 2)
            stamp, length = struct.unpack("<II", file.read(8))
            file.seek(0)
            if not coded:
                size = length
                file = _inflating(file, size)
        else:
            from binascii import crc32

            stamp = crc32(memoryview(file))
    except BaseException as e:
        if packed or not isinstance(e, (ImportError, TypeError)):
            file.close()
            raise
    return file, size, stamp


def _inflating(file, size):
    try:
        from deflate import GZIP, DeflateIO
    except ImportError:
        web.abort(406)
    # no window need be larger than what comes out of it
    bits = 8
    while bits < 15 and 1 << bits < size:
        bits += 1
    return DeflateIO(file, GZIP, bits, True)
