"""Random display formulas as LaTeX source.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

LETTERS = list('abcdefghijklmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVXYZ') + [
    r'\alpha', r'\beta', r'\gamma', r'\lambda', r'\mu', r'\sigma', r'\theta',
    r'\phi', r'\omega', r'\Omega', r'\Delta', r'\Gamma', r'\varepsilon']
OPERATORS = ['+', '-', r'\cdot', r'\times', '+', '-', ',', r'\otimes']
RELATIONS = ['=', '=', '=', '=', r'\le', r'\ge', r'\approx', r'\sim', r'\in',
             r'\rightarrow', r'\equiv', '<', ':=']


def atom(rng):
    """One letter, number or function, maybe with indices."""
    kind = rng.random()
    if kind < 0.15:
        return str(rng.choice([0, 1, 2, 3, 4, 10, 12, 0.5, 3.54, 100]))
    if kind < 0.25:
        return r'%s(%s)' % (rng.choice(['f', 'g', 'p', r'\exp', r'\log', 'b',
                                        r'\sin', r'\mathrm{E}', r'\det']),
                            rng.choice(LETTERS))
    text = rng.choice(LETTERS)
    if kind > 0.85:
        text = r'\%s{%s}' % (rng.choice(['hat', 'bar', 'mathbf', 'tilde']),
                             text)
    if rng.random() < 0.35:
        text += '_{%s}' % rng.choice(['i', 'j', '0', 'ij', 'k+1', 'n', 't'])
    if rng.random() < 0.25:
        text += '^{%s}' % rng.choice(['2', 'n', r'\prime', 'T', '-1', 'k'])
    return text


def matrix(rng):
    """A small matrix in brackets."""
    rows, columns = rng.randint(2, 4), rng.randint(1, 4)
    body = r'\\'.join('&'.join(rng.choice(['0', '1', atom(rng)])
                               for _ in range(columns)) for _ in range(rows))
    kind = rng.choice(['pmatrix', 'bmatrix', 'vmatrix', 'cases'])
    if kind == 'cases':
        body = r'%s & %s\\ %s & \mathrm{otherwise}' % (
            atom(rng), relation(rng, 0), atom(rng))
    return r'\begin{%s}%s\end{%s}' % (kind, body, kind)


def term(rng, depth):
    """A factor: an atom, fraction, root, sum, integral or bracket."""
    kind = rng.random()
    if depth <= 0 or kind < 0.45:
        return atom(rng)
    inner = expression(rng, depth - 1)
    if kind < 0.62:
        return r'\frac{%s}{%s}' % (inner, expression(rng, depth - 1))
    if kind < 0.68:
        return r'\sqrt{%s}' % inner
    if kind < 0.80:
        return r'%s_{%s=%s}^{%s} %s' % (
            rng.choice([r'\sum', r'\prod', r'\sum']), rng.choice('ijk'),
            rng.choice('01'), rng.choice('nmNM'), inner)
    if kind < 0.87:
        return r'\int_{%s}^{%s} %s \, d%s' % (
            rng.choice(['0', r'\Omega', '-1', 'a']),
            rng.choice([r'\infty', '1', 'b', 'T']), inner, rng.choice('xyts'))
    if kind < 0.95:
        return r'\left( %s \right)' % inner
    return matrix(rng)


def expression(rng, depth):
    """Some terms joined by operators."""
    parts = [term(rng, depth)]
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3] if depth else [0, 0, 1])):
        parts += [rng.choice(OPERATORS), term(rng, depth)]
    return ' '.join(parts)


def relation(rng, depth, align=False):
    """A left side, a relation sign, a right side; & marks the alignment."""
    text = '%s %s%s{} %s' % (expression(rng, min(depth, 1)),
                             '&' if align else '', rng.choice(RELATIONS),
                             expression(rng, depth))
    if rng.random() < 0.3:
        text += rng.choice([',', '.', ';'])
    return text
