# make help lists the targets. Everything that is fetched or built lands in .venv/
# and build/, which git ignores; dist/ is committed.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo demo-built docs install release verify stubs test test-arch test-version test-arch-all test-rp2040 soak starve fuzz coverage autobahn cost bench emulators native native-all dist format lint clean

# of the demo, or if it is given the serial port of the board to install on
PORT ?= 8080
JOBS := -j$(shell nproc 2>/dev/null || echo 2)
PROCESSES := -n $(shell expr 2 '*' $$(nproc 2>/dev/null || echo 2)) --dist loadfile
PARSER ?= native
TIME ?= 60
CASES ?= 1-7,9,10,12,13
PY := .venv/bin/python
VENV := .venv/.installed

ifneq ($(words $(CURDIR)),1)
$(error the path of this folder has a space in it, which make and MicroPython do not allow)
endif

# -- MicroPython: the source, its compiler, and the unix port

FETCHED := $(CURDIR)/build/micropython
override MPY_DIR := $(abspath $(or $(MPY_DIR),$(FETCHED)))
export MPY_DIR
# each process of the tests would compile all of them again
export PYTHONDONTWRITEBYTECODE :=

$(FETCHED)/py/mpconfig.h: tools/get/micropython.sh tools/get/debian.sh | build/.base
	tools/apt.sh xz-utils ca-certificates
	tools/get/micropython.sh $(FETCHED)
	touch $@

# a unix port with TLS, which takes libraries that Debian 12 has not
TLS := build/tls/micropython
$(TLS): tools/get/debian_micropython.sh tools/get/debian.sh | build/.base
	tools/apt.sh ca-certificates openssl
	tools/get/debian_micropython.sh trixie 1.25.0 build/tls

# other versions of MicroPython and of its tools
VERSIONS := build/versions/.fetched
$(VERSIONS): build_matrix.yml tools/versions.py tools/get/debian_micropython.sh tools/get/debian.sh $(VENV)
	tools/apt.sh ca-certificates nodejs $(if $(shell command -v npm),,npm)
	$(PY) tools/versions.py get
	touch $@

# proxies for the tests
NGINX := build/nginx/nginx
$(NGINX): tools/get/nginx.sh tools/get/debian.sh | build/.base
	tools/apt.sh ca-certificates
	tools/get/nginx.sh build/nginx

PROXIES := build/proxies/apache2
$(PROXIES): tools/get/proxies.sh tools/get/debian.sh | build/.base
	tools/apt.sh ca-certificates libssl3 libpcre2-8-0 libcrypt1 libsystemd0 libexpat1 libuuid1 libzstd1
	tools/get/proxies.sh build/proxies

# what MicroPython's port to the RP2040 is built from beside it, and an emulator of the chip
RP2 := build/rp2/versions
$(RP2): tools/get/rp2.sh tools/get/debian.sh | build/.base
	tools/apt.sh ca-certificates bzip2 xz-utils
	tools/get/rp2.sh build/rp2

RP2040JS := build/rp2040js/bootrom.bin
$(RP2040JS): tools/get/rp2040js.sh | $(VENV)
	command -v npm >/dev/null || tools/apt.sh npm
	PYTHON=$(PY) tools/get/rp2040js.sh build/rp2040js

# what tells whether people who see, hear or move less can use a page
AXE := build/axe/axe.min.js
$(AXE): tools/get/axe.sh | build/.base
	command -v npm >/dev/null || tools/apt.sh npm
	tools/get/axe.sh build/axe
	touch $@

MPY_CROSS := $(MPY_DIR)/mpy-cross/build/mpy-cross
UNIX := build/unix/micropython
# No library of the machine's is linked, and no submodule is needed.
UNIX_OPTIONS := MICROPY_PY_BTREE=0 MICROPY_PY_FFI=0 MICROPY_PY_SSL=0 MICROPY_SSL_MBEDTLS=0 \
	MPY_LIB_DIR=$(CURDIR)/build/no-lib FROZEN_MANIFEST=$(MPY_DIR)/extmod/asyncio/manifest.py

$(MPY_CROSS): $(MPY_DIR)/py/mpconfig.h | build/.base
	$(MAKE) $(JOBS) -s -C $(MPY_DIR)/mpy-cross

$(UNIX): $(MPY_CROSS)
	mkdir -p build/no-lib && touch build/no-lib/README.md
	$(MAKE) $(JOBS) -s -C $(MPY_DIR)/ports/unix BUILD=$(CURDIR)/build/unix $(UNIX_OPTIONS)

# -- what the machine must have

build/.base: tools/apt.sh
	tools/apt.sh gcc libc6-dev make python3-venv
	mkdir -p build && touch $@

# the compilers of all architectures
build/.compilers: Makefile build_matrix.yml tools/apt.sh tools/matrix.py $(VENV)
	tools/apt.sh $$($(PY) tools/matrix.py apt)
	touch $@

# the machines that execute what they make
build/.emulators: build_matrix.yml tools/apt.sh tools/matrix.py $(VENV)
	tools/apt.sh $$($(PY) tools/matrix.py apt emulators)
	touch $@

build/.format: tools/apt.sh build/.base
	tools/apt.sh clang-format clang-tidy-14 cppcheck
	touch $@

# what only tests use
build/.tests: Makefile tools/apt.sh build/.base
	tools/apt.sh curl chromium nodejs node-ws clang-14 libclang-rt-14-dev valgrind bind9-dnsutils
	touch $@

$(VENV): requirements.txt | build/.base
	python3 -m venv .venv
	.venv/bin/pip install -q -r requirements.txt
	touch $@

.venv/.bench: bench/requirements.txt $(VENV)
	tools/apt.sh wrk valgrind
	.venv/bin/pip install -q -r bench/requirements.txt
	touch $@

.venv/.docs: docs/requirements.txt $(VENV)
	.venv/bin/pip install -q -r docs/requirements.txt
	touch $@

.venv/.tests: tests/requirements.txt docs/requirements.txt $(VENV)
	.venv/bin/pip install -q -r tests/requirements.txt
	touch $@

# what programs import on a board, for the type checker
TYPINGS := build/typings/.installed
$(TYPINGS): tests/typings.txt $(VENV)
	rm -rf build/typings
	.venv/bin/pip install -q --target build/typings -r tests/typings.txt
	touch $@

# another type checker, which VS Code has
PYRIGHT := build/pyright/node_modules/pyright/index.js
$(PYRIGHT): Makefile | build/.base
	tools/apt.sh ca-certificates nodejs $(if $(shell command -v npm),,npm)
	npm install --silent --no-audit --no-fund --prefix build/pyright pyright@1.1.414
	touch $@

# Autobahn|Testsuite, with a Python 2 for it
AUTOBAHN := build/autobahn/suite/wstest
$(AUTOBAHN): tools/get/autobahn.sh tools/get/debian.sh tests/autobahn/requirements.txt | $(VENV)
	tools/apt.sh ca-certificates
	mkdir -p build/autobahn
	PYTHON=$(PY) tools/get/autobahn.sh build/autobahn/suite

# -- the native modules and the packages

ARCHS = $(shell $(PY) tools/matrix.py list)
HOST_ARCH = $(shell $(PY) tools/matrix.py host)
NATIVE = build/native/$(1)/_native.mpy build/native/$(1)/_frames.mpy
ESPRESSIF := $(if $(filter espressif,$(TOOLCHAIN)),--espressif)

build/native/%/_native.mpy build/native/%/_frames.mpy: $(wildcard natmod/*) build_matrix.yml tools/natmod.py tools/matrix.py \
		$(MPY_CROSS) $(VENV)
	$(PY) tools/natmod.py $(ESPRESSIF) $*

native: $(VENV) ## build one architecture's native modules: ARCH=armv6m, TOOLCHAIN=espressif for the vendor's
	@test -n "$(filter $(ARCH),$(ARCHS))" || { echo "make native ARCH=..., one of: $(ARCHS)"; exit 1; }
	tools/apt.sh $$($(PY) tools/matrix.py apt $(ARCH))
	rm -f $(if $(ESPRESSIF),$(call NATIVE,$(ARCH)))
	$(MAKE) $(call NATIVE,$(ARCH))

native-all: build/.compilers ## build the native modules of every architecture
	$(MAKE) $(foreach arch,$(ARCHS),$(call NATIVE,$(arch)))

dist: native-all ## write dist/, the files that boards get, and the tables of them: HOME=github:OWNER/NAME
	$(PY) tools/home.py $(if $(filter command%,$(origin HOME)),$(HOME))
	$(PY) tools/dist.py
	$(PY) tools/readme_table.py

demo: ## serve examples/device/, a page for a board, on this machine: PORT=8080
	@tools/demo.sh $(PORT) $(if $(filter $(FETCHED),$(MPY_DIR)),,built) || test $$? = 130

# the same by what is built from source
demo-built: $(UNIX) $(VENV)
	@test $(HOST_ARCH) = portable || $(MAKE) -s $(call NATIVE,$(HOST_ARCH))
	@$(PY) tools/dist.py --out build/dist $(HOST_ARCH)
	@echo "MicroPython of $(MPY_DIR), a heap of 400 KB:"
	@mkdir -p build/demo/files
	@MICROPYPATH=build/dist/$$($(PY) tools/matrix.py folder $(HOST_ARCH)):.frozen \
		$(UNIX) -X heapsize=400K examples/device/main.py $(PORT) build/demo/files || test $$? = 130

install: $(VENV) ## install on a board that is connected: PORT=/dev/ttyACM0, PACKAGES=aioweb-websocket
	$(PY) tools/install.py $(if $(filter file,$(origin PORT)),,--port $(PORT)) $(PACKAGES)

docs: .venv/.docs ## build the documentation as HTML: build/docs/index.html
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict

stubs: .venv/.tests ## build the type stubs for editors: build/stubs/
	$(PY) tools/stubs.py

verify: native-all ## build dist/ again and compare each byte with what is committed
	$(PY) tools/dist.py --check

release: $(VENV) ## pack dist/ for a release: TAG=v1.2.3
	$(PY) tools/release.py $(TAG)

# -- tests

# in twice as many processes as there are processors, a file each, for half of the time is
# waiting; then what depends on MicroPython's version on each other one
test: emulators build/.tests $(NGINX) $(PROXIES) $(TYPINGS) $(PYRIGHT) $(AXE) $(VERSIONS) ## run all tests, after installing what they need
	$(MAKE) native-all
	$(PY) tools/dist.py --out build/dist
	$(MAKE) -s lint
	$(PY) -m pytest $(PROCESSES) $(PYTEST)
	for version in $$($(PY) tools/versions.py list); do $(MAKE) -s test-version FIRMWARE=$$version || exit 1; done

BY_VERSION := vectors versions firmware examples api protocol server guards signin sessions websocket \
	sse shapes updates connect connecting tls install testing

test-version: emulators $(VERSIONS) ## run what depends on MicroPython's version on another: FIRMWARE=1.26.1
	FIRMWARE=$(FIRMWARE) $(PY) -m pytest $(PROCESSES) $(BY_VERSION:%=tests/test_%.py)

test-arch: emulators ## run what tests the files of one architecture: ARCH=armv6m
	@test -n "$(filter $(ARCH),$(ARCHS))" || { echo "make test-arch ARCH=..., one of: $(ARCHS)"; exit 1; }
	$(PY) -m pytest tests/test_arch.py --arch $(ARCH)

test-rp2040: emulators native-all ## run what tests the emulated RP2040, to its end
	$(PY) tools/dist.py --out build/dist armv6m portable
	$(PY) -m pytest tests/test_rp2040.py --whole $(PYTEST)

test-arch-all: emulators ## run what tests the files of every architecture
	$(PY) -m pytest tests/test_arch.py

# MicroPython for every emulated target; what did not change is not built again
emulators: $(UNIX) $(TLS) $(RP2) $(RP2040JS) build/.compilers build/.emulators .venv/.tests
	$(PY) tools/emulators.py build

soak: emulators native-all ## have a board's server visited by all kinds of clients: TIME=1800 seconds
	$(PY) tools/dist.py --out build/dist x86
	PYTHONPATH=tools $(PY) tests/soak.py $(TIME)

starve: emulators native-all ## let each allocation of a conversation fail, one by one
	$(PY) tools/dist.py --out build/dist
	$(PY) -m pytest tests/test_starvation.py tests/test_faults.py --whole $(PROCESSES) $(PYTEST)

fuzz: $(UNIX) build/.tests .venv/.tests ## fuzz the parsers: TIME=60 seconds for each part, KEEP=1 to keep new inputs
	@test $(HOST_ARCH) = portable || $(MAKE) -s $(call NATIVE,$(HOST_ARCH))
	$(PY) tools/dist.py --out build/dist $(sort $(HOST_ARCH) portable)
	$(PY) tests/fuzzing.py $(TIME) $(if $(KEEP),--keep)

coverage: build/.base .venv/.tests ## tell what of the C the vectors reach
	PYTHONPATH=tools $(PY) tests/hostc.py

autobahn: $(UNIX) $(AUTOBAHN) .venv/.tests ## try WebSockets with Autobahn|Testsuite: PARSER=portable, CASES=1-7,10
	@test $(HOST_ARCH) = portable || $(MAKE) -s $(call NATIVE,$(HOST_ARCH))
	$(PY) tools/dist.py --out build/dist $(sort $(HOST_ARCH) portable)
	$(PY) tests/autobahn/run.py --parser $(PARSER) --cases $(CASES)

cost: emulators ## count instructions on every architecture: bench/cost.md, cost.json
	$(PY) -m bench.cost --write

bench: emulators native-all .venv/.bench ## measure requests beside peers and floors: bench/results.md
	$(PY) -m bench --write

# what knows nothing of MicroPython, and what tries it
PARSERS_C := natmod/http.c natmod/text.c natmod/ws.c
HOST_C := $(wildcard tests/host/*.c tests/fuzz/*.[ch])

lint: .venv/.tests build/.format ## check the sources' format, shape and spelling, and the C by analysis
	$(PY) -m ruff check . && $(PY) -m ruff format --check .
	$(PY) -m pytest tests/test_rooms.py tests/test_shape.py
	clang-format --dry-run -Werror natmod/*.[ch] $(HOST_C)
	for file in $(PARSERS_C); do gcc -std=c99 -O2 -Wall -Wextra -Wconversion -fanalyzer -Werror \
		-Inatmod -c $$file -o /dev/null || exit 1; done
	cppcheck -q --error-exitcode=1 --enable=warning,style,performance,portability --std=c99 \
		-Inatmod $(PARSERS_C) $(HOST_C)
	clang-tidy-14 --quiet --warnings-as-errors='*' $(PARSERS_C) -- -std=c99 -Inatmod 2>/dev/null
	$(PY) -m codespell_lib

format: .venv/.tests build/.format ## format the sources
	$(PY) -m ruff format .
	clang-format -i natmod/*.[ch] $(HOST_C)

clean: ## remove all that was built or fetched, the committed dist/ excepted
	rm -rf build .venv

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | sort | expand -t 15
