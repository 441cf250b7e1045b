#!/bin/sh
# SPDX-License-Identifier: MIT
# What the two recipes share: fetching and unpacking Debian packages, and telling build-images how it goes.
# Packages are unpacked, not installed: no maintainer script runs, so that neither recipe needs root and both
# take seconds. Sourced, never run.

suite=trixie
mirror=${VGAUGE_DEBIAN_MIRROR:-http://deb.debian.org/debian}

# step TEXT: one line of progress for the user
step() {
    echo "STEP $*"
}

# die TEXT: the one sentence that tells the user why
die() {
    echo "FAILED $*"
    exit 1
}

# unpack LIST ROOT: unpacks the packages that LIST names, and what they depend on; writes ROOT.packages
unpack() {
    names=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1" | paste -sd, -)
    mode=chrootless # serves a user who is not root; mmdebstrap refuses it to root
    [ "$(id -u)" != 0 ] || mode=root
    # shellcheck disable=SC2016 # the hook expands $1
    mmdebstrap --variant=extract --mode="$mode" --format=directory \
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
        --aptopt='Acquire::Retries "3"' --aptopt='Acquire::http::Timeout "30"' \
        --extract-hook='cd "$1/var/cache/apt/archives" && printf "%s\n" *.deb > "$1.packages"' \
        --include="$names" "$suite" "$2" "deb $mirror $suite main" ||
        die "Debian's packages could not be fetched from $mirror and unpacked; is the network up?"
    (cd "$2/usr/share" && rm -rf doc info lintian locale man) # a third of the files, read by nobody
}
