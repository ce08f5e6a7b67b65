"""How one made-up document looks: paper, fonts, headings, captions, colours.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

PAPERS = [(595, 842), (612, 792), (499, 709), (420, 595)]
SLIDES = [(455, 256), (363, 272), (720, 405)]
# Weight, packages. Computer Modern and Times are what most papers use.
FONTS = [
    (6, ''), (4, r'\usepackage[T1]{fontenc}\usepackage{lmodern}'),
    (4, r'\usepackage[T1]{fontenc}\usepackage{mathptmx}\usepackage{courier}'),
    (2, r'\usepackage[T1]{fontenc}\usepackage{mathpazo}'),
    (1, r'\usepackage[T1]{fontenc}\usepackage{charter}'),
    (1, r'\usepackage[T1]{fontenc}\usepackage{bookman}'),
    (1, r'\usepackage[T1]{fontenc}\usepackage{newcent}'),
    (1, r'\usepackage[T1]{fontenc}\usepackage{utopia}'),
    (1, r'\usepackage[T1]{fontenc}\usepackage{tgtermes}\usepackage{tgheros}'),
]
SANS = [
    (2, r'\usepackage[T1]{fontenc}\usepackage[scaled]{helvet}'),
    (2, r'\usepackage[T1]{fontenc}\usepackage{lmodern}'), (2, ''),
    (1, r'\usepackage[T1]{fontenc}\usepackage{tgadventor}'),
    (1, r'\usepackage[T1]{fontenc}\usepackage{tgheros}'),
]
KINDS = [(5, 'paper'), (4, 'twocolumn'), (4, 'manual'), (3, 'vignette'),
         (2, 'book'), (1.5, 'letter'), (3.5, 'slides'), (1, 'magazine'),
         (1, 'form')]
SIZES = [r'\small', r'\normalsize', r'\large', r'\Large', r'\LARGE', r'\huge']
SHAPES = [r'\bfseries', r'\bfseries', r'\bfseries\sffamily', r'\itshape',
          r'\scshape', r'\sffamily', r'\bfseries\itshape', r'\normalfont']


def weighted(rng, table):
    """One of the table's values, by its weight."""
    return rng.choices([v for _, v in table], [w for w, _ in table])[0]


def dark(rng, most=0.6):
    """A random colour that reads well on white."""
    return tuple(rng.uniform(0, most) for _ in range(3))


class Style:
    """The choices that hold for a whole document."""

    def __init__(self, rng, kind=None):
        self.rng = rng
        self.kind = kind or weighted(rng, KINDS)
        self.slides = self.kind == 'slides'
        self.columns = {'twocolumn': 2, 'magazine': rng.choice([2, 3])}.get(
            self.kind, 1)
        self.language = rng.choices(
            ['english', 'german', 'french', 'spanish'], [7, 2, 1, 1])[0]
        self.pick_paper()
        self.pick_fonts()
        self.pick_paragraphs()
        self.pick_headings()
        self.pick_floats()
        self.pick_colours()

    def pick_paper(self):
        rng = self.rng
        papers = SLIDES if self.slides else PAPERS
        weights = [3, 2, 1] if self.slides else [4, 4, 1, 0.5]
        self.paper = rng.choices(papers, weights)[0]
        width, height = self.paper
        low, high = (0.03, 0.08) if self.slides else (
            (0.06, 0.12) if self.columns > 1 else (0.09, 0.24))
        self.left = width * rng.uniform(low, high)
        self.right = width * rng.uniform(low, high)
        if rng.random() < 0.6:
            self.right = self.left
        self.top = height * rng.uniform(0.07, 0.15)
        self.bottom = height * rng.uniform(0.07, 0.17)
        if self.slides:
            self.top = height * rng.uniform(0.1, 0.22)
        self.gap = rng.uniform(10, 26)
        self.width = width - self.left - self.right
        self.column_width = (
            self.width - self.gap * (self.columns - 1)) / self.columns

    def pick_fonts(self):
        rng = self.rng
        sans = rng.random() < (0.85 if self.slides else
                               0.12 if self.columns == 2 else 0.18)
        self.fonts = weighted(rng, SANS if sans else FONTS)
        if self.columns == 1 and not self.slides and rng.random() < 0.1:
            self.size = rng.choice([9, 14])
        else:
            self.size = rng.choice([8, 9, 9, 10, 10] if self.columns > 1 else
                                   [10, 11, 11, 12, 12])
        if self.slides:
            # The small slide papers need no larger type: they are scaled up.
            self.size = rng.choice([11, 12, 14, 14, 17] if self.paper[0] < 600
                                   else [17, 17, 20])
        if self.paper[0] < 480 and not self.slides:
            self.size = rng.choice([8, 9, 10])
        if 'fontenc' in self.fonts:
            # Without these TeX falls back to bitmaps.
            for family, name in (('tt', 'lmtt'), ('sf', 'lmss')):
                if not (family == 'sf' and sans) and rng.random() < .7 or (
                        'courier' not in self.fonts and family == 'tt'):
                    self.fonts += r'\renewcommand\%sdefault{%s}' % (
                        family, name)
            if sans and 'lmodern' not in self.fonts:
                self.fonts += r'\renewcommand\rmdefault{lmr}'
            if 'helvet' not in self.fonts and 'tgheros' not in self.fonts and (
                    'tgadventor' not in self.fonts and 'lmodern' not in
                    self.fonts) and r'\sfdefault{' not in self.fonts:
                self.fonts += r'\renewcommand\sfdefault{lmss}'
        if sans:
            self.fonts += r'\renewcommand\familydefault{\sfdefault}'
        self.spread = rng.choice([1, 1, 1, 1, 1.05, 1.1, 1.2, 1.4])

    def pick_paragraphs(self):
        rng = self.rng
        self.indent = 0 if self.slides or rng.random() < 0.35 else (
            rng.uniform(8, 24))
        self.skip = rng.uniform(0, 1.5) if self.indent else rng.uniform(4, 12)
        if not self.indent and rng.random() < 0.08 and not self.slides:
            self.skip = rng.uniform(1.5, 4)
        self.ragged = rng.random() < (0.9 if self.slides else 0.12)
        self.list_skip = rng.choice([0, 0, 2, 4, 8])
        self.list_indent = rng.uniform(10, 32)
        self.bullet = rng.choice([r'$\bullet$', r'$\bullet$', r'$\bullet$',
                                  '--', r'$\circ$', r'$\star$', '*',
                                  r'$\diamond$', r'$\triangleright$'])
        self.numbering = rng.choice(['%d.', '%d.', '(%d)', '%d)', '(%c)'])

    def pick_headings(self):
        rng = self.rng
        self.numbered = rng.random() < 0.65
        self.number_tail = rng.choice(['', '', '.'])
        self.heads = []
        start = rng.choice([2, 3, 3, 4]) if not self.slides else 3
        for level in range(3):
            self.heads.append((
                SIZES[max(start - level, 1)], rng.choice(SHAPES),
                rng.random() < (0.25 if level == 0 else 0.12),
                rng.uniform(8, 24), rng.uniform(1.5, 10)))
        if rng.random() < 0.6:
            shape = self.heads[0][1]
            self.heads = [(h[0], shape) + h[2:] for h in self.heads]
        self.upper = rng.random() < 0.12
        self.indent_first = rng.random() < 0.25
        self.header = rng.random() < (0.4 if self.slides else 0.65)
        self.footer = rng.random() < 0.65 or not self.header
        self.head_rule = rng.random() < 0.4
        self.line_numbers = not self.slides and rng.random() < 0.07

    def pick_floats(self):
        rng = self.rng
        self.figure_word = {'german': ['Abbildung', 'Abb.'],
                            'spanish': ['Figura']}.get(
            self.language, ['Figure', 'Figure', 'Fig.', 'FIG.', 'FIGURE'])
        self.figure_word = rng.choice(self.figure_word)
        self.table_word = {'german': 'Tabelle', 'spanish': 'Tabla',
                           'french': 'Tableau'}.get(
            self.language, rng.choice(['Table', 'Table', 'TABLE', 'Tab.']))
        self.caption_tail = rng.choice([':', ':', '.', ' --', ''])
        self.caption_mark = rng.choice([r'\normalfont', r'\bfseries',
                                        r'\scshape', r'\itshape',
                                        r'\bfseries\sffamily'])
        self.caption_text = rng.choice([r'\normalfont', r'\normalfont',
                                        r'\itshape', r'\sffamily'])
        self.caption_size = rng.choice([r'\small', r'\normalsize',
                                        r'\footnotesize'])
        self.caption_gap = rng.uniform(2, 14)
        self.table_caption_above = rng.random() < 0.65
        self.figure_caption_below = rng.random() < 0.93
        self.table_look = rng.choice(['booktabs', 'booktabs', 'grid', 'none',
                                      'hlines', 'double', 'frame', 'shaded'])
        self.number_left = rng.random() < 0.12
        self.formulas_left = rng.random() < 0.12

    def pick_colours(self):
        """Colours of text and decoration, 0 to 1."""
        rng = self.rng
        # Dark slides are set in black and turned over afterwards.
        self.paper_colour = (1, 1, 1)
        self.ink = (0, 0, 0)
        self.title_ink = self.ink
        if rng.random() < (0.75 if self.slides else 0.22):
            self.title_ink = dark(rng)
        self.link = rng.choice([(0, 0, 0)] * 3 + [(0, 0, 0.9), (0, 0, 0.5),
                                                   (0.8, 0, 0), (0, 0.5, 0)])
        self.keyword, self.comment = dark(rng, 0.7), dark(rng, 0.7)
        self.header_ink = (0, 0, 0)
        if rng.random() < 0.2:
            grey = rng.uniform(0.2, 0.6)
            self.header_ink = rng.choice([(grey,) * 3, dark(rng)])
        self.decor = [tuple(rng.uniform(0, 1) for _ in range(3))
                      for _ in range(14)]
        if self.slides and rng.random() < 0.12:
            self.paper_colour = dark(rng, 0.3)

    def preamble(self):
        """The LaTeX source up to and without the document's begin."""
        lengths = {
            'paperwidth': self.paper[0], 'paperheight': self.paper[1],
            'left': self.left, 'right': self.right, 'top': self.top,
            'bottom': self.bottom, 'columnsep': self.gap,
            'headsep': 4 if self.slides else self.rng.uniform(8, 20),
            'footskip': self.bottom * self.rng.uniform(0.35, 0.75)}
        geometry = ','.join('%s=%.2fbp' % item for item in lengths.items())
        options = ['%dpt' % self.size] + self.class_options()
        return '\n'.join([
            r'\documentclass[%s]{extarticle}' % ','.join(options),
            r'\usepackage[utf8]{inputenc}', r'\usepackage[%s]{geometry}' %
            geometry, r'\usepackage{amsmath,amssymb,booktabs,graphicx,'
            r'multicol}', self.fonts, MACROS,
            r'\parindent=%.2fpt \parskip=%.2fpt plus 1pt\relax' %
            (self.indent, self.skip),
            r'\linespread{%.2f}' % self.spread,
            r'\raggedbottom' if self.rng.random() < .8 else
            r'\flushbottom'])

    def class_options(self):
        options = ['twocolumn'] if self.columns == 2 else []
        if self.number_left:
            options.append('leqno')
        if self.formulas_left:
            options.append('fleqn')
        return options


# \C{r g b} starts a region's colour, \E ends it: their stack is TeX's own, so
# a region that goes on over a page break keeps its colour.
MACROS = r'''
\pdfcompresslevel=0 \pdfobjcompresslevel=0
\makeatletter
\def\C#1{\leavevmode\pdfcolorstack0 push{#1 rg #1 RG}}
\def\E{\pdfcolorstack0 pop}
\def\@makefntext#1{#1}
\def\footnoterule{\kern-3pt{\C{0.9804 0.0000 0.0000}\hrule width.4\columnwidth\E}%
  \kern2.6pt}
\def\Foot#1{\insert\footins{\reset@font\footnotesize
  \interlinepenalty\interfootnotelinepenalty \splittopskip\footnotesep
  \splitmaxdepth\dp\strutbox \floatingpenalty\@MM \hsize\columnwidth
  \@parboxrestore\noindent\rule\z@\footnotesep\ignorespaces#1\par}}
% A caption: centred on one line, else over the full width.
\newbox\capbox
\def\Cap#1#2#3{{\par #1\setbox\capbox\hbox{#2#3}%
  \ifdim\wd\capbox<\hsize \centerline{\box\capbox}\else
  \parbox{\hsize}{#1#2#3}\fi\par}}
\newbox\tabbox \newdimen\tabwd
\def\Tab#1{\setbox\tabbox\hbox{#1}%
  \ifdim\wd\tabbox>\hsize \setbox\tabbox\hbox{\resizebox{\hsize}{!}{%
  \box\tabbox}}\fi \global\tabwd=\wd\tabbox \box\tabbox}
\sloppy \emergencystretch=2em \vfuzz=\maxdimen \hfuzz=\maxdimen \hbadness=10000
\def\topfraction{.95}\def\textfraction{.02}\def\floatpagefraction{.5}
\def\dbltopfraction{.95}\def\dblfloatpagefraction{.5}
\setcounter{topnumber}{4}\setcounter{totalnumber}{6}
'''
