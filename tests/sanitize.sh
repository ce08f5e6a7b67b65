#!/bin/sh
# sanitize.sh - builds with a sanitizer and runs the C tests under it
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: sh tests/sanitize.sh address|thread|valgrind|fatal-warnings|leaks|quick
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/pipelines/setup.sh"
kind=${1:-address}
BUILD_DIR=${BUILD_DIR:-$top/build-$kind}

# C throughout, without libtorch, which takes minutes under valgrind and whose own
# findings would hide ours; the fake shim answers in its place.
core="labels modelspec engine detector batch frames decoders tracker structure region
runtime 'runtime histogram' 'runtime jobqueue'"
elements="overlayblend overlaypainter roi foreign detectioncrop detectionoverlay
inferroi 'fault stream' 'fault chaos'"
# These have threads of ours.
threaded="engine detector batch frames runtime 'runtime jobqueue' cycles inferregions
inferroi infererrors inferflow inferlimits 'cuda staging' 'fault stream' 'fault chaos'"
# These write files, by a call of clone() that valgrind does not support.
writers="cycles detectionjson 'fault disk'"

# run_tests SETUP NAMES: names of several words are quoted in NAMES.
run_tests () {
  setup=$1
  shift
  eval "meson test -C \"\$build\" --setup $setup --print-errorlogs $(printf '%s ' "$@" |
    tr '\n' ' ')"
}

install_packages $build_packages $test_packages
case $kind in
  address)
    build_project -Db_sanitize=address,undefined -Db_lundef=false
    run_tests address
    ;;
  thread)
    # GLib and GStreamer are not instrumented; tests/tsan/ tells of what they order
    # between threads, and its own test of how well it does.
    build_project -Db_sanitize=thread -Db_lundef=false -Dshim=disabled \
      -Dintrospection=disabled
    # The plugins of others are looked at before, without the sanitizer: some of their
    # libraries use locks that they have destroyed.
    GST_REGISTRY="$build/gst-registry.bin" gst-inspect-1.0 >/dev/null 2>&1
    run_tests thread tsan "$threaded"
    ;;
  valgrind)
    install_packages valgrind
    build_project
    run_tests valgrind "$core" "$elements" detectionmeta "'shim error text'"
    ;;
  fatal-warnings)
    # Not those that give wrong arguments on purpose: detectionmeta, answers.
    build_project
    run_tests fatal_warnings "$core" "$elements" "$writers" tune isolation \
      torchscriptinfer detectionreplay docs without_libtorch introspection \
      "'fault files'" "'fault memory'"
    ;;
  leaks)
    # Not inferflow and torchscriptinfer, which leave messages on their buses, and
    # messages hold who sent them.
    build_project
    run_tests leaks "$elements" "$writers"
    ;;
  quick)
    # What tests/run.sh runs each time, in its build.
    build_project
    run_tests leaks cycles roi foreign detectioncrop detectionjson inferroi \
      "'fault stream'"
    run_tests fatal_warnings cycles detectionjson engine detector runtime \
      "'fault stream'" "'fault chaos'"
    run_tests valgrind labels decoders "'runtime jobqueue'" "'shim error text'" engine
    ;;
  *)
    say "Usage: sh tests/sanitize.sh address|thread|valgrind|fatal-warnings|leaks|quick"
    exit 1
    ;;
esac
