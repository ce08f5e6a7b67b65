"""Words of many writing systems, made up of their letters or syllables.

The pages only have to look like text, so a word is a few syllables that the
script can set beside each other; nothing is spelled right.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

from words import Words


def letters(first, last, but=''):
    """The letters from first to last, without some."""
    return [chr(c) for c in range(ord(first), ord(last) + 1)
            if chr(c) not in but]


def table_of(codec, rows, step):
    """Every step-th sign of some rows of an East Asian character table."""
    signs = [bytes((row, cell)).decode(codec, 'ignore')
             for row in rows for cell in range(0xa1, 0xff)]
    return [s for s in signs if s][::step]


def pairs(ones, others, bare=0.3):
    """A syllable: one of the first letters, mostly with one of the others."""
    def syllable(rng):
        tail = '' if rng.random() < bare else rng.choice(others)
        return rng.choice(ones) + tail
    return syllable


def signs(*groups):
    """A syllable: one sign of one of the groups."""
    def syllable(rng):
        return rng.choice(rng.choice(groups))
    return syllable


HIRAGANA, KATAKANA = letters('あ', 'ん'), letters('ア', 'ン')
HANZI = table_of('gb2312', range(0xb0, 0xd8), 3)
KANJI = table_of('euc_jp', range(0xb0, 0xd0), 3)
HANGUL = table_of('euc_kr', range(0xb0, 0xc9), 2)
NOTO = ['Noto Sans %s', 'Noto Serif %s', 'Noto Serif %s']


class Script:
    """How one writing system makes words and what sets them."""

    def __init__(self, syllable, fonts, length=(1, 4), space=' ', stop='.',
                 comma=',', rtl=False, case=False, weight=1,
                 figure=('Figure',), table=('Table',)):
        self.syllable, self.fonts, self.length = syllable, fonts, length
        self.space, self.stop, self.comma = space, stop, comma
        self.rtl, self.case, self.weight = rtl, case, weight
        self.figure, self.table = figure, table


def noto(name):
    return [form % name for form in NOTO]


EUROPEAN = ['Noto Sans', 'Noto Serif', 'Noto Serif', 'DejaVu Sans',
            'DejaVu Serif', 'Liberation Sans', 'Liberation Serif',
            'Liberation Serif', 'Carlito', 'Open Sans']
SCRIPTS = {
    'cyrillic': Script(
        pairs(list('бвгджзклмнпрстфхцчшщ'), list('аеиоуыэюяіь')), EUROPEAN,
        case=True, weight=3, figure=('Рис.', 'Рисунок'), table=('Таблица',)),
    'greek': Script(
        pairs(list('βγδζθκλμνξπρστφχψ'), list('αεηιουωάέήίόώ')), EUROPEAN[:8],
        case=True, weight=1.5, figure=('Εικόνα', 'Σχήμα'), table=('Πίνακας',)),
    'latin': Script(
        pairs(list('bcčdďfghjklłmnňprřsšśtťvwzžż'),
              list('aáąeéęěiíoóöőøuúůüűyýåæăâđươ')), EUROPEAN, case=True,
        weight=2, figure=('Obr.', 'Rys.', 'Hình', 'Şekil'),
        table=('Tab.', 'Tabulka', 'Bảng', 'Tablo')),
    'chinese': Script(
        signs(HANZI), ['Noto Sans CJK SC', 'Noto Serif CJK SC',
                       'Noto Serif CJK SC', 'AR PL UKai CN',
                       'WenQuanYi Micro Hei'], (1, 4), '', '。', ',',
        weight=5, figure=('图', '圖'), table=('表',)),
    'japanese': Script(
        signs(KANJI, HIRAGANA, HIRAGANA, KATAKANA),
        ['Noto Sans CJK JP', 'Noto Serif CJK JP'], (1, 5), '', '。', '、',
        weight=2.5, figure=('図',), table=('表',)),
    'korean': Script(
        signs(HANGUL), ['Noto Sans CJK KR', 'Noto Serif CJK KR'], (1, 5),
        weight=1.5, figure=('그림',), table=('표',)),
    'arabic': Script(
        signs(letters('ا', 'غ', 'ة'), letters('ف', 'ي', 'ى')),
        ['Noto Sans Arabic', 'Noto Naskh Arabic', 'Noto Kufi Arabic',
         'DejaVu Sans'], (2, 6), comma='،', rtl=True, weight=2.5,
        figure=('شكل',), table=('جدول',)),
    'hebrew': Script(
        signs(letters('א', 'ת', 'ךםןףץ')),
        ['Noto Sans Hebrew', 'Noto Serif Hebrew', 'DejaVu Sans'], (2, 6),
        rtl=True, weight=1.5, figure=('איור',), table=('טבלה',)),
    'devanagari': Script(
        pairs(letters('क', 'ह', 'ऩऱऴ'), list('ािीुूेैोौंं')),
        noto('Devanagari'), stop='।', weight=1.5, figure=('चित्र',),
        table=('तालिका', 'सारणी')),
    'bengali': Script(pairs(list('কখগঘচছজঝটঠডতথদধনপফবভমযরলশসহ'),
                            list('ািীুূেৈোৌ')), noto('Bengali'), stop='।',
                      weight=.6, figure=('চিত্র',), table=('সারণি',)),
    'tamil': Script(pairs(list('கசஞடணதநபமயரலவழளறன'), list('ாிீுூெேைொோ்')),
                    noto('Tamil'), weight=.6, figure=('படம்',),
                    table=('அட்டவணை',)),
    'thai': Script(pairs(letters('ก', 'ฮ', 'ฃฅฤฦ'), list('ะาิีุูเแโ่้')),
                   noto('Thai') + ['Noto Looped Thai'], (2, 6), ' ', '', '',
                   weight=.8, figure=('รูปที่', 'ภาพที่'), table=('ตารางที่',)),
    'georgian': Script(signs(letters('ა', 'ჰ')), noto('Georgian'), (3, 8),
                       weight=.4, figure=('სურ.',), table=('ცხრილი',)),
    'armenian': Script(signs(letters('ա', 'ֆ')), noto('Armenian'), (3, 8),
                       weight=.4, figure=('Նկ.',), table=('Աղյուսակ',)),
}


def pick(rng, latin=0.45):
    """A script's name, or a dictionary's for words of words.py."""
    if rng.random() < latin:
        return rng.choices(['english', 'german', 'french', 'spanish'],
                           [7, 1, 1, 1])[0]
    return rng.choices(list(SCRIPTS), [s.weight for s in SCRIPTS.values()])[0]


class MadeWords(Words):
    """A vocabulary of one script, drawn from as from a dictionary's."""

    def __init__(self, rng, script):
        self.rng, self.script = rng, script
        self.common = [self.made() for _ in range(30)]
        self.words = [self.made() for _ in range(400)]
        self.names = [self.capital(self.made()) for _ in range(40)]

    def made(self):
        low, high = self.script.length
        return ''.join(self.script.syllable(self.rng)
                       for _ in range(self.rng.randint(low, high)))

    def capital(self, word):
        return word[:1].upper() + word[1:] if self.script.case else word

    def words_of(self, count):
        return self.script.space.join(self.word() for _ in range(count))

    def heading(self, most=8):
        words = [self.rng.choice(self.words)
                 for _ in range(self.rng.randint(1, most))]
        return self.capital(self.script.space.join(words))

    def person(self):
        return (self.script.space or '').join([self.name(), self.name()])

    def identifier(self):
        """Programs are written in Latin letters everywhere."""
        return ''.join(self.rng.choices('abcdefilmnoprstu_.', k=self.rng.
                                        randint(2, 12)))
