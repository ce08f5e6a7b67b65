"""Writes one made-up document as LaTeX, each labelled region in its colour.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

from formulas import expression, relation
from style import Style, weighted
from words import Words, escape

(TITLE, TEXT, ABANDON, FIGURE, FIGURE_CAPTION, TABLE, TABLE_CAPTION,
 TABLE_FOOTNOTE, FORMULA, FORMULA_NUMBER) = range(10)
NAMES = ['title', 'plain text', 'abandon', 'figure', 'figure_caption', 'table',
         'table_caption', 'table_footnote', 'isolate_formula',
         'formula_caption']
# The blue channel of a region's colour: what it means inside the region.
PLAIN, LINK, KEYWORD, COMMENT, HEAD_ROW, BAND_ROW, REVERSED = range(7)
PANEL = 20
DECOR = 250

BLOCKS = {
    'paper': dict(para=10, head=3, figure=2.6, table=2.6, formula=3.2, list=1,
                  code=.3, bib=.6, note=.8, quote=.3),
    'twocolumn': dict(para=12, head=3, figure=2.8, table=2.8, formula=2.8, list=1,
                      code=.4, bib=1, note=.6, quote=.2),
    'manual': dict(para=7, head=5, figure=1.4, table=2, formula=.5, list=4,
                   code=5, note=.5, define=2),
    'vignette': dict(para=8, head=2, figure=2.6, table=2, formula=2, list=1,
                     code=5, note=.5, bib=.5),
    'book': dict(para=14, head=2, figure=1.6, table=1.4, formula=2.2, list=1.5,
                 note=1, quote=1, margin=.6),
    'letter': dict(para=8, address=2, list=1, table=.5, head=.6, short=2),
    'slides': dict(para=4, head=0, figure=2, table=1.2, formula=1.5, list=6,
                   code=1),
    'magazine': dict(para=14, head=2.5, figure=2.2, table=.6, quote=1, list=1),
    'form': dict(short=8, head=3, table=3, para=3, list=2, address=2),
}


class Document:
    """One document: its LaTeX source and the table of its regions."""

    def __init__(self, rng, pages=8, kind=None):
        self.rng = rng
        self.style = Style(rng, kind)
        self.words = Words(rng, self.style.language)
        self.regions = {}
        self.out = []
        self.counts = dict(figure=rng.randint(0, 9), table=rng.randint(0, 9),
                           formula=rng.randint(0, 40), note=rng.randint(0, 9),
                           head=rng.randint(0, 6), sub=0, bib=0)
        self.fresh = True
        self.write(pages)

    # Colours -------------------------------------------------------------

    def region(self, label, wide=False):
        """A new region's number."""
        number = len(self.regions) + 1
        self.regions[number] = dict(label=label, wide=wide)
        return number

    @staticmethod
    def colour(number, use=PLAIN):
        return '%.4f %.4f %.4f' % tuple(
            v / 255 for v in (number // 200, number % 200, use))

    def paint(self, number, text, use=PLAIN):
        """The text in a region's colour."""
        return r'\C{%s}%s\E{}' % (self.colour(number, use), text)

    def box(self, label, text, wide=False):
        return self.paint(self.region(label, wide), text)

    # Running text --------------------------------------------------------

    def inline(self, number):
        """Something else than a word inside a sentence."""
        rng, words = self.rng, self.words
        kind = rng.random()
        if kind < 0.2:
            return '$%s$' % expression(rng, 0)
        if kind < 0.4:
            shape = rng.choice(['textbf', 'textit', 'emph', 'texttt', 'textsf'])
            return r'\%s{%s}' % (shape, words.words_of(rng.randint(1, 3)))
        if kind < 0.55:
            return self.paint(number, r'\texttt{%s}' % escape(
                words.identifier()), rng.choice([PLAIN, PLAIN, KEYWORD]))
        if kind < 0.65:
            return words.number()
        text = rng.choice([
            '[%d]' % rng.randint(1, 60), '%s (%d)' % (
                words.name(), rng.randint(1950, 2024)),
            '%s %d' % (self.style.figure_word, rng.randint(1, 12)),
            '(p. %d)' % rng.randint(1, 200), 'Section %d.%d' % (
                rng.randint(1, 9), rng.randint(1, 9))])
        return self.paint(number, escape(text), LINK)

    def sentence(self, number, rich=0.06):
        rng, parts = self.rng, []
        for _ in range(max(3, int(rng.gauss(15, 7)))):
            parts.append(self.inline(number) if rng.random() < rich
                         else self.words.word())
            if rng.random() < 0.06:
                parts[-1] += ','
        parts[0] = parts[0][:1].upper() + parts[0][1:]
        return ' '.join(parts) + rng.choices('.:?!', [30, 1, 1, .3])[0]

    def text(self, number, sentences):
        return ' '.join(self.sentence(number) for _ in range(sentences))

    def put(self, *lines):
        self.out.extend(lines)

    def indentation(self):
        """How the next paragraph starts: indented unless after a heading."""
        style, first = self.style, self.fresh
        self.fresh = False
        if style.indent and (not first or style.indent_first):
            return r'\indent'
        return r'\noindent'

    # Blocks --------------------------------------------------------------

    def para(self, sentences=None):
        rng = self.rng
        number = self.region(TEXT)
        count = sentences or max(1, int(rng.expovariate(
            1 / (1.2 if self.style.slides else 4.5)) + 0.5))
        text = self.text(number, min(count, 14))
        if rng.random() < 0.07:
            text = r'\textbf{%s}\quad %s' % (self.words.heading(4), text)
        if rng.random() < 0.05 and not self.style.slides:
            text += self.note()
        self.put(r'\par %s %s\par' % (self.indentation(),
                                      self.paint(number, text)))

    def note(self):
        """A footnote: its mark here, its text at the page's foot."""
        rng, style = self.rng, self.style
        self.counts['note'] += 1
        mark = '$^{%d}$' % self.counts['note']
        number = self.region(ABANDON)
        gap = rng.choice([r'\hskip10pt', '', ' '])
        text = mark + ' ' + self.text(number, rng.randint(1, 2))
        if rng.random() < 0.3:
            text = '%s %s' % (mark, escape('http://www.%s.org/%s' % (
                self.words.word(), self.words.identifier())))
        return mark + r'\Foot{%s%s}' % (gap, self.paint(number, text))

    def noted(self):
        number = self.region(TEXT)
        self.put(r'\par %s %s\par' % (self.indentation(), self.paint(
            number, self.text(number, self.rng.randint(1, 4)) + self.note())))

    def short(self):
        """A line of a form or of a contents list, or a lone remark."""
        rng, words = self.rng, self.words
        text = rng.choice([
            '%s: %s' % (words.heading(2), words.words_of(rng.randint(1, 5))),
            words.words_of(rng.randint(1, 6)),
            '%s: \\hrulefill\\hskip%dpt{}' % (words.heading(2),
                                              rng.randint(0, 80)),
            r'$\square$ ' + words.words_of(rng.randint(1, 6))])
        self.put(r'\par\noindent %s\par' % self.box(TEXT, text))
        if rng.random() < 0.5:
            self.put(r'\vskip%.1fpt' % rng.uniform(1, 9))

    def head(self, level=None):
        rng, style = self.rng, self.style
        level = weighted(rng, [(4, 0), (4, 1), (2, 2)]) if level is None \
            else level
        size, shape, centred, above, below = style.heads[level]
        text = self.words.heading(8)
        if level == 0:
            self.counts['head'] += 1
            self.counts['sub'] = 0
        else:
            self.counts['sub'] += 1
        if style.numbered and level < 2:
            mark = '%d' % self.counts['head'] + (
                '.%d' % self.counts['sub'] if level else '')
            text = r'%s%s\hskip%.1fpt %s' % (
                mark, style.number_tail, rng.choice([5, 8, 12]), text)
        if style.upper:
            text = text.upper() if '\\' not in text else text
        self.put(r'\par\addvspace{%.1fpt}{%s%s\noindent%s %s\par}'
                 r'\nobreak\vskip%.1fpt' % (
                     above, size, shape,
                     r'\centering' if centred else r'\raggedright',
                     self.box(TITLE, text), below), r'\nobreak')
        self.fresh = True

    def list(self, depth=0, most=None):
        rng, style = self.rng, self.style
        indent = style.list_indent * (depth + 1)
        numbered = rng.random() < 0.35
        length = rng.choice([0.5, 1, 1, 2])
        for i in range(rng.randint(1, most or 7)):
            number = self.region(TEXT)
            mark = style.bullet
            if numbered:
                form = style.numbering
                mark = form % (chr(97 + i) if 'c' in form else i + 1)
            text = self.words.words_of(rng.randint(2, 9)) if length < 1 else \
                self.text(number, rng.randint(1, length))
            self.put(r'\par{\leftskip=%.1fpt\noindent %s\par}\vskip%.1fpt' % (
                indent, self.paint(number, r'\llap{%s\hskip5pt}%s' % (
                    mark, text)), style.list_skip))
            if depth == 0 and rng.random() < 0.1:
                self.list(1, 3)
        self.fresh = False

    def define(self):
        """Entries that start with a term and hang."""
        rng = self.rng
        hang, shape = rng.uniform(15, 50), rng.choice(['textbf', 'texttt'])
        for _ in range(rng.randint(1, 6)):
            number = self.region(TEXT)
            self.put(r'\par{\noindent\hangindent=%.1fpt %s\par}'
                     r'\vskip%.1fpt' % (hang, self.paint(
                         number, r'\%s{%s}\hskip8pt %s' % (
                             shape, escape(self.words.identifier()),
                             self.text(number, rng.randint(1, 2)))),
                         self.style.list_skip))

    def bib(self):
        """The list of references."""
        rng, words = self.rng, self.words
        self.counts['head'] += 1
        self.head(0)
        hang = rng.choice([12, 18, 24])
        marked = rng.random() < 0.6
        for i in range(rng.randint(4, 14)):
            number = self.region(TEXT)
            mark = r'\hbox to%dpt{[%d]\hss}' % (hang, i + 1) if marked else ''
            text = r'%s%s, %s. %s. \textit{%s}, %d(%d):%d--%d, %d.' % (
                mark, words.person(), words.person(), words.heading(12),
                words.heading(5), rng.randint(1, 99), rng.randint(1, 12),
                rng.randint(1, 400), rng.randint(401, 900),
                rng.randint(1960, 2024))
            self.put(r'\par{\small\noindent\hangindent=%dpt %s\par}'
                     r'\vskip%.1fpt' % (hang, self.paint(number, text),
                                        self.style.list_skip))

    def quote(self):
        number = self.region(TEXT)
        shape = self.rng.choice([r'\itshape', r'\small', ''])
        self.put(r'\par{\leftskip=25pt\rightskip=25pt\noindent %s %s\par}' % (
            shape, self.paint(number, self.text(number,
                                                self.rng.randint(1, 4)))))

    def margin(self):
        """A note in the margin."""
        number = self.region(ABANDON, wide=True)
        self.put(r'\par\noindent\marginpar{\raggedright\scriptsize %s}' %
                 self.paint(number, self.words.words_of(
                     self.rng.randint(1, 8))))
        self.para()

    def address(self):
        rng, words = self.rng, self.words
        lines = [words.heading(4) for _ in range(rng.randint(2, 5))]
        self.put(r'\par\vskip8pt{\noindent %s %s\par}\vskip8pt' % (
            rng.choice([r'\raggedright', r'\raggedright', r'\raggedleft']),
            self.box(TEXT, r'\newline '.join(lines))))

    # Code ----------------------------------------------------------------

    @staticmethod
    def verbatim(text):
        """Program text: TeX gets each sign by its number."""
        return ''.join(c if c.isalnum() and c < '\x80' else r'\ ' if c == ' '
                       else r'{\char%d}' % ord(c) for c in text
                       if c < '\x80')

    def code_room(self):
        """How many signs of program text fit beside each other."""
        return int(self.style.column_width / self.style.size / 0.54) - 5

    def code_line(self, number, flavour):
        rng, words = self.rng, self.words
        ident = words.identifier
        if flavour == 'output':
            return self.verbatim('  '.join(
                rng.choice([words.number(), ident()]).rjust(9)
                for _ in range(rng.randint(1, 5)))[:self.code_room()])
        call = '%s(%s)' % (ident(), ', '.join(
            rng.choice([ident(), words.number(), '"%s"' % ident(),
                        '%s = %s' % (ident(), words.number())])
            for _ in range(rng.randint(0, 3))))
        prompt = {'shell': rng.choice(['$ ', '# ']), 'r': '> '}.get(flavour, '')
        text = rng.choice([call, call + ';', '%s <- %s' % (ident(), call),
                           '%s = %s' % (ident(), call), ident(),
                           '\\%s{%s}' % (ident(), ident()),
                           'if (%s) {' % call, '}', '%s -%s %s' % (
                               ident(), rng.choice('abcxv'), ident())])
        text = prompt + ' ' * rng.choice([0, 0, 2, 4]) + text
        line = self.verbatim(text[:self.code_room()])
        if len(text) + 20 > self.code_room():
            return line
        if rng.random() < 0.15:
            line = self.paint(number, r'\textbf{%s}' % self.verbatim(
                rng.choice(['using', 'return', 'for', 'def', 'int'])),
                KEYWORD) + r'\ ' + line
        if rng.random() < 0.08:
            line += r'\ \ ' + self.paint(number, self.verbatim(
                '# ' + words.words_of(4)), COMMENT)
        return line

    def code(self):
        rng = self.rng
        number = self.region(TEXT)
        flavour = rng.choice(['r', 'c', 'shell', 'output', 'mixed'])
        lines = [self.code_line(number, flavour if flavour != 'mixed' else
                                rng.choice(['r', 'output']))
                 for _ in range(min(int(rng.expovariate(1 / 5)) + 1, 25))]
        lines = [r'\mbox{%s}' % line for line in lines]
        size = rng.choice([r'\small', r'\normalsize', r'\footnotesize'])
        shape = rng.choice([r'\ttfamily'] * 3 + [r'\ttfamily\slshape'])
        body = self.paint(number, r'\newline '.join(lines))
        body = r'{%s%s\raggedright\noindent %s\par}' % (size, shape, body)
        if rng.random() < 0.2 and len(lines) < 15:
            body = self.backed(body)
        self.put(r'\par\vskip%.1fpt{\leftskip=%.1fpt %s}\vskip%.1fpt' % (
            rng.uniform(1, 9), rng.choice([0, 0, rng.uniform(5, 40)]), body,
            rng.uniform(1, 9)))
        self.fresh = rng.random() < 0.7

    def backed(self, body):
        """The body on a tinted ground, which belongs to no region."""
        ground = '%.4f %.4f 0.0000' % (DECOR / 255,
                                       self.rng.randint(20, 23) / 255)
        return (r'\setbox\tabbox\hbox{\parbox{.96\hsize}{%s}}\noindent'
                r'\hbox{\rlap{\C{%s}\vrule width\hsize height'
                r'\dimexpr\ht\tabbox+4pt\relax depth\dimexpr\dp\tabbox+4pt'
                r'\relax\E}\hskip.02\hsize\box\tabbox}\par' % (body, ground))

    # Formulas ------------------------------------------------------------

    def formula(self):
        """Text, a display, and mostly text that goes on after it."""
        rng = self.rng
        if rng.random() < 0.7:
            self.para(rng.randint(1, 3))
        self.put(rng.choice([self.numbered, self.numbered, self.aligned,
                             self.grouped])())
        if rng.random() < 0.6:
            number = self.region(TEXT)
            text = self.text(number, rng.randint(1, 4))
            self.put(r'\noindent ' + self.paint(
                number, text[:1].lower() + text[1:]) + r'\par')

    def number(self):
        self.counts['formula'] += 1
        form = self.rng.choice(['(%d)', '(%d)', '(%d)', '(1.%d)', '[%d]'])
        return self.box(FORMULA_NUMBER, form % self.counts['formula'])

    def fit(self):
        """How deep formulas may nest to stay inside the column."""
        deepest = 2 if self.style.column_width > 300 else 1
        return self.rng.randint(0, deepest)

    def numbered(self):
        rng = self.rng
        body = self.box(FORMULA, relation(rng, self.fit()))
        if rng.random() < 0.25:
            return '$$%s$$' % body
        return '$$%s%s %s$$' % (
            body, r'\leqno' if self.style.number_left else r'\eqno',
            self.number())

    def aligned(self):
        """Lines one below the other, each with its number."""
        rng, rows = self.rng, []
        # eqnarray sets its relation signs far apart.
        gap = rng.choice(['', '', r'\quad{}'])
        for _ in range(rng.randint(2, 4)):
            left, right = relation(rng, self.fit() // 2, True).split('&', 1)
            number = self.region(FORMULA)
            rows.append(r'\C{%s}%s%s&%s\E' % (
                self.colour(number), left, gap, right.replace(
                    '{} ', '{}%s ' % gap, 1)))
            if rng.random() < 0.85:
                rows[-1] += r'\tag*{%s}' % self.number()
            else:
                rows[-1] += r'\notag'
        return r'\begin{align}%s\end{align}' % '\\\\\n'.join(rows)

    def grouped(self):
        """Several lines without numbers: one region."""
        rng = self.rng
        rows = [relation(rng, self.fit() // 2, True)
                for _ in range(rng.randint(2, 5))]
        body = r'\begin{aligned}%s\end{aligned}' % '\\\\\n'.join(rows)
        tail = r'\eqno ' + self.number() if rng.random() < 0.2 else ''
        return '$$%s%s$$' % (self.box(FORMULA, body), tail)

    # Figures and tables --------------------------------------------------

    def caption(self, label, word, count, wide):
        rng, style = self.rng, self.style
        number = self.region(label, wide)
        text = self.words.heading(9) if rng.random() < 0.45 else \
            self.text(number, rng.choice([1, 1, 2, 3, 5]))
        mark = '%s %d%s' % (escape(word), count, style.caption_tail)
        return r'\Cap{%s}{%s}{%s}' % (
            style.caption_size, r'\C{%s}{%s %s}' % (
                self.colour(number), style.caption_mark, mark),
            r'\hskip4pt{%s %s}\E' % (style.caption_text, text))

    def floated(self, kind, wide, body):
        """The body where TeX wants it, or right here."""
        rng = self.rng
        star = '*' if wide and self.style.columns == 2 else ''
        here = self.style.slides or self.style.columns == 3 or (
            not star and rng.random() < 0.45)
        if here:
            gap = rng.uniform(3, 16)
            self.put(r'\par\vskip%.1fpt\noindent\parbox{\hsize}{%s}\par'
                     r'\vskip%.1fpt' % (gap, body, gap))
        else:
            self.put(r'\begin{%s%s}[%s]%s\end{%s%s}' % (
                kind, star, rng.choice(['t', 't', 'b', 'tbp', '!ht']), body,
                kind, star))
        self.fresh = False

    def figure(self):
        rng, style = self.rng, self.style
        wide = style.columns == 2 and rng.random() < 0.3
        width = style.width if wide else style.column_width
        number = self.region(FIGURE, wide)
        body = r'{\centering %s\par}' % self.panels(number, width)
        self.counts['figure'] += 1
        if rng.random() < (0.3 if style.slides else 0.9):
            caption = self.caption(FIGURE_CAPTION, style.figure_word,
                                   self.counts['figure'], wide)
            parts = [body, r'\vskip%.1fpt' % style.caption_gap, caption]
            body = ''.join(parts if style.figure_caption_below
                           else parts[::-1])
        self.floated('figure', wide, r'\hsize=\linewidth ' + body)

    def panels(self, number, width):
        """Rules that stand for the pictures; Python paints over them."""
        rng = self.rng
        columns = weighted(rng, [(7, 1), (2, 2), (1, 3), (.4, 4)])
        rows = weighted(rng, [(8, 1), (1.5, 2), (.5, 3)])
        total = width * rng.uniform(0.4, 1) if columns == 1 and rows == 1 \
            else width * rng.uniform(0.75, 1)
        each = (total - 6 * columns) / columns
        low, high = (0.25, 0.55) if self.style.slides else (0.35, 1.0)
        tall = min(each * rng.uniform(low, high), self.style.paper[1] * (
            0.38 if self.style.slides else 0.5) / rows)
        marks = columns * rows > 1 and rng.random() < 0.5
        lines = []
        for row in range(rows):
            cells = []
            for column in range(columns):
                k = row * columns + column
                rule = self.paint(number, r'\rule{%.1fbp}{%.1fbp}' % (
                    each, tall), PANEL + k)
                if marks:
                    rule = r'\vtop{\hbox{%s}\hbox to%.1fbp{\hss\small %s\hss}}' \
                        % (rule, each, self.paint(number, '(%c)' % (97 + k)))
                cells.append(rule)
            lines.append(r'\hbox{%s}' % r'\hskip6bp'.join(cells))
        return r'\vbox{%s}' % r'\vskip4bp'.join(lines)

    def table(self):
        rng, style = self.rng, self.style
        wide = style.columns == 2 and rng.random() < 0.25
        number = self.region(TABLE, wide)
        self.regions[number]['shade'] = rng.randint(0, 5) if (
            style.table_look == 'shaded') else None
        body = r'{\centering %s\Tab{%s}\par}' % (
            rng.choice([r'\small', r'\footnotesize', r'\normalsize', '']),
            self.paint(number, self.tabular(number, wide)))
        if rng.random() < 0.4:
            body += self.table_notes(wide)
        self.counts['table'] += 1
        if rng.random() < (0.3 if style.slides else 0.85):
            caption = self.caption(TABLE_CAPTION, style.table_word,
                                   self.counts['table'], wide)
            gap = r'\vskip%.1fpt ' % style.caption_gap
            body = caption + gap + body if style.table_caption_above else \
                body + gap + caption
        self.floated('table', wide, r'\hsize=\linewidth ' + body)

    def table_notes(self, wide):
        """Notes under the table, as wide as it or as the column."""
        rng = self.rng
        number = self.region(TABLE_FOOTNOTE, wide)
        lines = rng.choice([1, 1, 1, 2, 3])
        if lines == 1:
            text = rng.choice(['', r'\textsc{Note}---', r'\textit{Note:} ',
                               'Source: ', '$^*$ ']) + self.text(
                                   number, rng.choice([1, 1, 2, 3]))
        else:
            text = r'\newline '.join('$^{%c}$ %s' % (
                97 + i, self.words.words_of(rng.randint(2, 7)))
                for i in range(lines))
        width = rng.choice([r'\tabwd', r'\hsize'])
        return (r'\vskip%.1fpt{\ifdim\tabwd<100pt \tabwd=\hsize\fi\centering'
                r'\parbox{%s}{\raggedright\footnotesize %s}\par}' % (
                    rng.uniform(1, 9), width, self.paint(number, text)))

    def cell(self, kind):
        rng, words = self.rng, self.words
        if kind == 'number':
            return words.number()
        if kind == 'code':
            return r'\texttt{%s}' % escape(words.identifier())
        if kind == 'math':
            return '$%s$' % expression(rng, 0)
        if kind == 'mark':
            return rng.choice([r'$\checkmark$', '--', 'yes', 'no', ''])
        return words.words_of(rng.randint(1, 3 if kind == 'word' else 6))

    def tabular(self, number, wide):
        rng, look = self.rng, self.style.table_look
        room = self.style.width if wide else self.style.column_width
        columns = rng.randint(2, max(3, min(9, int(room / 50))))
        tall = 12 if self.style.slides else 30
        rows = min(int(rng.expovariate(1 / 7)) + 2, tall)
        kinds = [rng.choice(['word', 'number', 'number', 'code', 'phrase',
                             'math', 'mark', 'number']) for _ in range(columns)]
        lines = []
        for row in range(rows + 1):
            cells = [self.words.heading(2) if row == 0 else self.cell(k)
                     for k in kinds]
            if row == 0 and rng.random() < 0.5:
                cells = [r'\textbf{%s}' % c for c in cells]
            if look == 'shaded':
                use = HEAD_ROW if row == 0 else BAND_ROW if row % 2 else PLAIN
                cells = [self.paint(number, c, use) for c in cells]
            lines.append(' & '.join(cells) + r'\\')
        return self.ruled(lines, columns)

    def ruled(self, lines, columns):
        """The rows with the rules of the document's table style."""
        rng, look = self.rng, self.style.table_look
        align = [rng.choice('lcr') for _ in range(columns)]
        bars = look == 'grid' or (look == 'hlines' and rng.random() < 0.3)
        spec = '|'.join([''] + align + ['']) if bars else ''.join(align)
        top, middle, bottom = {
            'booktabs': (r'\toprule', r'\midrule', r'\bottomrule'),
            'none': ('', '', ''), 'shaded': ('', '', ''),
            'double': (r'\hline\hline', r'\hline', r'\hline\hline'),
        }.get(look, (r'\hline',) * 3)
        if look == 'frame':
            spec = '|' + ''.join(align) + '|'
        between = '\n' + (r'\hline ' if look == 'grid' else '')
        return (r'\renewcommand\arraystretch{%.2f}\tabcolsep=%.1fpt'
                r'\begin{tabular}{%s}%s %s%s %s%s\end{tabular}' % (
                    rng.choice([1, 1, 1.1, 1.3, 1.6]), rng.uniform(3, 9), spec,
                    top, lines[0], middle, between.join(lines[1:]), bottom))

    # Pages ---------------------------------------------------------------

    def front(self):
        """Title, authors, abstract."""
        rng, words, style = self.rng, self.words, self.style
        place = rng.choice([r'\centering', r'\centering', r'\raggedright'])
        wide = style.columns == 2
        out = [r'{%s\noindent\%s%s %s\par}\vskip%.1fpt' % (
            place, rng.choice(['LARGE', 'Large', 'huge']),
            rng.choice(SHAPES_OF_TITLE), self.box(
                TITLE, words.heading(14), wide), rng.uniform(6, 24))]
        authors = [words.person() for _ in range(rng.randint(1, 4))]
        if rng.random() < 0.3:
            out.append(r'{%s\noindent %s\par}\vskip8pt' % (place, r'\hfill '.join(
                r'\parbox{%.2f\hsize}{\centering %s}' % (
                    0.9 / len(authors), self.box(TEXT, r'%s\newline %s' % (
                        a, words.heading(4)), wide)) for a in authors)))
        else:
            text = ', '.join(authors)
            if rng.random() < 0.7:
                text += r'\\ ' + words.heading(6)
            out.append(r'{%s\noindent %s\par}\vskip%.1fpt' % (
                place, self.box(TEXT, text, wide), rng.uniform(4, 16)))
        if rng.random() < 0.4:
            out.append(r'{%s\noindent %s\par}\vskip8pt' % (place, self.box(
                TEXT, '%s %d, %d' % (words.name(), rng.randint(1, 30),
                                     rng.randint(1980, 2024)), wide)))
        inside = ''.join(out)
        self.put(r'\twocolumn[%s\vskip10pt]' % inside if wide else inside)
        if style.kind in ('paper', 'twocolumn', 'vignette'):
            self.abstract()

    def abstract(self):
        rng = self.rng
        number = self.region(TEXT)
        text = self.text(number, rng.randint(3, 9))
        word = rng.choice(['Abstract', 'ABSTRACT', 'Summary'])
        narrow = rng.choice([0, 20, 30])
        if rng.random() < 0.5:
            self.put(r'{%s\noindent\bfseries %s\par}\vskip4pt' % (
                rng.choice([r'\centering', r'\raggedright']),
                self.box(TITLE, word)))
        else:
            text = r'\textbf{%s.} %s' % (word, text)
        self.put(r'{\leftskip=%dpt\rightskip=%dpt\noindent\small %s\par}' % (
            narrow, narrow, self.paint(number, text)))
        if rng.random() < 0.4:
            self.put(r'\vskip4pt{\leftskip=%dpt\rightskip=%dpt\noindent\small '
                     r'%s\par}' % (narrow, narrow, self.box(
                         TEXT, r'\textit{Keywords}: %s.' % ', '.join(
                             self.words.word() for _ in range(5)))))

    def running(self):
        """The source of the page style: header, footer, decoration."""
        rng, style, words = self.rng, self.style, self.words
        shape = rng.choice(['', r'\itshape', r'\scshape', r'\small', r'\sffamily'])

        def page():
            return self.box(ABANDON, r'\thepage', True)

        def piece():
            return self.box(ABANDON, words.heading(3), True)

        head = foot = r'\hfil'
        if style.header:
            head = rng.choice([
                r'%s\hfil %s' % (page(), piece()), r'%s\hfil %s' % (
                    piece(), page()), r'\hfil %s\hfil ' % piece(),
                r'%s\hfil %s' % (piece(), piece()), r'%s\hfil %s\hfil %s' % (
                    page(), piece(), piece()), r'\hfil %s\hfil\llap{%s}' % (
                    piece(), page())])
        if style.footer:
            foot = rng.choice([
                r'\hfil %s\hfil ' % page(), r'\hfil %s\hfil ' % page(),
                r'%s\hfil %s' % (piece(), page()), r'\hfil ' + page(),
                r'%s\hfil %s\hfil %s' % (piece(), piece(), page())])
        if style.head_rule and style.header:
            head = r'\vbox{\hbox to\hsize{%s}\vskip3pt{\C{%s}\hrule\E}}' % (
                head, '%.4f 0.0000 0.0000' % (DECOR / 255))
        return (r'\def\ps@made{\def\@oddhead{%s\hsize=\textwidth\rlap{%s}%s}'
                r'\def\@oddfoot{%s%s}\let\@evenhead\@oddhead'
                r'\let\@evenfoot\@oddfoot}' % (
                    shape, self.backdrop(), head, shape, foot))

    def backdrop(self):
        """What lies behind the page: bars, a logo, line numbers."""
        rng, style, parts = self.rng, self.style, []
        if style.slides or rng.random() < 0.06:
            for k in range(rng.choice([0, 1, 1, 2, 4, 8])):
                parts.append(self.bar(k))
            if rng.random() < (0.4 if style.slides else 0.5):
                number = self.region(ABANDON, True)
                self.regions[number]['logo'] = True
                size = rng.uniform(0.06, 0.13) * style.paper[1]
                parts.append(self.at(
                    rng.choice([0.02, 0.85]) * style.paper[0],
                    rng.uniform(0.01, 0.05) * style.paper[1], self.paint(
                        number, r'\rule{%.1fbp}{%.1fbp}' % (
                            size * rng.uniform(1, 2), size), PANEL)))
        if style.line_numbers:
            parts.append(self.line_numbers())
        return ''.join(parts)

    def at(self, x, y, body):
        """The body with its top left corner at a place on the paper, in bp."""
        return (r'\vbox to0pt{\vskip\dimexpr-%.1fbp-\headheight-\headsep*0'
                r'+%.1fbp\relax\hbox to0pt{\hskip%.1fbp\vtop{\hrule height0pt'
                r'\hbox{%s}}\hss}\vss}' % (
                    self.style.top - 14, y, x - self.style.left, body))

    def bar(self, k):
        """A coloured bar at the head, the foot or the side."""
        rng, (width, height) = self.rng, self.style.paper
        thick = rng.uniform(0.01, 0.07) * height
        x, y, w, h = rng.choice([
            (0, 0, width, thick), (0, height - thick, width, thick),
            (0, 0, thick, height), (width * rng.random() * .8, 0,
                                    width * .2, thick)])
        colour = '%.4f %.4f 0.0000' % (DECOR / 255, (k + 1) / 255)
        return self.at(x, y, r'\C{%s}\rule{%.1fbp}{%.1fbp}\E' % (colour, w, h))

    def line_numbers(self):
        """One strip of numbers beside the text."""
        rng, style = self.rng, self.style
        step = rng.uniform(1.15, 2.2) * style.size
        count = int((style.paper[1] - style.top - style.bottom) / step)
        first = rng.choice([1, rng.randint(1, 400)])
        number = self.region(ABANDON, True)
        lines = ''.join(r'\hbox to18pt{\hss %d}' % (first + i)
                        for i in range(count))
        return self.at(style.left - 30, style.top, self.paint(
            number, r'\tiny\vbox{\baselineskip=%.2fbp %s}' % (step, lines)))

    def slide(self):
        """One slide: a title and two to four blocks."""
        rng = self.rng
        self.put(r'\clearpage')
        self.head(0)
        self.put(r'\vfill' if rng.random() < 0.3 else r'\vskip4pt')
        for _ in range(rng.choice([1, 2, 2, 3])):
            self.block()
        self.put(r'\vfill')

    def block(self):
        name = weighted(self.rng, [(v, k) for k, v in
                                   BLOCKS[self.style.kind].items()])
        {'note': self.noted}.get(name, getattr(self, name))()

    def write(self, pages):
        rng, style = self.rng, self.style
        self.put(style.preamble(), r'\makeatletter ' + self.running(),
                 r'\pagestyle{made}', r'\begin{document}',
                 r'\setcounter{page}{%d}' % rng.choice([1, rng.randint(1, 300)]))
        if style.ragged:
            self.put(r'\raggedright\parindent=%.1fpt ' % style.indent)
        if rng.random() < 0.75:
            self.front()
        if style.columns == 3:
            self.put(r'\begin{multicols}{3}')
        for _ in range(pages + 2 if style.slides else pages * (
                12 if style.columns > 1 else 8)):
            self.slide() if style.slides else self.block()
        if style.columns == 3:
            self.put(r'\end{multicols}')
        self.put(r'\end{document}')

    @property
    def source(self):
        return '\n'.join(self.out)


SHAPES_OF_TITLE = [r'\bfseries', r'\bfseries', r'\normalfont', r'\sffamily',
                   r'\bfseries\sffamily', r'\scshape']
