# benchmark_scan.py - scanning the plugin beside scanning videoconvert's
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# usage: benchmark_scan.py PLUGIN LIBRARY_PATH [ROUNDS]
# In each round GStreamer starts twice on a fresh registry, with nothing but the
# one plugin and with nothing but the other to look for; the processor time of all
# its processes counts, starting GStreamer included.  A JSON line with medians
# and the quartiles of the rounds' ratios.
import glob
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile


def find_rival():
    folder = subprocess.run(
        ['pkg-config', '--variable=pluginsdir', 'gstreamer-1.0'],
        capture_output=True, text=True).stdout.strip()
    return sorted(glob.glob(f'{folder}/libgstvideoconvert*.so'))[-1]


def scan_ms(folder, library_path):
    """The plugin must be found: a scan that fails is a fast one."""
    with tempfile.TemporaryDirectory() as work:
        environment = dict(
            os.environ, GST_REGISTRY_1_0=os.path.join(work, 'registry.bin'),
            GST_REGISTRY=os.path.join(work, 'registry.bin'),
            GST_PLUGIN_SYSTEM_PATH_1_0='', GST_PLUGIN_SYSTEM_PATH='',
            GST_PLUGIN_PATH_1_0=folder, GST_PLUGIN_PATH=folder,
            LD_LIBRARY_PATH=os.pathsep.join(
                filter(None, [library_path, os.environ.get('LD_LIBRARY_PATH')])))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(['gst-inspect-1.0'], env=environment,
                              capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if 'torchscriptinfer' not in done.stdout + done.stderr \
            and 'videoconvert' not in done.stdout + done.stderr:
        raise SystemExit(f'{folder}: no element found\n{done.stderr}')
    return 1e3 * (after.ru_utime + after.ru_stime
                  - before.ru_utime - before.ru_stime)


def main(plugin, library_path, rounds=20):
    with tempfile.TemporaryDirectory() as ours, \
            tempfile.TemporaryDirectory() as theirs:
        shutil.copy(plugin, ours)
        shutil.copy(find_rival(), theirs)
        times = [(scan_ms(ours, library_path), scan_ms(theirs, library_path))
                 for _ in range(int(rounds))]
    ratios = sorted(a / b for a, b in times)
    print(json.dumps({
        'name': 'plugin scan',
        'ours_ms': round(statistics.median(a for a, _ in times), 2),
        'rival': 'videoconvert',
        'rival_ms': round(statistics.median(b for _, b in times), 2),
        'ratio': round(statistics.median(ratios), 2),
        'spread': [round(ratios[len(ratios) // 4], 2),
                   round(ratios[3 * len(ratios) // 4], 2)]}))


if __name__ == '__main__':
    main(*sys.argv[1:])
