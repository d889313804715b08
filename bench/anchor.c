// Executes llhttp, the parser of Node.js, on the requests of cost.c: a figure to
// compare with, counted in the same run with the same compiler and flags.
#include "llhttp.h"

#include "cost_system.h"

#include "cost_input.h"

static llhttp_t parser;
static llhttp_settings_t settings;

static void head(const uint8_t *request, size_t n) {
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    mark();
    int status = llhttp_execute(&parser, (const char *)request, n);
    mark();
    if (status != HPE_OK) {
        *(volatile int *)0 = 0; // a sound request is refused
    }
}

void cost_main(void) {
    llhttp_settings_init(&settings);
    mark();
    mark();
    head(curl, sizeof(curl) - 1);
    head(browser, sizeof(browser) - 1);
    head(cookies, sizeof(cookies) - 1);
    leave();
}
