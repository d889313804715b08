#!/bin/sh
# Makes FOLDER/micropython, a unix port that has TLS and mip: the package of a suite of
# Debian, run with the libraries it was built for, none of which is installed; else the
# micropython that this machine has.
#
#   tools/get/debian_micropython.sh SUITE VERSION FOLDER
set -eu
suite=$1
version=$2
dest=$3
work=$(realpath -m "$dest.tmp")
. "$(dirname "$0")/debian.sh"
rm -rf "$work"
mkdir -p "$work/made"

from_apt() {
    from_mirror deb install -y --download-only --no-install-recommends micropython || return 1
    unpack "$work/root" "$work"/apt/archives/*.deb || return 1
    mkdir "$work/made/lib"
    mv "$work"/root/usr/lib/*/*.so* "$work/made/lib" &&
        mv "$work/root/usr/bin/micropython" "$work/made/lib"
    loader=$(cd "$work/made/lib" && ls ld-linux*.so.*)
    make_command "$work/made/micropython" 'lib=${0%/*}/lib' \
        "\"\$lib/$loader\" --library-path \"\$lib\" \"\$lib/micropython\""
}

from_path() {
    found=$(command -v micropython) && make_command "$work/made/micropython" "" "$found"
}

works() {
    "$work/made/micropython" -c "import tls; tls.SSLContext(tls.PROTOCOL_TLS_SERVER)" || return 1
    found=$("$work/made/micropython" -c "import sys; print(sys.version)")
    case $found in
    *" v$version"[!0-9.]*) ;;
    *) echo "debian_micropython.sh: $found is not $version" >&2; return 1 ;;
    esac
}

{ from_apt && works; } || { from_path && works; } || {
    echo "debian_micropython.sh: no MicroPython $version with TLS; install it as micropython" >&2
    exit 1
}
rm -rf "$dest"
mv "$work/made" "$dest"
rm -rf "$work"
