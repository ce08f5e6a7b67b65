"""The font families charts are lettered in.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

import functools
import glob
import os

from matplotlib import font_manager


@functools.lru_cache(None)
def chart_families():
    """matplotlib's own families and the PostScript ones of fonts-urw-base35."""
    families = ['DejaVu Sans', 'DejaVu Serif', 'STIXGeneral']
    folder = os.environ.get('PAGES_FONTS',
                            '/usr/share/fonts/opentype/urw-base35')
    for path in sorted(glob.glob(os.path.join(folder, 'Nimbus*.otf'))):
        font_manager.fontManager.addfont(path)
    known = {f.name for f in font_manager.fontManager.ttflist}
    families += [f for f in ('Nimbus Sans', 'Nimbus Roman') if f in known] * 3
    return families
