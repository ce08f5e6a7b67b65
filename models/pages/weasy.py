"""Has WeasyPrint set a made-up HTML document, twice coloured.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

import logging
import os
import re

import pydyf
import weasyprint

from typeset import finish

COLOUR = re.compile(rb'^([\d.]+) ([\d.]+) ([\d.]+) (rg|RG)$')


def recolour(document, streams):
    """The streams' numbered colours become what a reader shall see."""
    for stream in streams:
        for i, line in enumerate(stream.stream):
            found = isinstance(line, bytes) and COLOUR.match(line)
            if found:
                r, g, b = (round(float(v) * 255) for v in found.groups()[:3])
                colour = document.real_colour(r, g, b) if (
                    (r, g, b) != (255, 255, 255)) else (1, 1, 1)
                stream.stream[i] = b'%.4f %.4f %.4f %s' % (
                    *colour, found.group(4))


def typeset_html(document, rng, folder, size, most):
    """The document's pages: [(image BGR, [(label, box)])]."""
    logging.getLogger('weasyprint').setLevel(logging.CRITICAL)
    logging.getLogger('fontTools').setLevel(logging.CRITICAL)
    layout = weasyprint.HTML(string=document.source).render()
    layout = layout.copy(layout.pages[:most])

    def marked(_, pdf):
        """Keeps the PDF with the numbers, then goes on with the real one."""
        with open(os.path.join(folder, 'page.pdf'), 'wb') as out:
            pdf.write(out)
        recolour(document, [o for o in pdf.objects
                            if isinstance(o, pydyf.Stream)])
    layout.write_pdf(os.path.join(folder, 'seen.pdf'), finisher=marked)
    return finish(document, rng, folder, size, most)
