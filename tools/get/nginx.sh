#!/bin/sh
# Makes FOLDER/nginx, a command: that of Debian's package, unpacked and not installed,
# as an installed one serves port 80 from then on; else the nginx that this machine has.
#
#   tools/get/nginx.sh FOLDER
set -eu
dest=$1
work=$(realpath -m "$dest.tmp")
suite=bookworm
. "$(dirname "$0")/debian.sh"

from_apt() {
    from_mirror deb download nginx && unpack "$work/root" "$work"/nginx_*.deb &&
        mv "$work/root/usr/sbin/nginx" "$dest/nginx" && "$dest/nginx" -v
}

rm -rf "$dest" "$work"
mkdir -p "$dest" "$work"
from_apt || {
    found=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v nginx) || {
        echo "nginx.sh: no nginx; install one" >&2
        exit 1
    }
    make_command "$dest/nginx" "" "$found"
}
rm -rf "$work"
