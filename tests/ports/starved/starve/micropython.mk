SRC_USERMOD_C += $(USERMOD_DIR)/starve.c
LDFLAGS_USERMOD += -Wl,--wrap=gc_alloc,--wrap=gc_realloc,--wrap=mp_hal_ticks_ms,--wrap=accept,--wrap=gettimeofday
