SRC_USERMOD_C += $(USERMOD_DIR)/meter.c
LDFLAGS_USERMOD += -Wl,--wrap=gc_alloc,--wrap=gc_realloc,--wrap=gc_collect,--wrap=mp_hal_ticks_ms
