#!/bin/sh
# sanitize.sh - builds with a sanitizer and runs the C tests under it
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: sh tests/sanitize.sh address|thread|valgrind
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/pipelines/setup.sh"
kind=${1:-address}
BUILD_DIR=${BUILD_DIR:-$top/build-$kind}

install_packages $build_packages $test_packages
# The Python tests load the plugin into an interpreter that no sanitizer was
# linked into, so they run in the plain suite only.
case $kind in
  address)
    build_project -Db_sanitize=address,undefined -Db_lundef=false
    export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    meson test -C "$build" --no-suite python --timeout-multiplier 5 --print-errorlogs
    ;;
  thread)
    build_project -Db_sanitize=thread -Db_lundef=false
    meson test -C "$build" --no-suite python --timeout-multiplier 5 --print-errorlogs
    ;;
  valgrind)
    install_packages valgrind
    build_project
    CK_FORK=no meson test -C "$build" --no-suite python --timeout-multiplier 20 \
      --print-errorlogs --wrap "valgrind -q --error-exitcode=1 \
        --leak-check=full --errors-for-leak-kinds=definite \
        --suppressions=$top/tests/valgrind.supp"
    ;;
  *)
    say "Usage: sh tests/sanitize.sh address|thread|valgrind"
    exit 1
    ;;
esac
