// The native module as one translation unit.
//
// mpy_ld.py confuses pointers into the constants of several object files on the
// xtensa architectures, so there is only one; and with every function static the
// compiler drops what is inlined.
#define AIOWEB_FN static

#include "http.c"
#include "text.c"
#include "ws.c"
#include "module.c"
