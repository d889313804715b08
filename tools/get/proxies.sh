#!/bin/sh
# Makes FOLDER/haproxy, FOLDER/caddy and FOLDER/apache2, commands: those of Debian's
# packages, unpacked and not installed, as an installed one serves port 80 from then on;
# else those that this machine has. FOLDER/modules has Apache's modules.
#
#   tools/get/proxies.sh FOLDER
set -eu
dest=$1
work=$(realpath -m "$dest.tmp")
suite=bookworm
. "$(dirname "$0")/debian.sh"
rm -rf "$work"
mkdir -p "$work/made/lib"

# with the C library, OpenSSL and the like of this machine
from_apt() {
    from_mirror deb download caddy haproxy liblua5.3-0 libopentracing1 \
        libopentracing-c-wrapper0 apache2-bin libapr1 libaprutil1 || return 1
    unpack "$work/root" "$work"/*.deb || return 1
    mv "$work"/root/usr/lib/*/*.so* "$work/made/lib" &&
        mv "$work/root/usr/lib/apache2/modules" "$work/made" &&
        mv "$work"/root/usr/bin/caddy "$work"/root/usr/sbin/* "$work/made/lib" || return 1
    for name in haproxy caddy apache2; do
        make_command "$work/made/$name" \
            'here=$(cd "${0%/*}" && pwd); export LD_LIBRARY_PATH="$here/lib"' \
            "\"\$here/lib/$name\""
    done
}

from_path() {
    rm -rf "$work/made"
    mkdir -p "$work/made"
    for name in haproxy caddy apache2; do
        found=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "$name") || {
            echo "proxies.sh: no $name; install one" >&2
            return 1
        }
        make_command "$work/made/$name" "" "$found"
    done
    ln -s /usr/lib/apache2/modules "$work/made/modules"
}

works() {
    "$work/made/haproxy" -v && "$work/made/caddy" version && "$work/made/apache2" -v
}

{ from_apt && works; } || { from_path && works; } || exit 1
rm -rf "$dest"
mv "$work/made" "$dest"
rm -rf "$work"
