#!/bin/sh
# check_exports.sh NM LIBRARY - the shim exports ts_shim_api and nothing else
#
# SPDX-License-Identifier: LGPL-2.1-or-later
found=$("$1" -D --defined-only "$2" | awk '{ print $NF }') || exit 1
if [ "$found" != ts_shim_api ]; then
  echo "$2 exports:"
  echo "$found" | head -n 20
  echo "expected ts_shim_api alone"
  exit 1
fi
