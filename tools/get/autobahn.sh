#!/bin/sh
# Makes FOLDER/wstest, the command of Autobahn|Testsuite, which needs Python 2.7: one
# that this machine has, on the PATH or of pyenv; else that of Debian's suite
# bullseye, the last to have it, unpacked beside and not installed.
#
#   PYTHON=python3 tools/get/autobahn.sh FOLDER
set -eu
dest=$1
work=$(realpath -m "$dest.tmp")
requirements=$(dirname "$0")/../../tests/autobahn/requirements.txt
suite=bullseye
. "$(dirname "$0")/debian.sh"
rm -rf "$work"
mkdir -p "$work/made/lib"
python=$work/made/python2.7

from_machine() {
    for found in "$(command -v python2.7)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7.*/bin/python; do
        make_command "$python" "" "'$found'"
        # pyenv's command may be there and refuse to run
        if works; then return; fi
    done
    return 1
}

from_apt() {
    # with the C library and zlib of this machine
    from_mirror deb download python2.7-minimal libpython2.7-minimal libpython2.7-stdlib \
        libffi7 libssl1.1 || return 1
    unpack "$work/made/root" "$work"/*.deb || return 1
    mv "$work"/made/root/usr/lib/*/lib*.so* "$work/made/lib"
    make_command "$python" 'here=$(cd "${0%/*}" && pwd); export LD_LIBRARY_PATH="$here/lib"' \
        '"$here/root/usr/bin/python2.7"'
}

works() {
    "$python" -c "import ctypes, ssl, zlib" 2>/dev/null
}

# The pip of Python 2 makes what is there as sources only with the setuptools that it
# installs before.
install() {
    packages=$work/made/packages
    "${PYTHON:-python3}" -m pip download -qq --disable-pip-version-check --no-deps -d "$work" \
        "$(grep '^pip==' "$requirements")"
    pip=$(ls "$work"/pip-*.whl)/pip
    for what in "$(grep '^setuptools==' "$requirements")" "-r$requirements"; do
        PYTHONPATH=$packages "$python" -s "$pip" install -qq --no-deps \
            --no-python-version-warning --disable-pip-version-check --no-warn-script-location \
            --target "$packages" --upgrade "$what"
    done
}

from_machine || { from_apt && works; } || {
    echo "autobahn.sh: no Python 2.7; install one as python2.7" >&2
    exit 1
}
install
make_command "$work/made/wstest" 'here=$(cd "${0%/*}" && pwd)' \
    '"$here/python2.7" -su -c "
import site, sys
site.addsitedir(sys.argv.pop(1))
from autobahntestsuite.wstest import run
run()" "$here/packages"'
"$work/made/wstest" --autobahnversion
rm -rf "$dest"
mv "$work/made" "$dest"
rm -rf "$work"
