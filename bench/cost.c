// Executes each of natmod's hot functions once, between marks that the counter of
// tests/ports/icount logs. It runs without a C library on every architecture.
//
// The functions are compiled with the very flags of the native modules.
#define AIOWEB_FN __attribute__((noinline))
#include "../natmod/http.c"
#include "../natmod/text.c"
#include "../natmod/ws.c"

#include "cost_system.h"

#include "cost_input.h"

static uint8_t buffer[65536 + 16];
static volatile int result;

static void head(const uint8_t *request, size_t n) {
    http_head_t h;
    mark();
    int used = http_parse_head(request, n, 1024, 64, &h);
    mark();
    result = used;
    if (used != (int)n) {
        *(volatile int *)0 = 0; // a request of ours is refused
    }
}

static void unmask(size_t n, size_t shift) {
    static const uint8_t key[4] = { 1, 2, 3, 4 };
    mark();
    ws_mask(buffer + shift, n, key, 0);
    mark();
}

static void utf8(const uint8_t *text, size_t n) {
    mark();
    int32_t state = text_utf8(text, n, 0);
    mark();
    result = state;
}

static void unquote(const uint8_t *text, size_t n) {
    mark();
    int len = text_unquote(text, n, buffer, TEXT_PLUS);
    mark();
    result = len;
}

// In the order of bench/cost.py; the first two marks tell what marks cost.
void cost_main(void) {
    mark();
    mark();
    head(curl, sizeof(curl) - 1);
    head(browser, sizeof(browser) - 1);
    head(cookies, sizeof(cookies) - 1);
    for (size_t shift = 0; shift < 2; shift++) {
        unmask(16, shift);
        unmask(64, shift);
        unmask(1024, shift);
        unmask(65536, shift);
    }
    utf8(ascii, sizeof(ascii) - 1);
    utf8(german, sizeof(german) - 1);
    utf8(chinese, sizeof(chinese) - 1);
    utf8(emoji, sizeof(emoji) - 1);
    unquote(query, sizeof(query) - 1);
    leave();
}
