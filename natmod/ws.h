// WebSocket frames (RFC 6455 5).
#ifndef AIOWEB_WS_H
#define AIOWEB_WS_H

#include <stddef.h>
#include <stdint.h>

#ifndef AIOWEB_FN
#define AIOWEB_FN
#endif

#define WS_HEADER_MAX 14
#define WS_LENGTH_MAX 0x3fffffff // a small int of a 32-bit MicroPython

enum {
    WS_FIN = 0x80,
    WS_RSV = 0x70,
    WS_OPCODE = 0x0f,
    WS_CONTROL = 0x08, // the opcode bit that control frames have
    WS_MASKED = 0x80,  // in the second byte
};

typedef struct {
    uint32_t first;  // FIN, RSV and opcode, as in the first byte
    uint32_t length; // of the payload
} ws_header_t;

// Parse the frame header at buf, of which n bytes have arrived. expect holds the
// reserved bits that an extension was negotiated for, and WS_MASKED where the peer is
// a client, whose frames are masked, as a server's are not (RFC 6455 5.1).
//   > 0  the header's length, of which the last 4 bytes are a masked frame's key.
//        *h is filled in.
//   = 0  more bytes are needed.
//   < 0  minus the close code, as soon as the bytes show it.
AIOWEB_FN int ws_parse_header(const uint8_t *buf, size_t n, unsigned expect, ws_header_t *h);

// Write a frame's header to out, which has room for WS_HEADER_MAX bytes; key is
// the masking key or NULL. Returns the header's length.
AIOWEB_FN int ws_build_header(uint8_t *out, unsigned first, uint32_t length, const uint8_t *key);

// Mask or unmask p[0..n) in place (RFC 6455 5.3). offset is how many bytes of
// the payload came before p, so that a payload can be unmasked as it arrives.
AIOWEB_FN void ws_mask(uint8_t *p, size_t n, const uint8_t *key, uint32_t offset);

#endif
