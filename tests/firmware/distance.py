# A compressed stream that goes back to before its beginning is no error: it is inflated to
# what is in memory there, or to zeros (RFC 1951 3.2.3). See web.deflate.
#
# present: 1.25 1.26.1 1.29-preview
import io

import deflate

# its one piece is 64 bytes from a distance of 64
stream = deflate.DeflateIO(io.BytesIO(b"\xa3\x94\x0f\x00"), deflate.RAW, 9)
try:
    stream.read()
    print("present")
except (OSError, EOFError, ValueError):
    print("absent")
