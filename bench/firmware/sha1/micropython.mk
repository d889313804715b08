# The only SHA-1 that MicroPython takes from a library, as what it expects of axTLS.
SRC_USERMOD_C += $(USERMOD_DIR)/sha1.c
CFLAGS_USERMOD += -I$(USERMOD_DIR) -DMICROPY_PY_HASHLIB_SHA1=1 -DMICROPY_SSL_AXTLS=1
