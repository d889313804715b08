#!/bin/sh
# Fetches npm's axe-core, which finds what keeps people from using a page, to
# FOLDER/axe.min.js.
#
#   tools/get/axe.sh FOLDER
set -eu
dest=$1
package=axe-core-4.14.1
package_sha256=e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745
work=$(realpath -m "$dest.tmp")

rm -rf "$work"
mkdir -p "$work"
(cd "$work" && npm pack --silent "$(echo $package | sed 's/\(.*\)-/\1@/')" >/dev/null)
echo "$package_sha256  $work/$package.tgz" | sha256sum --check --quiet
tar -xzf "$work/$package.tgz" -C "$work" package/axe.min.js
mkdir -p "$dest"
mv "$work/package/axe.min.js" "$dest"
rm -rf "$work"
