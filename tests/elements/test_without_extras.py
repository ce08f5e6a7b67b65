# test_without_extras.py - the plugin without the module that it opens when needed
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# usage: test_without_extras.py PLUGIN LIBRARY_PATH
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest


class WithoutExtras(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        shutil.copy(PLUGIN, self.folder.name)
        self.environment = dict(
            os.environ, GST_PLUGIN_PATH=self.folder.name,
            GST_REGISTRY=os.path.join(self.folder.name, 'registry.bin'),
            LD_LIBRARY_PATH=os.pathsep.join(
                filter(None, [LIBRARY_PATH, os.environ.get('LD_LIBRARY_PATH')])))

    def run_tool(self, *command):
        return subprocess.run(command, env=self.environment,
                              capture_output=True, text=True)

    def test_scan_needs_none_of_it(self):
        done = self.run_tool('gst-inspect-1.0', 'torchscriptinfer')
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_plugin_is_not_linked_to_heavy_libraries(self):
        done = self.run_tool('ldd', PLUGIN)
        for name in ('pango', 'cairo', 'libarchive', 'libsodium'):
            self.assertNotIn(name, done.stdout)

    def test_error_names_the_module(self):
        model = pathlib.Path(self.folder.name, 'model.mlpkg')
        model.write_bytes(b'PK')
        done = self.run_tool(
            'gst-launch-1.0', 'videotestsrc', 'num-buffers=1', '!',
            'torchscriptinfer', f'model={model}', '!', 'fakesink')
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('libtorchscriptextras.so: cannot open', done.stderr)
        self.assertIn('install gst-torchscript again', done.stderr)


if __name__ == '__main__':
    PLUGIN, LIBRARY_PATH = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
