# setup.sh - installs what is missing and builds; sourced by demo.sh and tests/run.sh
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Expects $top, the top of the source tree; gives $build, the build directory.
# Safe to run again: packages that are there are not touched.

# What the build and the demo need, and what the tests need beyond it.  The
# reference BLAS of a fresh system is 40 times slower than OpenBLAS.
build_packages="gcc g++ meson ninja-build pkg-config python3
libtorch-dev libdnnl-dev libopenblas0-pthread
libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
libcairo2-dev libpango1.0-dev libjson-glib-dev libarchive-dev libsodium-dev
libseccomp-dev
libmosquitto-dev libhiredis-dev
gobject-introspection libgirepository1.0-dev fonts-dejavu-core"
is_debian_13 () {
  [ -r /etc/os-release ] && (. /etc/os-release; [ "$ID$VERSION_ID" = debian13 ])
}
test_packages="python3-torch python3-torchvision python3-numpy python3-opencv
python3-gi python3-gst-1.0 gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0 binutils
python3-prometheus-client man-db libblas3 minisign valgrind python3-jsonschema libxml2-utils
libgstrtspserver-1.0-dev mosquitto mosquitto-clients redis-server openssl kcat locales"
# GstAnalytics, which Debian 12's GStreamer has not, and the elements that use it.
if is_debian_13; then
  build_packages="$build_packages libgstreamer-plugins-bad1.0-dev"
  test_packages="$test_packages gstreamer1.0-plugins-bad"
fi

say () {
  printf '%s\n' "$*" >&2
}

is_debian () {
  [ -r /etc/os-release ] || return 1
  (
    . /etc/os-release
    [ "$ID" = debian ] && { [ "$VERSION_ID" = 12 ] || [ "$VERSION_ID" = 13 ]; }
  )
}

missing_packages () {
  for package in "$@"; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) || status=
    [ "$status" = "install ok installed" ] || printf '%s ' "$package"
  done
}

as_root () {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    say "Packages have to be installed: run this as root, or install sudo."
    return 1
  fi
}

# Installs the packages given that are not there yet.
install_packages () {
  if ! is_debian; then
    say "This is neither Debian 12 nor Debian 13. Going on with what is here;"
    say "needed are the equivalents of these packages: $(echo "$@" | tr '\n' ' ')"
    return 0
  fi
  missing=$(missing_packages "$@")
  [ -z "$missing" ] && return 0
  say "Installing: $missing"
  as_root apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends $missing >&2
}

# Configures $build once with the options given, then builds what is out of date.
build_project () {
  build=${BUILD_DIR:-$top/build}
  if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" "$top" "$@" >&2 || return 1
  fi
  ninja -C "$build" >"$build/build.log" 2>&1 || {
    cat "$build/build.log" >&2
    return 1
  }
}
