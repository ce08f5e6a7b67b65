#!/bin/sh
# faults.sh - makes all faults happen and writes what came of it into docs/reliability.md
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: sh tests/faults.sh SECONDS    for so long the test of chance runs; 3600: an hour
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/pipelines/setup.sh"
BUILD_DIR=${BUILD_DIR:-$top/build}
FAULT_SECONDS=${1:-5}
export FAULT_SECONDS

install_packages $build_packages $test_packages
build_project
rm -rf "$build/fault-reports"
meson test -C "$build" --suite faults --no-suite python --print-errorlogs \
  --timeout-multiplier $((2 + FAULT_SECONDS / 60))
/usr/bin/python3 "$top/tests/faults/table.py" "$build/fault-reports" "$top/docs/reliability.md"
