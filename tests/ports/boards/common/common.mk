# What every board here adds to MicroPython's ports/qemu. BOARD_DIR is absolute.

BOARD_COMMON := $(abspath $(BOARD_DIR)/../common)

CFLAGS += -I$(BOARD_COMMON) -DMP_CONFIGFILE='"boardconfig.h"'
LDFLAGS += -Wl,--wrap=uart_init,--wrap=uart_rx_chr,--wrap=mp_hal_stdio_poll

vpath %.c $(BOARD_COMMON)
SRC_C += board.c shared/timeutils/timeutils.c

FROZEN_MANIFEST ?= $(BOARD_COMMON)/manifest.py
