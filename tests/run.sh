#!/bin/sh
# run.sh - sets everything up and runs every test
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: sh tests/run.sh [ARGUMENTS OF meson test]
set -u

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/pipelines/setup.sh"
BUILD_DIR=${BUILD_DIR:-$top/build-tests}

# -g1 tells where a fault is, which is what reports have; libtorch's headers compile in
# two thirds of the time that all of -g takes.
install_packages $build_packages $test_packages &&
  build_project -Dtests=true -Dwerror=true "-Dc_args=${CFLAGS:-} -g1" \
    "-Dcpp_args=${CXXFLAGS:-} -g1" || {
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
}

rm -f "$build"/meson-logs/testlog*.json
# One more at a time than there are processors, as one in ten mostly waits: for clocks,
# brokers and clients.  What must have the machine alone says so (is_parallel).
meson test -C "$build" --print-errorlogs --num-processes "$(($(nproc) + 1))" "$@"
status=$?

# A quick part of what the sanitizers do in full (docs/development.md), with the whole
# suite only.
if [ $# = 0 ]; then
  BUILD_DIR="$build" sh "$top/tests/sanitize.sh" quick || status=1
fi

# One JSON object a line and test; a test that timed out or was interrupted failed.
/usr/bin/python3 - "$build"/meson-logs/testlog*.json <<'COUNT'
import json
import sys

results = [json.loads(line)["result"] for log in sys.argv[1:] for line in open(log)]
passed = sum(r in ("OK", "EXPECTEDFAIL") for r in results)
skipped = results.count("SKIP")
print(f"{passed} passed, {len(results) - passed - skipped} failed, {skipped} skipped")
COUNT
exit $status
