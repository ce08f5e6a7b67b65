"""Made-up running text: sentences of dictionary words, numbers and citations.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

import os

DICTIONARIES = {
    'english': ('american-english', 'the of and to a in is that for it with as '
                'this by on are from be or which we an can not has when'),
    'german': ('ngerman', 'der die und das in von zu den mit sich auf ein für '
               'ist im dem nicht eine als auch werden aus er hat dass'),
    'french': ('french', 'de la le et les des en un du une que est pour qui '
               'dans a par plus pas au sur ne se ce il sont'),
    'spanish': ('spanish', 'de la que el en y a los se del las un por con no '
                'una su para es al lo como más o pero sus'),
}
SPECIAL = {'\\': r'\textbackslash{}', '{': r'\{', '}': r'\}', '_': r'\_',
           '^': r'\^{}', '#': r'\#', '$': r'\$', '%': r'\%', '&': r'\&',
           '~': r'\~{}', '<': r'$<$', '>': r'$>$', '"': "''", '|': '$|$'}
_cache = {}


def escape(text):
    """Text that TeX sets as it is written here."""
    return ''.join(SPECIAL.get(c, c) for c in text)


def dictionary(language):
    """The words of one Debian word list, plain letters only."""
    if language not in _cache:
        name, common = DICTIONARIES[language]
        folder = os.environ.get('PAGES_WORDS', '/usr/share/dict')
        with open(os.path.join(folder, name), encoding='utf-8') as lines:
            words = [w for w in lines.read().split()
                     if w.isalpha() and 1 < len(w) < 15
                     and all(c < 'ſ' or c == 'ß' for c in w)]
        _cache[language] = words, common.split()
    return _cache[language]


class Words:
    """A document's vocabulary; draws from it like a text would."""

    def __init__(self, rng, language='english'):
        self.rng = rng
        words, self.common = dictionary(language)
        self.words = rng.sample(words, 500)
        self.names = [w.capitalize() for w in rng.sample(words, 80)]

    def word(self):
        if self.rng.random() < 0.42:
            return self.rng.choice(self.common)
        rank = int(len(self.words) ** self.rng.random())
        return self.words[min(rank, len(self.words) - 1)]

    def name(self):
        return self.rng.choice(self.names)

    def words_of(self, count):
        return ' '.join(self.word() for _ in range(count))

    def heading(self, most=8):
        """A heading's words, in one of the usual letter cases."""
        count = self.rng.randint(1, most)
        words = [self.rng.choice(self.words) for _ in range(count)]
        if self.rng.random() < 0.5:
            words = [w.capitalize() for w in words]
        return ' '.join([words[0].capitalize()] + words[1:])

    def person(self):
        first = self.name()
        if self.rng.random() < 0.4:
            first = first[0] + '.'
        return first + ' ' + self.name()

    def identifier(self):
        """A name as programs use them."""
        parts = [self.rng.choice(self.words).lower()[:self.rng.randint(2, 9)]
                 for _ in range(self.rng.randint(1, 2))]
        parts = [''.join(c for c in p if c < '\x80') or 'x' for p in parts]
        return self.rng.choice(['_', '.', '', '::', '-']).join(parts)

    def number(self):
        kind = self.rng.randrange(4)
        if kind == 0:
            return str(self.rng.randint(0, 2030))
        return '%.*f' % (kind, self.rng.uniform(-5, 100))
