#!/bin/sh
# Preprocesses files one by one: `cpp-each.sh compiler flags... a.c b.c`, `-` for
# the standard input. MicroPython hands its preprocessor many files at once or a
# pipe; zig takes one named file.
files=
left=$#
while [ "$left" -gt 0 ]; do
    arg=$1
    shift
    left=$((left - 1))
    case $arg in
        *.c) files="$files $arg" ;;
        -) stdin=$(mktemp --suffix .c) && trap 'rm -f "$stdin"' EXIT && cat > "$stdin"
           files=$stdin ;;
        *) set -- "$@" "$arg" ;;
    esac
done
for file in $files; do
    "$@" "$file" || exit
done
