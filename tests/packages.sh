#!/bin/sh
# packages.sh - builds the Debian packages in a Debian 13 tree and tries them there
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: sh tests/packages.sh [TREE]         TREE as for tests/debian13.sh
#
# Exits with 77, and says why, where no tree can be made.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)

if [ "${1:-}" != --here ]; then
  tree=${1:-}
  [ -n "$tree" ] || { tree=$(mktemp -d); trap 'rm -rf "$tree"' EXIT; }
  sh "$top/tests/debian13.sh" "$tree" sh tests/packages.sh --here
  exit
fi

export DEBIAN_FRONTEND=noninteractive DEB_BUILD_OPTIONS=nocheck DEB_BUILD_PROFILES=nocheck
step () {
  echo "== $*"
}

step "what building needs"
apt-get update -qq
apt-get install -y -qq --no-install-recommends dpkg-dev debhelper lintian man-db >/dev/null
apt-get build-dep -y -qq --no-install-recommends "$top" >/dev/null

step "building"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$top" "$work/gst-torchscript"
cd "$work/gst-torchscript"
dpkg-buildpackage -us -uc -b >"$work/build.log" 2>&1 || {
  tail -n 40 "$work/build.log"
  exit 1
}
cd "$work"

step "lintian"
lintian --allow-root --fail-on error ./*.changes

step "installing"
apt-get install -y -qq --no-install-recommends ./*.deb gstreamer1.0-tools \
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good python3-gi python3-gst-1.0 \
  bash-completion >/dev/null
trap 'apt-get purge -y -qq $(cd "$work" && ls ./*.deb | sed "s/_.*//; s,./,,") >/dev/null
  rm -rf "$work"' EXIT

step "trying what is installed"
cd "$top"
mlpkg validate models/doclayout-n.mlpkg
man -w mlpkg
for library in gstreamer-torchscript-1.0 torchscript-vision-1.0; do
  pkg-config --libs "$library"
done
cc -Wall -Werror pipelines/examples/detections.c -o "$work/detections" \
  $(pkg-config --cflags --libs gstreamer-torchscript-1.0)
"$work/detections" models/doclayout-n.mlpkg pipelines/demo/page.png >"$work/from-c"
/usr/bin/python3 pipelines/examples/detections.py models/doclayout-n.mlpkg \
  pipelines/demo/page.png >"$work/from-python"
grep "plain text" "$work/from-c"
cmp "$work/from-c" "$work/from-python"
bash -c '. /usr/share/bash-completion/bash_completion
  _comp_load mlpkg 2>/dev/null || _completion_loader mlpkg; complete -p mlpkg'
echo "the packages are whole"
