"""Writes one made-up document as HTML, each labelled region in its colour.

What TeX does not do well: many scripts, text from right to left, forms,
letters, leaflets, newspapers, handouts, boxes and coloured grounds.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

from html import escape
from types import SimpleNamespace

from document import (ABANDON, BAND_ROW, COMMENT, DECOR, FIGURE,
                      FIGURE_CAPTION, FORMULA, FORMULA_NUMBER, HEAD_ROW,
                      KEYWORD, LINK, PANEL, PLAIN, REVERSED, TABLE,
                      TABLE_CAPTION, TABLE_FOOTNOTE, TEXT, TITLE)
from scripts import SCRIPTS, MadeWords, pick
from style import PAPERS, dark, weighted
from words import Words

RULE = 7
LATIN = ['Liberation Serif', 'Liberation Serif', 'Liberation Sans',
         'Liberation Sans', 'DejaVu Sans', 'DejaVu Serif', 'Carlito',
         'Caladea', 'Open Sans', 'Lato', 'Roboto', 'EB Garamond',
         'Linux Libertine O', 'Cantarell', 'Noto Serif', 'Noto Sans']
HANDS = ['dkg handwriting', 'Breip']
MONO = ['Liberation Mono', 'DejaVu Sans Mono', 'Inconsolata', 'Fira Code']
# Weight, kind.
KINDS = [(5, 'report'), (3, 'columns'), (2, 'newspaper'), (3, 'manual'),
         (2.5, 'letter'), (3, 'form'), (6, 'slides'), (1.5, 'leaflet'),
         (1, 'notes')]
BLOCKS = {
    'report': dict(para=9, head=3, figure=2.4, table=3.5, formula=2.5, list=2,
                   code=.3, callout=.6, margin=.5, quote=.4, note=.8),
    'columns': dict(para=12, head=3, figure=2.4, table=2, formula=2, list=1,
                    note=.4, quote=.4),
    'newspaper': dict(para=14, head=2.5, figure=2, quote=.7, callout=.4),
    'manual': dict(para=6, head=4, figure=2, table=2.5, formula=.3, list=4,
                   code=4, callout=1.5, define=1.5, margin=.4),
    'letter': dict(para=8, list=1, table=.4, head=.4),
    'form': dict(field=9, head=2.5, table=2.5, para=2, list=1, boxes=2),
    'slides': dict(para=4, list=5, figure=2.5, table=1.5, formula=2, code=.8,
                   callout=.5),
    'leaflet': dict(para=5, head=3, figure=4, list=2, callout=1.5, table=1),
    'notes': dict(para=7, list=4, formula=2, head=2, figure=1),
}
CASES = ['none', 'none', 'none', 'none', 'uppercase', 'small']


class Web:
    """One document: its HTML and the table of its regions."""

    def __init__(self, rng, pages=4, kind=None):
        self.rng = rng
        self.kind = kind or weighted(rng, KINDS)
        self.slides = self.kind == 'slides'
        self.regions, self.out, self.rules = {}, [], []
        self.counts = dict(figure=rng.randint(0, 9), table=rng.randint(0, 9),
                           formula=rng.randint(0, 40), note=rng.randint(0, 9),
                           head=rng.randint(0, 6))
        self.pick_language()
        self.pick_style()
        self.write(pages)

    # Choices ----------------------------------------------------------------

    def pick_language(self):
        rng = self.rng
        name = pick(rng)
        self.script = SCRIPTS.get(name)
        if self.script:
            self.words = MadeWords(rng, self.script)
            fonts = self.script.fonts
        else:
            self.words, fonts = Words(rng, name), LATIN
        self.body_font = rng.choice(fonts)
        self.head_font = rng.choice([self.body_font, rng.choice(fonts)])
        if self.kind == 'notes' and not self.script:
            self.body_font = self.head_font = rng.choice(HANDS)
        self.figure_word = rng.choice(self.script.figure if self.script else
                                      ['Figure', 'Fig.', 'Abb.', 'Chart'])
        self.table_word = rng.choice(self.script.table if self.script else
                                     ['Table', 'Table', 'Tab.', 'TABLE'])

    def pick_style(self):
        rng = self.rng
        paper = rng.choice([(720, 405), (720, 540), (960, 540)]) \
            if self.slides else rng.choices(PAPERS, [4, 4, 1, .5])[0]
        if self.kind == 'leaflet' and rng.random() < .5:
            paper = paper[::-1]
        columns = {'columns': 2, 'newspaper': rng.choice([3, 3, 4, 5]),
                   'leaflet': rng.choice([1, 2, 3])}.get(self.kind, 1)
        low, high = (.03, .09) if self.slides or columns > 1 else (.07, .18)
        left, right = (paper[0] * rng.uniform(low, high) for _ in range(2))
        gap = rng.uniform(10, 24)
        width = paper[0] - left - right
        self.style = SimpleNamespace(
            slides=self.slides, paper=paper, columns=columns, left=left,
            right=right, gap=gap, width=width,
            column_width=(width - gap * (columns - 1)) / columns,
            ink=(0, 0, 0) if rng.random() < .6 else dark(rng, .3),
            title_ink=dark(rng) if rng.random() < .5 else (0, 0, 0),
            header_ink=rng.choice([(0, 0, 0), (.4, .4, .4), dark(rng)]),
            link=rng.choice([(0, 0, .8), (0, 0, 0), dark(rng)]),
            keyword=dark(rng, .7), comment=dark(rng, .7),
            decor=[tuple(rng.uniform(0, 1) for _ in range(3))
                   for _ in range(10)] + [dark(rng) for _ in range(10)],
            paper_colour=(1, 1, 1))
        if rng.random() < (.25 if self.slides else .02):
            self.style.paper_colour = dark(rng, .3)
        self.size = rng.choice([16, 18, 20, 22, 26]) if self.slides else \
            rng.choice([7.5, 8, 9]) if columns > 2 else \
            rng.choice([8, 9, 10, 10, 11, 12])
        self.rule = rng.choice([(0, 0, 0), (0, 0, 0), (.5, .5, .5), dark(rng)])
        self.band = rng.choice([(.9, .9, .88), (.85, .9, .95), (.93,) * 3,
                                tuple(rng.uniform(.75, .9) for _ in '123')])
        self.head_ground = rng.choice([dark(rng), dark(rng), (.8,) * 3])
        self.figure_above = rng.random() < .1
        self.table_above = rng.random() < .65
        self.mark_captions = rng.random() < (
            .3 if self.kind in ('newspaper', 'leaflet', 'slides') else .93)
        self.caption_tail = rng.choice([':', '.', '', ' –', ' |', ''])
        self.caption_css = 'font-size:%.2fem;font-weight:%s;font-style:%s;' \
            'text-align:%s' % (rng.choice([.75, .85, .9, 1]), rng.choice(
                ['normal', 'normal', 'bold']), rng.choice(
                    ['normal', 'normal', 'italic']), rng.choice(
                        ['center', 'center', 'start', 'justify']))
        self.table_look = rng.choice(['booktabs', 'grid', 'lines', 'none',
                                      'band', 'head', 'head', 'grid'])
        self.bullet = rng.choice('•–▪◦*✓►')
        self.numbered = rng.random() < .4
        self.heads = [self.head_css(level) for level in range(3)]

    def head_css(self, level):
        """One level's look; rules and grounds belong to no region."""
        rng = self.rng
        css = 'font-size:%.2fem;font-weight:%s;text-align:%s;margin:%.1fpt 0 ' \
            '%.1fpt;' % (rng.uniform(1.3, 2.0) - .22 * level, rng.choice(
                ['bold', 'bold', 'normal']), rng.choice(
                    ['start', 'start', 'start', 'center']), rng.uniform(6, 20),
                rng.uniform(1, 9))
        kind = rng.random()
        if kind < .2:
            css += 'border-bottom:%.1fpt solid %s;padding-bottom:2pt;' % (
                rng.uniform(.4, 2), self.decor(rng.randrange(20)))
        elif kind < .3:
            css += 'border-%s:%.1fpt solid %s;padding-left:5pt;' % (
                rng.choice(['left', 'top']), rng.uniform(1, 6),
                self.decor(rng.randrange(20)))
        return css + 'text-transform:%s' % rng.choice(
            ['none'] * 6 + ['uppercase'])

    # Colours ----------------------------------------------------------------

    def region(self, label, wide=False):
        number = len(self.regions) + 1
        self.regions[number] = dict(label=label, wide=wide or self.outside,
                                    shade=None)
        return number

    @staticmethod
    def colour(number, use=PLAIN):
        return 'rgb(%d,%d,%d)' % (number // 200, number % 200, use)

    @staticmethod
    def decor(index):
        """A colour of no region: 0 to 9 any, 10 to 19 dark."""
        return 'rgb(%d,%d,0)' % (DECOR, index)

    def real_colour(self, red, green, use):
        """The colour a reader shall see for a numbered one."""
        style = self.style
        if red >= DECOR:
            return style.decor[green] if green < 20 else (
                .90 + (green - 20) * .025,) * 3
        region = self.regions.get(red * 200 + green)
        if region is None:
            return (0, 0, 0)
        if use >= PANEL or use == REVERSED:
            return (1, 1, 1)
        special = {LINK: style.link, KEYWORD: style.keyword, RULE: self.rule,
                   COMMENT: style.comment, BAND_ROW: self.band,
                   HEAD_ROW: self.head_ground}
        if use in special:
            return special[use]
        return {TITLE: style.title_ink, ABANDON: style.header_ink}.get(
            region['label'], style.ink)

    def put(self, *parts):
        self.out.extend(parts)

    def box(self, label, text, css='', tag='div', wide=False, use=PLAIN):
        """An element that is one region."""
        return '<%s style="color:%s;%s">%s</%s>' % (
            tag, self.colour(self.region(label, wide), use), css, text, tag)

    # Text -------------------------------------------------------------------

    def sentence(self):
        rng, words, script = self.rng, self.words, self.script
        space = script.space if script else ' '
        comma, stop = (script.comma, script.stop) if script else (',', '.')
        parts = []
        for _ in range(max(3, int(rng.gauss(14, 6)))):
            word = words.word()
            kind = rng.random()
            if kind < .015:
                word = '<b>%s</b>' % word
            elif kind < .03:
                word = '<i>%s</i>' % word
            elif kind < .06:
                word = words.number()
            elif kind < .075:
                word = '[%d]' % rng.randint(1, 40)
            elif kind < .085 and script:
                word = ' Word '.strip()
            parts.append(word + (comma if rng.random() < .07 else ''))
        text = space.join(parts)
        if not text.startswith('<'):
            text = text[:1].upper() + text[1:]
        return text + stop + ('' if space == '' else ' ')

    def text(self, sentences):
        return ''.join(self.sentence() for _ in range(sentences))

    def para(self, sentences=None):
        rng = self.rng
        count = sentences or max(1, int(rng.expovariate(
            1 / (1.0 if self.slides else 3.5)) + .5))
        if self.slides and rng.random() < .5:
            text = self.words.words_of(rng.randint(3, 16))
        else:
            text = self.text(min(count, 10))
        if rng.random() < .06:
            text = '<b>%s.</b> %s' % (self.words.heading(3), text)
        self.put(self.box(TEXT, text, 'margin:%s' % self.para_gap, 'p'))

    def head(self, level=None):
        rng = self.rng
        level = rng.choice([0, 0, 1, 1, 2]) if level is None else level
        text = self.words.heading(7)
        if self.numbered:
            self.counts['head'] += 1
            text = '%d%s %s' % (self.counts['head'], rng.choice(
                ['', '.', '.%d' % rng.randint(1, 9)]), text)
        css = self.heads[level] + ';break-after:avoid;font-family:"%s"' % (
            self.head_font)
        if rng.random() < .05 and not self.slides:
            self.put('<div style="background:%s;padding:3pt;%s">%s</div>' % (
                self.decor(rng.randint(10, 19)), css, self.box(
                    TITLE, text, use=REVERSED)))
            return
        self.put(self.box(TITLE, text, css))

    def list(self):
        rng = self.rng
        numbered, gap = rng.random() < .35, rng.choice([0, 0, 2, 5, 9])
        indent = rng.uniform(8, 30)
        for i in range(rng.randint(2, 7)):
            text = self.words.words_of(rng.randint(1, 11)) \
                if rng.random() < .6 else self.text(rng.choice([1, 1, 2]))
            mark = '%d.' % (i + 1) if numbered else self.bullet
            depth = 2 if rng.random() < .12 else 1
            self.put('<div style="margin:%.1fpt 0;padding-inline-start:%.1fpt">'
                     % (gap, indent * depth), self.box(
                         TEXT, '<span style="display:inline-block;width:%.1fpt;'
                         'margin-inline-start:-%.1fpt">%s</span>%s' % (
                             indent * .9, indent * .9, mark, text)), '</div>')

    def define(self):
        for _ in range(self.rng.randint(2, 5)):
            self.put('<div style="padding-inline-start:24pt;margin:3pt 0">',
                     self.box(TEXT, '<b style="margin-inline-start:-24pt">%s'
                              '</b> %s' % (self.words.heading(2), self.text(
                                  self.rng.choice([1, 2])))), '</div>')

    def quote(self):
        rng = self.rng
        css = 'margin:8pt %dpt;font-style:italic;font-size:%.2fem' % (
            rng.randint(8, 24), rng.choice([1, 1, 1.3]))
        if rng.random() < .4:
            css += ';border-inline-start:3pt solid %s;padding-inline-start:' \
                '8pt' % self.decor(rng.randrange(20))
        self.put(self.box(TEXT, self.text(rng.randint(1, 3)), css))

    def callout(self):
        """Text in a box with a ground or a frame."""
        rng = self.rng
        ground = self.decor(rng.choice([20, 21, 22])) if rng.random() < .7 \
            else 'white'
        frame = '1pt solid %s' % self.decor(rng.randrange(20)) \
            if rng.random() < .5 else 'none'
        self.put('<div style="background:%s;border:%s;padding:6pt;margin:8pt '
                 '0;border-radius:%dpt">' % (ground, frame, rng.choice(
                     [0, 0, 6])))
        if rng.random() < .5:
            self.put(self.box(TITLE, self.words.heading(4),
                              'font-weight:bold'))
        for _ in range(rng.choice([1, 1, 2])):
            self.para(rng.randint(1, 3))
        self.put('</div>')

    def note(self):
        """A paragraph with a note at the foot of its page."""
        rng = self.rng
        note = self.box(ABANDON, self.text(rng.choice([1, 1, 2])),
                        'float:footnote;font-size:.8em', 'span')
        self.put(self.box(TEXT, self.text(rng.randint(1, 3)) + note,
                          'margin:%s' % self.para_gap, 'p'))

    def margin(self):
        """A note in the margin beside a paragraph."""
        room = self.style.left
        if room > 60:
            self.put('<div style="position:relative"><div style="position:'
                     'absolute;left:-%.1fpt;width:%.1fpt;font-size:.7em;'
                     'text-align:left;line-height:1.15">%s</div></div>' % (
                         room - 12, room - 24, self.box(
                             ABANDON, self.words.words_of(
                                 self.rng.randint(1, 7)), wide=True)))
        self.para(self.rng.randint(2, 5))

    def code(self):
        rng, words = self.rng, self.words
        number, lines = self.region(TEXT), []
        for _ in range(min(int(rng.expovariate(1 / 6)) + 1, 20)):
            line = ' ' * rng.choice([0, 0, 2, 4]) + rng.choice([
                '%s = %s(%s)', '%s->%s = %s;', 'def %s(%s, %s):',
                'if %s < %s: %s', '$ %s --%s %s', '<%s %s="%s">',
                '# %s %s %s']) % tuple(words.identifier() for _ in '123')
            line = escape(line[:60])
            if rng.random() < .15:
                line = '<span style="color:%s">%s</span>' % (self.colour(
                    number, rng.choice([KEYWORD, COMMENT])), line)
            lines.append(line)
        ground = 'background:%s;padding:5pt;' % self.decor(rng.choice(
            [20, 21, 22])) if rng.random() < .4 else ''
        self.put('<pre style="%scolor:%s;font-family:\'%s\';font-size:%.2fem;'
                 'margin:6pt %dpt;direction:ltr;text-align:left;white-space:'
                 'pre-wrap;line-height:%.2f">%s</pre>' % (
                     ground, self.colour(number), rng.choice(MONO),
                     rng.choice([.75, .85, .9]), rng.choice([0, 0, 20]),
                     rng.choice([1.1, 1.2, 1.4]), '\n'.join(lines)))

    # Forms and letters --------------------------------------------------------

    def field(self):
        """A label with a line or a box to write on, which is no region."""
        rng = self.rng
        label = self.words.heading(3) + rng.choice([':', ':', ''])
        rule = 'border-bottom:.6pt solid %s' % self.decor(rng.randrange(20))
        if rng.random() < .35:
            rule = 'border:.6pt solid %s' % self.decor(rng.randrange(20))
        filled = self.box(TEXT, self.words.words_of(rng.randint(1, 4)),
                          "padding:0 4pt;font-family:'%s'" % rng.choice(
                              HANDS + MONO)) if rng.random() < .2 else '&#160;'
        self.put('<table style="width:100%%;margin:%.1fpt 0"><tr><td style='
                 '"width:1pt;white-space:nowrap;padding-inline-end:6pt">%s</td>'
                 '<td style="%s">%s</td></tr></table>' % (
                     rng.uniform(2, 8), self.box(TEXT, label), rule, filled))

    def boxes(self):
        """Boxes to tick, one text each."""
        rng = self.rng
        inline = rng.random() < .5
        for _ in range(rng.randint(2, 5)):
            self.put(self.box(TEXT, rng.choice('☐☐☑○') + ' ' +
                              self.words.words_of(rng.randint(1, 4)),
                              'display:inline-block;margin-inline-end:24pt'
                              if inline else 'margin:3pt 0'))

    def lines_of(self, count, most=4):
        return '<br>'.join(self.words.heading(most) for _ in range(count))

    def letterhead(self):
        rng = self.rng
        if rng.random() < .6:
            self.put('<div style="text-align:%s">%s</div>' % (rng.choice(
                ['left', 'right', 'center']), self.logo(rng.uniform(24, 60))))
        self.put(self.box(TEXT, self.lines_of(rng.randint(2, 4)), 'text-align:'
                          '%s;margin:8pt 0 20pt' % rng.choice(['end', 'start'])))
        self.put(self.box(TEXT, self.lines_of(rng.randint(2, 5)),
                          'margin:10pt 0'))
        self.put(self.box(TEXT, '%s, %d. %d. %d' % (
            self.words.name(), rng.randint(1, 28), rng.randint(1, 12),
            rng.randint(1970, 2024)), 'text-align:%s;margin:14pt 0' %
            rng.choice(['end', 'start'])))
        if rng.random() < .7:
            self.put(self.box(TITLE, self.words.heading(7),
                              'font-weight:bold;margin:14pt 0'))
        self.put(self.box(TEXT, self.words.heading(4) + ',', 'margin:6pt 0'))

    def logo(self, size):
        number = self.region(ABANDON, True)
        self.regions[number]['logo'] = True
        return self.panel(number, PANEL, size * self.rng.uniform(1, 2.5), size)

    # Figures, tables, formulas ------------------------------------------------

    def panel(self, number, use, width, height, css=''):
        return '<div style="display:inline-block;width:%.1fpt;height:%.1fpt;' \
            'background:%s;%s"></div>' % (width, height, self.colour(
                number, use), css)

    def caption(self, label, word, count, css=''):
        rng = self.rng
        text = self.words.heading(9) if rng.random() < .5 else \
            self.text(rng.choice([1, 1, 2, 3]))
        if self.mark_captions:
            mark = '%s %d%s ' % (word, count, self.caption_tail)
            text = (mark if rng.random() < .5 else '<b>%s</b>' % mark) + text
        return self.box(label, text, self.caption_css + ';margin:%.1fpt 0;%s' % (
            rng.uniform(2, 9), css))

    def figure(self):
        rng, style = self.rng, self.style
        self.counts['figure'] += 1
        number = self.region(FIGURE)
        room = style.column_width * (.93 if self.kind != 'slides' else .8)
        wide = room * rng.choice([1, 1, .8, .6, .45])
        tall = min(wide * rng.uniform(.35, 1.1),
                   style.paper[1] * (.45 if self.slides else .4))
        panels = rng.choice([1, 1, 1, 1, 2, 3])
        body = ''.join(self.panel(number, PANEL + k, wide / panels - 6, tall,
                                  'margin:0 3pt') for k in range(panels))
        body = '<div style="text-align:center;line-height:0">%s</div>' % body
        caption = ''
        if rng.random() < (.45 if self.slides else .9):
            caption = self.caption(FIGURE_CAPTION, self.figure_word,
                                   self.counts['figure'])
        self.put('<div style="break-inside:avoid;margin:%.1fpt 0">%s</div>' % (
            rng.uniform(4, 14), caption + body if self.figure_above
            else body + caption))

    def cell(self, kind):
        rng, words = self.rng, self.words
        return {'number': words.number, 'word': lambda: words.words_of(
            rng.randint(1, 3)), 'phrase': lambda: words.words_of(
                rng.randint(2, 12)), 'mark': lambda: rng.choice(
                    ['✓', '–', '', '%d %%' % rng.randint(0, 100)])}[kind]()

    def rows(self, number):
        """The rows of a table as HTML."""
        rng, look = self.rng, self.table_look
        room = self.style.column_width / self.size
        columns = rng.randint(2, max(3, min(9, int(room / 5))))
        count = min(int(rng.expovariate(1 / 6)) + 2, 7 if self.slides else 25)
        kinds = [rng.choice(['word', 'number', 'number', 'number', 'phrase',
                             'mark']) for _ in range(columns)]
        aligns = [rng.choice(['start', 'center', 'end', 'start'])
                  for _ in range(columns)]
        rule = '%.1fpt solid %s' % (rng.choice([.4, .6, 1]),
                                    self.colour(number, RULE))
        pad = 'padding:%.1fpt %.1fpt;' % (rng.uniform(.5, 5), rng.uniform(2, 9))
        out = []
        for row in range(count + 1):
            css = pad
            if look == 'grid':
                css += 'border:%s;' % rule
            elif look == 'lines' or (look == 'booktabs' and row in (0, count)):
                css += 'border-bottom:%s;' % rule
            if row == 0 and look in ('booktabs', 'lines'):
                css += 'border-top:%s;' % rule
            if row == 0:
                css += 'font-weight:%s;' % rng.choice(['bold', 'normal'])
            if look == 'head' and row == 0:
                css += 'background:%s;' % self.colour(number, HEAD_ROW)
                if sum(self.head_ground) < 1.8:
                    css += 'color:%s;' % self.colour(number, REVERSED)
            if look in ('band', 'head') and row % 2 == 0 and row:
                css += 'background:%s;' % self.colour(number, BAND_ROW)
            cells = [self.words.heading(2) if row == 0 else self.cell(kind)
                     for kind in kinds]
            if row == 0 and rng.random() < .08:
                cells[0] = ''
            out.append('<tr>%s</tr>' % ''.join(
                '<td style="%stext-align:%s">%s</td>' % (css, a, c)
                for a, c in zip(aligns, cells)))
        return ''.join(out)

    def table(self):
        rng = self.rng
        self.counts['table'] += 1
        number = self.region(TABLE)
        place = rng.choice(['margin:auto;', 'margin:auto;', '', 'width:100%;'])
        body = '<table style="color:%s;%sfont-size:%.2fem;border-collapse:' \
            'collapse;line-height:%.2f">%s</table>' % (
                self.colour(number), place, rng.choice([.75, .85, .9, 1]),
                rng.choice([1.1, 1.2, 1.4]), self.rows(number))
        caption = ''
        if rng.random() < (.3 if self.slides else .85):
            caption = self.caption(TABLE_CAPTION, self.table_word,
                                   self.counts['table'])
        note = self.table_note(place) if rng.random() < .35 else ''
        parts = [caption, body, note] if self.table_above else \
            [body, note, caption] if rng.random() < .8 else [body, caption]
        self.put('<div style="break-inside:avoid;margin:%.1fpt 0">%s</div>' % (
            rng.uniform(5, 16), ''.join(parts)))

    def table_note(self, place):
        """Notes under a table: one block."""
        rng = self.rng
        kind = rng.random()
        if kind < .4:
            text = '<br>'.join('<sup>%s</sup> %s' % (
                'abcd*†'[i], self.words.words_of(rng.randint(2, 8)))
                for i in range(rng.randint(1, 4)))
        else:
            word = rng.choice(['Note: ', '<i>Note.</i> ', 'Source: ', '* ',
                               'Notes: ', '']) if not self.script else \
                self.words.word() + ': '
            text = word + self.text(rng.choice([1, 1, 2, 3]))
        css = 'font-size:%.2fem;margin:%.1fpt %s 0;text-align:start' % (
            rng.choice([.65, .75, .8]), rng.uniform(1, 6), rng.choice(
                ['0', '10%', '20%']) if 'auto' in place else '0')
        return self.box(TABLE_FOOTNOTE, text, css)

    def formula(self):
        """One to three numbered displays, each set as a picture."""
        rng = self.rng
        if rng.random() < .5:
            self.para(1)
        numbered = rng.random() < .75
        rows = rng.choice([1, 1, 1, 2, 3]) if numbered else 1
        for _ in range(rows):
            number = self.region(FORMULA)
            self.regions[number]['math'] = self.size * rng.uniform(.95, 1.2)
            mark = ''
            if numbered:
                self.counts['formula'] += 1
                mark = self.box(FORMULA_NUMBER, rng.choice(
                    ['(%d)', '(%d)', '(%d)', '[%d]', '(2.%d)']) %
                    self.counts['formula'], 'text-align:right')
            tall = self.size * rng.uniform(1.3, 3.4)
            body = self.panel(number, PANEL, self.style.column_width *
                              rng.uniform(.25, .8), tall)
            left = rng.random() < .12
            cells = ['<td style="width:8%%">%s</td>' % (mark if left else ''),
                     '<td style="text-align:%s;line-height:0">%s</td>' % (
                         self.formula_align, body),
                     '<td style="width:8%%;white-space:nowrap">%s</td>' % (
                         '' if left else mark)]
            self.put('<table style="width:100%%;direction:ltr;margin:%.1fpt 0">'
                     '<tr>%s</tr></table>' % (rng.uniform(1, 8), ''.join(
                         c.replace('%%', '%') for c in cells)))

    # Pages --------------------------------------------------------------------

    def running(self):
        """Headers and footers in the page's margin boxes."""
        rng, rules = self.rng, []
        for side in ('top', 'bottom'):
            if rng.random() < (.35 if self.slides and side == 'top' else .6):
                for place in rng.choice([['left', 'right'], ['center'],
                                         ['right'], ['left', 'center',
                                                     'right']]):
                    content = 'counter(page)' if rng.random() < .45 else \
                        '"%s"' % self.words.heading(4).replace('"', '')
                    colour = self.colour(self.region(ABANDON, True))
                    rules.append('@%s-%s{content:%s;color:%s;font-size:%.2fem;'
                                 'white-space:nowrap;font-family:"%s"}' % (
                                     side, place, content, colour, rng.uniform(
                                         .65, .95), self.head_font))
        return ''.join(rules)

    def bars(self):
        """Bars and a logo that stand on every page."""
        rng, (width, height) = self.rng, self.style.paper
        parts = []
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            thick = rng.uniform(.005, .07) * height
            x, y, w, h = rng.choice([
                (0, 0, width, thick), (0, height - thick, width, thick),
                (0, 0, thick, height), (width * .6, 0, width * .4, thick)])
            parts.append('<div style="position:fixed;left:%.1fpt;top:%.1fpt;'
                         'width:%.1fpt;height:%.1fpt;background:%s"></div>' % (
                             x - self.style.left, y - self.top, w, h,
                             self.decor(rng.randrange(20))))
        if rng.random() < .5:
            size = rng.uniform(.05, .1) * height
            parts.append('<div style="position:fixed;left:%.1fpt;top:%.1fpt">'
                         '%s</div>' % (rng.choice([
                             12, width * .85]) - self.style.left, rng.choice([
                                 8, height - size - 8]) - self.top,
                             self.logo(size)))
        return ''.join(parts)

    def front(self):
        """A title with authors, or a newspaper's head line."""
        rng = self.rng
        align = rng.choice(['center', 'start', 'start'])
        self.put(self.box(TITLE, self.words.heading(10), 'font-family:"%s";'
                          'font-size:%.2fem;font-weight:%s;text-align:%s;'
                          'line-height:1.15;margin:%.1fpt 0' % (
                              self.head_font, rng.uniform(1.6, 3), rng.choice(
                                  ['bold', 'bold', 'normal']), align,
                              rng.uniform(3, 16))))
        if rng.random() < .7:
            self.put(self.box(TEXT, ', '.join(
                self.words.person() for _ in range(rng.randint(1, 4))) + (
                    '<br>' + self.words.heading(5) if rng.random() < .5
                    else ''), 'text-align:%s;margin:4pt 0 12pt' % align))
        if self.kind in ('newspaper', 'leaflet') and rng.random() < .5:
            self.put(self.box(TEXT, self.text(2), 'font-size:1.2em;'
                              'margin:6pt 0'))

    def block(self):
        name = weighted(self.rng, [(v, k) for k, v in
                                   BLOCKS[self.kind].items()])
        getattr(self, name)()

    def slide(self):
        """One slide: a title, then blocks, maybe in two halves."""
        rng, style = self.rng, self.style
        self.put('<section style="break-before:page">')
        if rng.random() < .08:
            self.put('<div style="margin-top:%.1fpt">' % (style.paper[1] * .25))
            self.front()
            self.put('</div></section>')
            return
        if rng.random() < .9:
            self.head(0)
        full = style.column_width
        if rng.random() < .3:
            style.column_width = full * .46
            self.put('<table style="width:100%"><tr>')
            for _ in range(2):
                self.put('<td style="width:48%;vertical-align:top;padding:0 '
                         '4pt">')
                self.block()
                self.put('</td>')
            self.put('</tr></table>')
            style.column_width = full
        else:
            for _ in range(rng.choice([1, 1, 2, 2, 3])):
                self.block()
        self.put('</section>')

    def write(self, pages):
        rng, style = self.rng, self.style
        self.outside = True
        high = style.paper[1]
        self.top, bottom = (high * rng.uniform(.06, .15) for _ in range(2))
        self.para_gap = rng.choice(['0', '0 0 %.1fpt' % rng.uniform(2, 10),
                                    '%.1fpt 0' % rng.uniform(2, 8)])
        if self.slides:
            self.para_gap = '%.1fpt 0' % rng.uniform(2, 14)
        self.formula_align = rng.choice(['center', 'center', 'center', 'left'])
        indent = rng.uniform(8, 22) if self.para_gap == '0' else 0
        justify = not self.slides and rng.random() < .5
        css = (
            '@page{size:%.1fpt %.1fpt;margin:%.1fpt %.1fpt %.1fpt %.1fpt;'
            '%s}' % (*style.paper, self.top, style.right, bottom, style.left,
                     self.running()) +
            'html{font-family:"%s","Liberation Serif","DejaVu Sans";'
            'font-size:%.1fpt;line-height:%.2f;text-align:%s}body{margin:0}'
            'p{text-indent:%.1fpt}::footnote-marker,::footnote-call{color:'
            'inherit}td{padding:0}' % (
                self.body_font, self.size, rng.choice([1.15, 1.2, 1.3, 1.5]),
                'justify' if justify else 'start', indent))
        if self.slides or rng.random() < .1 or self.kind == 'leaflet':
            self.put(self.bars())
        if self.kind == 'letter':
            self.letterhead()
        elif rng.random() < .6:
            self.front()
        self.outside = style.columns == 1
        if style.columns > 1:
            self.put('<div style="columns:%d;column-gap:%.1fpt;column-fill:'
                     'auto">' % (style.columns, style.gap))
        for _ in range(pages * 2 if self.slides else int(
                pages * (7 if style.columns == 1 else 11))):
            self.slide() if self.slides else self.block()
        if style.columns > 1:
            self.put('</div>')
        rtl = bool(self.script and self.script.rtl)
        self.source = '<html dir="%s"><meta charset="utf-8"><style>%s</style>' \
            '<body>%s</body></html>' % ('rtl' if rtl else 'ltr', css,
                                        '\n'.join(self.out))
