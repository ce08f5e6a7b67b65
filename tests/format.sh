#!/bin/sh
# format.sh - formats every source in place, or with --check says what would change
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# C in GStreamer's style with GNU indent, the C++ of shim/ with clang-format.
set -eu

cd "$(dirname "$0")/.."
. pipelines/setup.sh
install_packages indent clang-format

indent_c () {
  # Twice, because indent reaches its fixed point only then.
  for pass in 1 2; do
    indent --braces-on-if-line --case-brace-indentation0 --case-indentation2 \
      --braces-after-struct-decl-line --line-length80 --no-tabs --cuddle-else \
      --dont-line-up-parentheses --continuation-indentation4 --honour-newlines \
      --tab-size8 --indent-level2 --leave-preprocessor-space "$1"
  done
}

changed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export VERSION_CONTROL=none

for file in $(git ls-files 'gst/*.c' 'tests/*.c' 'shim/*.cpp' 'shim/*.hpp'); do
  copy=$work/$(basename "$file")
  cp "$file" "$copy"
  case $file in
    *.c) indent_c "$copy" ;;
    *) clang-format --style=file:.clang-format -i "$copy" ;;
  esac
  cmp -s "$file" "$copy" && continue
  changed=1
  if [ "${1:-}" = --check ]; then
    diff -u "$file" "$copy" || true
  else
    cat "$copy" >"$file"
    echo "formatted $file"
  fi
done
[ "${1:-}" != --check ] || exit $changed
