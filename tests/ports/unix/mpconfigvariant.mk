# Variant of MicroPython's unix port that is cross-compiled for the tests: the
# compiler and its flags, one set per architecture, come from tools/emulators.py.

FROZEN_MANIFEST ?= $(VARIANT_DIR)/manifest.py

# Only what needs no submodule and no library of the target system.
MICROPY_PY_BTREE = 0
MICROPY_PY_FFI = 0
MICROPY_PY_SSL = 0
MICROPY_PY_JNI = 0
MICROPY_USE_READLINE = 1
MICROPY_PY_TERMIOS = 1
MICROPY_PY_SOCKET = 1
MICROPY_PY_THREAD = 0
MICROPY_STANDALONE = 0
