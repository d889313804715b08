#!/bin/sh
# Unpacks MicroPython's source to the folder named: Debian's source package of
# suite trixie through the mirror that apt is configured with, else git's tag.
#
# apt gets a state of its own, so the machine's lists stay as they are; signatures
# are checked against Debian's keyring as ever.
set -eu
version=1.25.0
suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
dest=$1
work=$dest.tmp
rm -rf "$work"
mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"

fetch_from_mirror() { # URI
    printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
        "$1" "$suite" "$keyring" >"$work/apt/$suite.sources"
    set -- -q -o Dir::State::Lists="$work/apt/lists" -o Dir::Cache="$work/apt" \
        -o Dir::Etc::SourceList="$work/apt/$suite.sources" -o Dir::Etc::SourceParts=/dev/null \
        -o APT::Sandbox::User=root
    (cd "$work" && apt-get "$@" update && apt-get "$@" source --download-only micropython >/dev/null)
}

# The mirrors that apt is configured with, of either format of its sources.
mirrors() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -nE 's/^deb +(\[[^]]*\] +)?([^ ]+).*/\2/p' >"$work/mirrors"
    cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
        sed -nE 's/^URIs: *//p' | tr ' ' '\n' >>"$work/mirrors"
    # likely ones first; another has no such suite, and is passed over
    sed 's|/*$|/|' "$work/mirrors" | grep -v security | sort -u >"$work/sorted"
    grep '/debian/$' "$work/sorted"
    grep -v '/debian/$' "$work/sorted"
}

from_apt() {
    command -v apt-get >/dev/null && [ -f "$keyring" ] || return 1
    # from the sources: apt-get indextargets knows none before the first update
    for uri in $(mirrors); do
        if fetch_from_mirror "$uri"; then
            tar=$(ls "$work"/micropython_*.orig.tar.xz)
            case $tar in
            *_"$version"+*) ;;
            *) echo "get_micropython.sh: found $tar, not $version" >&2; return 1 ;;
            esac
            mkdir "$work/source"
            tar -xJf "$tar" -C "$work/source" --strip-components=1
            return
        fi
    done
    return 1
}

from_git() {
    git clone -q --depth 1 --branch "v$version" \
        https://github.com/micropython/micropython "$work/source"
}

from_apt || from_git || {
    echo "get_micropython.sh: neither apt nor git has MicroPython $version; set MPY_DIR" >&2
    exit 1
}
rm -rf "$dest"
mv "$work/source" "$dest"
rm -rf "$work"
