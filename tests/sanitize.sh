#!/bin/sh
# sanitize.sh - builds with a sanitizer and runs the C tests under it
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: sh tests/sanitize.sh address|valgrind
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/pipelines/setup.sh"
kind=${1:-address}
BUILD_DIR=${BUILD_DIR:-$top/build-$kind}

install_packages $build_packages $test_packages
# The tests of the suite "python" load the plugin into programs that no sanitizer
# was linked into, so they run in the plain suite only, as do those of the models;
# for the same reason the plugin is scanned in the test itself.
export GST_REGISTRY_FORK=no
case $kind in
  address)
    build_project -Db_sanitize=address,undefined -Db_lundef=false
    # Freed memory is held back only shortly, for the tests that watch for growth.
    export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=1
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    meson test -C "$build" --no-suite python --no-suite doclayout --no-suite pages \
      --timeout-multiplier 5 --print-errorlogs
    ;;
  valgrind)
    install_packages valgrind
    build_project
    # Those that are C throughout and need no libtorch, which takes minutes here
    # and whose own findings would hide ours; the fake shim answers in its place.
    # "frame" and the like are Python, which would be watched and not what it runs.
    CK_FORK=no meson test -C "$build" --timeout-multiplier 20 --print-errorlogs \
      --wrap "valgrind -q --error-exitcode=1 \
        --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
        --suppressions=$top/tests/valgrind.supp" \
      decoders labels modelspec engine detector detectionmeta roi cycles \
      overlayblend overlaypainter detectionjson detectionoverlay 'shim error text' \
      foreign detectioncrop
    ;;
  *)
    say "Usage: sh tests/sanitize.sh address|valgrind"
    exit 1
    ;;
esac
