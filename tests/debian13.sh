#!/bin/sh
# debian13.sh - runs every test in a Debian 13 tree that it makes, as from a fresh clone
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: sh tests/debian13.sh [TREE [COMMAND...]]
#
# TREE is a directory that keeps the tree for the next time; without it, one is made
# and removed again.  COMMAND runs at the clone's top in place of sh tests/run.sh.
# Exits with 77, and says why, where no tree can be made.
set -u

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/pipelines/setup.sh"

skip () {
  say "Debian 13: skipped: $*"
  exit 77
}

# The archive that this system's own packages come from, so that a mirror or a
# proxy which is set up for apt is used here, too.
find_mirror () {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
    'Origin: Debian' 'Label: Debian' 2>/dev/null | sed -n '1s,/*$,,p'
}

is_reachable () {
  /usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file \
    "$1/dists/trixie/InRelease" "$work/InRelease" >"$work/download.log" 2>&1
}

make_tree () {
  # Users other than root, such as apt's, have to get in.
  chmod 755 "$tree"
  [ -e "$tree/etc/debian_version" ] && return 0
  say "Debian 13: making a tree of $mirror"
  debootstrap --variant=minbase trixie "$tree" "$mirror" >"$work/tree.log" 2>&1 || {
    tail -n 20 "$work/tree.log" >&2
    rm -rf "$tree"
    return 1
  }
  # A tree that is lost is made anew; waiting for the disk takes a minute.
  echo force-unsafe-io >"$tree/etc/dpkg/dpkg.cfg.d/unsafe-io"
}

# A clone of what is committed, and beside it the data that some tests read.
copy_sources () {
  rm -rf "$tree/src"
  mkdir -p "$tree/src"
  git -c safe.directory='*' clone -q --depth 1 "file://$top" \
    "$tree/src/gst-torchscript" || return 1
  [ ! -d "$top/../shared" ] || cp -RL "$top/../shared" "$tree/src/shared"
}

# The mounts are in a namespace that ends with its last process, however that
# ends; so none is ever left, and removing the tree cannot reach into one.
run_in_tree () {
  cp /etc/resolv.conf /etc/hosts "$tree/etc/" 2>/dev/null
  unshare --mount --pid --fork --kill-child sh -c '
    tree=$1
    shift
    mount -t proc proc "$tree/proc" && mount --rbind /sys "$tree/sys" &&
      mount --rbind /dev "$tree/dev" || exit 1
    exec chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
      LC_ALL=C.UTF-8 sh -c "cd /src/gst-torchscript && exec \"\$@\"" sh "$@"
  ' sh "$tree" "$@"
}

[ "$(id -u)" = 0 ] || skip "only root can make a tree"
unshare --mount --pid --fork true 2>/dev/null || skip "mounting is not allowed here"
command -v debootstrap >/dev/null || install_packages debootstrap >/dev/null 2>&1
command -v debootstrap >/dev/null || skip "debootstrap is not here and cannot be installed"
mirror=$(find_mirror)
[ -n "$mirror" ] || { apt-get update -qq >/dev/null 2>&1; mirror=$(find_mirror); }
[ -n "$mirror" ] || skip "apt knows no Debian archive"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
is_reachable "$mirror" || skip "$mirror cannot be reached"
tree=$work/tree
mkdir "$tree"
if [ $# -gt 0 ]; then
  mkdir -p "$1"
  tree=$(cd "$1" && pwd)
  shift
fi
[ $# -gt 0 ] || set -- sh tests/run.sh

make_tree && copy_sources || {
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
}
run_in_tree "$@"
