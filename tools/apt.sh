#!/bin/sh
# Installs the Debian packages named that are missing. Where there is no dpkg the
# machine's owner provides the tools; what is missing then fails by its name.
set -eu
command -v dpkg-query >/dev/null || exit 0
missing=
for package; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
    installed) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0
sudo=
if [ "$(id -u)" != 0 ]; then
    sudo=$(command -v sudo) || { echo "apt.sh: please install:$missing" >&2; exit 1; }
fi
# a third party's unreachable list must not stop what Debian's has
$sudo apt-get -q update || echo "apt.sh: some package lists could not be read" >&2
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends $missing
