#!/bin/sh
# Unpacks MicroPython's source to the folder named: Debian's source package of
# suite trixie, else git's tag.
set -eu
version=1.25.0
dest=$1
work=$(realpath -m "$dest.tmp")
suite=trixie
. "$(dirname "$0")/debian.sh"
rm -rf "$work"
mkdir -p "$work"

from_apt() {
    from_mirror deb-src source --download-only micropython || return 1
    tar=$(ls "$work"/micropython_*.orig.tar.xz)
    case $tar in
    *_"$version"+*) ;;
    *) echo "micropython.sh: found $tar, not $version" >&2; return 1 ;;
    esac
    mkdir "$work/source"
    tar -xJf "$tar" -C "$work/source" --strip-components=1
}

from_git() {
    git clone -q --depth 1 --branch "v$version" \
        https://github.com/micropython/micropython "$work/source"
}

from_apt || from_git || {
    echo "micropython.sh: neither apt nor git has MicroPython $version; set MPY_DIR" >&2
    exit 1
}
rm -rf "$dest"
mv "$work/source" "$dest"
rm -rf "$work"
