#!/bin/sh
# fuzz.sh - looks for bytes that break what reads foreign bytes
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: sh tests/fuzz.sh SECONDS [TARGET...]
#
# Each target runs for so many seconds under libFuzzer with the address and
# undefined-behaviour sanitizers.  New inputs are kept in the build directory; one
# that breaks something is named at the end, and the exit status is 1.
#
# The target "modules", which has to be named, breaks TorchScript files and runs each
# in a process of its own, which may crash; what may not is the program that plays the
# plugin.  It prints how many of them did what.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/pipelines/setup.sh"
BUILD_DIR=${BUILD_DIR:-$top/build-fuzz}
seconds=${1:?Usage: sh tests/fuzz.sh SECONDS [TARGET...]}
shift

fuzz_modules () (
  BUILD_DIR=$top/build-modules
  install_packages $build_packages $test_packages
  build_project -Dtests=true
  mkdir -p "$build/fuzz"
  GST_TORCHSCRIPT_SHIM=$build/shim/libtorchscriptshim.so /usr/bin/python3 \
    "$top/tests/hostile/test_mutants.py" "$build/tests/hostile/try-modules" \
    "$top/tests/models" "$seconds" "$(date +%s)" "$build/fuzz"
)

if [ "${1:-}" = modules ]; then
  fuzz_modules
  exit
fi

install_packages $build_packages clang
CC=clang CXX=clang++ build_project -Dfuzzer=true -Dshim=disabled \
  -Db_sanitize=address,undefined -Db_lundef=false

# What unpacks works in memory; zip bombs must not get far.
TMPDIR=$(mktemp -d /dev/shm/fuzz.XXXXXX)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# Types and quarks that GStreamer makes are never freed.
leaks () {
  [ "$1" = caps ] && echo 0 || echo 1
}

status=0
for target in ${*:-$(ls "$top/tests/fuzz/corpus")}; do
  found=$build/fuzz/$target
  mkdir -p "$found"
  "$build/tests/fuzz/fuzz-$target" -max_total_time="$seconds" -timeout=10 \
    -rss_limit_mb=1024 -print_final_stats=1 -verbosity=0 \
    -detect_leaks="$(leaks "$target")" \
    -artifact_prefix="$build/fuzz/crash-$target-" \
    "$found" "$top/tests/fuzz/corpus/$target" || status=1
done
ls "$build/fuzz"/crash-* 2>/dev/null || true
exit $status
