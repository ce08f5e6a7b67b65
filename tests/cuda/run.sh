#!/bin/sh
# run.sh - builds, tests and measures on a machine with a CUDA device
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: tests/cuda/run.sh PACKAGES_DIR OUT_DIR [STEP...]
# Steps: build machine test suite compare bench cards (all, if none is named).
# The machine needs Python with PyTorch for CUDA, g++, nvcc, meson and ninja; GStreamer
# comes from PACKAGES_DIR (fetch-packages.sh).  $BUILD_DIR may hold a finished build,
# $PAGES pictures for compare.  Results go to OUT_DIR.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd)
packages=$1 out=$2
shift 2
steps=${*:-build machine test suite compare bench cards}
build=${BUILD_DIR:-/tmp/build-cuda}
pages=${PAGES:-$top/models/pages}
made=$out/packages
log=$out/log
failures=0
mkdir -p "$out"
. "$top/tests/cuda/env.sh"

say() { echo "== $(date +%T) $*"; }

# Runs a command and counts its failure; 77 is a skip.
check() {
  name=$1
  shift
  "$@" >"$log.$name" 2>&1
  status=$?
  case $status in
    0) echo "ok $name" ;;
    77) echo "skipped $name: $(tail -1 "$log.$name")" ;;
    *)
      echo "FAILED $name ($status)"
      grep -v '^ok \|^# Start\|^# End' "$log.$name" | tail -25
      failures=$((failures + 1))
      ;;
  esac
}

build_step() {
  [ -e "$build/tests/cuda/test_lane" ] && return
  meson setup "$build" "$top" -Dlibtorch="$TORCH_DIR" -Dpython="$(command -v python3)" \
    -Dintrospection=disabled -Dcuda=enabled -Dcuda-arch=native >"$log.setup" 2>&1 &&
    ninja -C "$build" >"$log.ninja" 2>&1 || {
      tail -n 40 "$log.setup"
      tail -n 40 "$log.ninja"
      exit 1
    }
}

use_build() {
  export GST_TORCHSCRIPT_SHIM="$build/shim/libtorchscriptshim.so"
  export GST_PLUGIN_PATH="$build/gst/elements" GST_REGISTRY="$out/registry.bin"
  export LD_LIBRARY_PATH="$build/gst/meta:$LD_LIBRARY_PATH"
  export TS_TEST_SHIM="$GST_TORCHSCRIPT_SHIM" TS_TEST_MODELS="$top/tests/models"
  export TS_TEST_OP_LIB="$build/tests/shim/libexample-op.so"
  export TS_TEST_WAITING_OP="$build/tests/cuda/libwaiting-op.so"
}

make_packages() {
  [ -e "$made" ] || python3 "$top/tests/cuda/make_packages.py" "$made" \
    >"$log.packages" 2>&1 || { tail -20 "$log.packages"; exit 1; }
}

test_step() {
  check lane "$build/tests/cuda/test_lane"
  make_packages
  check device "$build/tests/cuda/test_device" "$made/m-half.mlpkg"
  # Each in a process of its own: what libtorch has kept of the card's memory is room.
  for case in search fail pass-through cpu; do
    check "full_card.$case" "$build/tests/cuda/test_full_card" "$made/m-any.mlpkg" \
      -p "/full-card/$case"
  done
}

# device=auto takes the card, so the tests of all machines run on it here.
suite_step() {
  check suite meson test -C "$build" --no-rebuild --print-errorlogs
  grep ' FAIL \| ERROR \| TIMEOUT \|^Ok:\|^Skipped:' "$log.suite"
}

compare_step() {
  make_packages
  python3 "$top/tests/cuda/compare.py" "$top/models/doclayout-n.mlpkg" \
    "$made/n-half.mlpkg" "$pages"/*.png >"$out/compare.jsonl" 2>"$log.compare" ||
    failures=$((failures + 1))
  cat "$out/compare.jsonl"
  tail -3 "$log.compare"
}

machine() {
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
  python3 -c 'import torch; print("torch", torch.__version__, "cudnn",
    torch.backends.cudnn.version())'
}

detector() { timeout 60 "$build/tests/cuda/bench_detector" "$@" 2>>"$log.bench"; }

# Frames of 1080p: MODE MEMORY FRAMES MODEL PROPERTIES.
pipeline() {
  timeout 120 "$build/tests/cuda/bench_pipeline" "$1" "$2" "$3" NV12 1920 1080 \
    "model=$made/$4 device=cuda $5" 2>>"$log.bench"
}

batched() { echo "batch-size=$1 batch-timeout=50 scheduling=throughput"; }

bench_step() {
  make_packages
  {
    python3 "$top/tests/cuda/bare.py" "$made/m.mlpkg/backends/tch/model.pt" float16 \
      ${BARE_BATCHES-1 8 32} 2>>"$log.bench"
    for batch in ${BATCHES-1 8 32}; do
      detector "$made/m-half.mlpkg" cuda "$batch" 1 3 1920 1080
      detector "$made/m-half.mlpkg" cuda "$batch" 2 3 1920 1080
    done
    detector "$made/n-half.mlpkg" cuda 64 2 3 1920 1080
    "$build/tests/cuda/bench_upload" 2>>"$log.bench"
    for memory in ordinary pool; do
      pipeline latency $memory 300 m-half.mlpkg ""
      pipeline rate $memory 900 m-half.mlpkg max-in-flight=3
    done
    for batch in ${BATCHES-8 32}; do
      pipeline rate pool 1500 m-half.mlpkg "$(batched "$batch")"
    done
    pipeline rate pool 6000 n-half.mlpkg "$(batched 32)"
  } | tee -a "$out/bench.jsonl"
  tail -n 5 "$log.bench"
}

# One card and all of them, in turn.
cards_step() {
  make_packages
  [ "$(nvidia-smi -L | wc -l)" -gt 1 ] || { echo "skipped: one card only"; return; }
  for round in 1 2 3; do
    pipeline rate pool 1500 m-half.mlpkg "$(batched 16)"
    pipeline rate pool 3000 m-half.mlpkg "$(batched 16) devices=all"
  done | tee -a "$out/cards.jsonl"
  tail -n 5 "$log.bench"
}

for step in $steps; do
  say "$step"
  case $step in
    build) build_step ;;
    machine) machine ;;
    *) use_build && "${step}_step" ;;
  esac
done
say "done, $failures failed"
[ "$failures" -eq 0 ]
