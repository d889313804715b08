#!/bin/sh
# Fetches what MicroPython's port to the RP2040 is built from beside MicroPython's own
# source, and what its boards need for a network: FOLDER/pico-sdk, tinyusb, lwip and
# mbedtls, as Debian's suite trixie has them.
#
#   tools/get/rp2.sh FOLDER
set -eu
dest=$1
work=$(realpath -m "$dest.tmp")
suite=trixie
. "$(dirname "$0")/debian.sh"
rm -rf "$work"
mkdir -p "$work/made"

# unpack_source NAME VERSION
unpack_source() {
    tar=$(ls "$work/$1_$2"*.orig.tar.*[!c]) || return 1
    mkdir "$work/made/$1"
    tar -xf "$tar" -C "$work/made/$1" --strip-components=1
}

# as packages that hold sources, and as sources: not every mirror has both of each
from_mirror deb download pico-sdk-source tinyusb-source &&
    unpack "$work/root" "$work"/pico-sdk-source_2.1.1-*.deb "$work"/tinyusb-source_0.18.0*.deb &&
    from_mirror deb-src source --download-only lwip mbedtls &&
    unpack_source lwip 2.2.1 && unpack_source mbedtls 3.6. || {
    echo "rp2.sh: apt has not all of pico-sdk 2.1.1, tinyusb 0.18.0, lwip 2.2.1, mbedtls 3.6" >&2
    exit 1
}
mv "$work/root/usr/src/pico-sdk" "$work/root/usr/src/tinyusb" "$work/made"
(cd "$work" && ls ./*.deb ./*.dsc) >"$work/made/versions"
rm -rf "$dest"
mv "$work/made" "$dest"
rm -rf "$work"
