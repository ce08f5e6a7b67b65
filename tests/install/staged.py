"""The tree that "meson install" makes, as an application finds it.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import os
import pathlib
import re
import subprocess


def prepend(name, path):
    """The environment variable with this path in front: GStreamer itself may be where
    the rest of it says."""
    return os.pathsep.join(filter(None, [str(path), os.environ.get(name)]))


class Staged:
    def __init__(self, build, top, prefix, libdir):
        subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", top],
                       check=True, stdout=subprocess.DEVNULL)
        self.prefix = pathlib.Path(top) / prefix.lstrip("/")
        self.libdir = self.prefix / libdir
        self.shim = self.libdir / "gst-torchscript/libtorchscriptshim.so"
        for pc_file in self.libdir.glob("pkgconfig/*.pc"):
            self._move(pc_file)
        self.env = dict(
            os.environ,
            PKG_CONFIG_PATH=prepend("PKG_CONFIG_PATH", self.libdir / "pkgconfig"),
            LD_LIBRARY_PATH=prepend("LD_LIBRARY_PATH", self.libdir),
            GST_TORCHSCRIPT_SHIM=str(self.shim))

    def _move(self, pc_file):
        """The tree stands elsewhere than the paths in it say, and pkg-config puts the
        sysroot in front of them, if there is one."""
        sysroot = os.environ.get("PKG_CONFIG_SYSROOT_DIR") or "/"
        prefix = "/" + os.path.relpath(self.prefix, sysroot)
        pc_file.write_text(re.sub(r"^prefix=.*", f"prefix={prefix}", pc_file.read_text(),
                                  flags=re.MULTILINE))
