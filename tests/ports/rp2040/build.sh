#!/bin/sh
# build.sh MICROPYTHON SOURCES BOARD OUT: builds MicroPython's rp2 port for the board of a
# folder into OUT/firmware.bin, from what tools/get/rp2.sh fetched to SOURCES.
set -eu
mpy=$1
sources=$2
board=$3
out=$4
# MicroPython's source as it would be with its submodules
tree=$out/tree
mkdir "$tree"
ln -s "$mpy"/* "$tree"
rm "$tree/lib"
mkdir "$tree/lib"
ln -s "$mpy"/lib/* "$tree/lib"
for name in pico-sdk tinyusb lwip mbedtls; do
    rm "$tree/lib/$name"
    ln -s "$sources/$name" "$tree/lib/$name"
done
# of no git's that it may lie in
export GIT_DIR=/dev/null
# C++'s library is not needed, as its one file that is compiled is empty then, and gcc
# links.
CXXFLAGS=-DPICO_CXX_DISABLE_ALLOCATION_OVERRIDES=1 cmake -G Ninja -S "$tree/ports/rp2" \
    -B "$out/build" -DMICROPY_BOARD="${board##*/}" -DMICROPY_BOARD_DIR="$board" \
    -DPICO_SDK_PATH_OVERRIDE="$tree/lib/pico-sdk" -DMICROPY_LIB_DIR="$out/micropython-lib" \
    -DMICROPY_FROZEN_MANIFEST="$board/manifest.py" -DPICO_NO_PICOTOOL=1 \
    -DPICO_COMPILER_CXX="$(command -v arm-none-eabi-gcc)" -DCMAKE_CXX_STANDARD_LIBRARIES=-lm
ninja -C "$out/build" firmware
mv "$out/build/firmware.bin" "$out"
