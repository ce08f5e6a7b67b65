#!/bin/sh
# demo.sh - sets everything up and draws the layout of a page
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: sh pipelines/demo.sh [IMAGE]     a PNG or JPEG; by default a bundled page
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
. "$here/setup.sh"

image=${1:-$here/demo/page.png}
[ -r "$image" ] || { say "$image: no such image, or not readable"; exit 1; }
image=$(realpath "$image")

install_packages $build_packages
build_project -Dtests=false

out=${OUT_DIR:-$top/out}
mkdir -p "$out"
stem=$(basename "$image" | sed 's/\.[^.]*$//')
png=$out/$stem.layout.png
json=$out/$stem.layout.json

export GST_PLUGIN_PATH="$build/gst/elements"
export GST_TORCHSCRIPT_SHIM="$build/shim/libtorchscriptshim.so"
export GST_REGISTRY="$build/demo-registry.bin"

set -- gst-launch-1.0 -q filesrc location="$image" ! decodebin \
  ! torchscriptinfer model="$top/models/doclayout-n.mlpkg" \
  ! detectionjson location="$json" \
  ! videoconvert ! video/x-raw,format=RGB ! detectionoverlay \
  ! pngenc snapshot=true ! filesink location="$png"

cat <<LINE
This is what runs:

GST_PLUGIN_PATH=$GST_PLUGIN_PATH GST_TORCHSCRIPT_SHIM=$GST_TORCHSCRIPT_SHIM \\
$(printf '%s\n' "$*" | sed 's/ ! / \\\n  ! /g')

LINE
"$@"
echo "The page with its boxes: $png"
echo "The boxes as JSON:       $json"
