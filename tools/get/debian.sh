# For scripts to source: packages of a Debian suite that need not be this machine's,
# through the mirror that apt is configured with, unpacked and not installed.
#
# The script sets $suite and $work, a folder. apt gets a state of its own in it, so
# the machine's lists stay as they are; signatures are checked against Debian's
# keyring as ever.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# apt-get with that state; downloads go to the current folder or to apt/archives/
suite_apt() {
    apt-get -q -o Dir::State="$work/apt" -o Dir::State::Lists="$work/apt/lists" \
        -o Dir::State::Status="$work/apt/status" -o Dir::Cache="$work/apt" \
        -o Dir::Etc::SourceList="$work/apt/$suite.sources" -o Dir::Etc::SourceParts=/dev/null \
        -o APT::Sandbox::User=root "$@"
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

# from_mirror deb|deb-src ARGUMENTS: run suite_apt in $work with the first mirror
# that has what it asks for.
from_mirror() {
    command -v apt-get >/dev/null && [ -f "$keyring" ] || return 1
    mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
    : >"$work/apt/status"  # no package is installed there
    types=$1
    shift
    # from the sources: apt-get indextargets knows none before the first update
    for uri in $(mirrors); do
        printf 'Types: %s\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
            "$types" "$uri" "$suite" "$keyring" >"$work/apt/$suite.sources"
        if (cd "$work" && suite_apt update && suite_apt "$@" >/dev/null); then
            return
        fi
    done
    return 1
}

# unpack FOLDER PACKAGE.deb...
unpack() {
    root=$1
    shift
    for package; do
        dpkg-deb -x "$package" "$root" || return 1
    done
}

# make_command FILE PREPARATION COMMAND: a script that runs the command with its own
# arguments
make_command() {
    printf '#!/bin/sh\n%s\nexec %s "$@"\n' "$2" "$3" >"$1"
    chmod +x "$1"
}
