#!/bin/sh
# demo.sh - sets everything up and draws the layout of a page
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: sh pipelines/demo.sh [IMAGE]     a PNG or JPEG; by default a bundled page
#
# OUT_DIR is where the results go, MODEL another model than the bundled one.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
. "$here/setup.sh"

image=${1:-$here/demo/page.png}
[ -r "$image" ] || { say "$image: no such image, or not readable"; exit 1; }
image=$(realpath -- "$image")
model=${MODEL:-$top/models/doclayout-n.mlpkg}

install_packages $build_packages
build_project -Dtests=false

out=${OUT_DIR:-$top/out}
mkdir -p "$out"
stem=$(basename -- "$image" | sed 's/\.[^.]*$//')
png=$out/$stem.layout.png
json=$out/$stem.layout.json

export GST_PLUGIN_PATH="$build/gst/elements"
export GST_TORCHSCRIPT_SHIM="$build/shim/libtorchscriptshim.so"
export GST_REGISTRY="$build/demo-registry.bin"

# A path as gst-launch-1.0's language writes it, whatever characters it has.
quote_value () {
  case $1 in
    *[!A-Za-z0-9_./-]*) printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')" ;;
    *) printf '%s' "$1" ;;
  esac
}

# Words as they can be typed into a shell, a line for each element.
print_command () {
  for word in "$@"; do
    case $word in
      !) printf '\\\n  ! ' ;;
      *[!A-Za-z0-9_./=,:-]*) printf "'%s' " "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")" ;;
      *) printf '%s ' "$word" ;;
    esac
  done
  echo
}

# The first videoconvert is for 16-bit PNGs; other pictures pass it untouched.
set -- gst-launch-1.0 -q filesrc location="$(quote_value "$image")" ! decodebin \
  ! videoconvert ! torchscriptinfer model="$(quote_value "$model")" \
  ! detectionjson location="$(quote_value "$json")" \
  ! videoconvert ! video/x-raw,format=RGB ! detectionoverlay \
  ! pngenc snapshot=true ! filesink location="$(quote_value "$png")"

cat <<LINE
This is what runs:

$(print_command env GST_PLUGIN_PATH="$GST_PLUGIN_PATH" \
  GST_TORCHSCRIPT_SHIM="$GST_TORCHSCRIPT_SHIM" "$@")

LINE
# A picture that ends early gives neither an error nor a frame.
if ! "$@" || ! [ -s "$png" ]; then
  say "$image: no layout was drawn; is this a whole PNG or JPEG?"
  exit 1
fi
echo "The page with its boxes: $png"
echo "The boxes as JSON:       $json"
