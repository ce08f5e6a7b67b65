# Source it on a CUDA machine without GStreamer (see run.sh), with the directory of the
# packages in $packages: not every shell hands arguments on to what it sources.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Unpacks the Debian packages (fetch-packages.sh) and lets programs find them,
# and the libtorch inside Python's torch package.
GST_SYSROOT=${GST_SYSROOT:-/opt/gst}
if [ ! -e "$GST_SYSROOT/unpacked" ]; then
  mkdir -p "$GST_SYSROOT"
  for deb in "$packages"/*.deb; do dpkg -x "$deb" "$GST_SYSROOT" || exit; done
  # Those that need what is not there would warn at each start.
  for plugin in "$GST_SYSROOT"/usr/lib/x86_64-linux-gnu/gstreamer-1.0/*.so; do
    LD_LIBRARY_PATH="$GST_SYSROOT/usr/lib/x86_64-linux-gnu:$GST_SYSROOT/lib/x86_64-linux-gnu" \
      ldd "$plugin" | grep -q 'not found' && rm "$plugin"
  done
  cat >"$GST_SYSROOT/fonts.conf" <<FONTS
<fontconfig>
  <dir>$GST_SYSROOT/usr/share/fonts</dir>
  <cachedir>$GST_SYSROOT/var/cache/fontconfig</cachedir>
  <include>$GST_SYSROOT/usr/share/fontconfig/conf.avail/60-latin.conf</include>
</fontconfig>
FONTS
  touch "$GST_SYSROOT/unpacked"
fi
_lib=$GST_SYSROOT/usr/lib/x86_64-linux-gnu
export PATH="$GST_SYSROOT/usr/bin:$PATH"
export LD_LIBRARY_PATH="$_lib:$GST_SYSROOT/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export GST_PLUGIN_SYSTEM_PATH_1_0="$_lib/gstreamer-1.0"
export GST_PLUGIN_SCANNER="$_lib/gstreamer1.0/gstreamer-1.0/gst-plugin-scanner"
export GST_REGISTRY="$GST_SYSROOT/registry.bin"
# FONTCONFIG_SYSROOT finds fonts by names that nothing else can open.
export FONTCONFIG_FILE="$GST_SYSROOT/fonts.conf"
export PKG_CONFIG_SYSROOT_DIR="$GST_SYSROOT"
export PKG_CONFIG_LIBDIR="$_lib/pkgconfig:$GST_SYSROOT/usr/share/pkgconfig"
TORCH_DIR=$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))')
export TORCH_DIR
