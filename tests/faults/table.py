"""table.py - the table of docs/reliability.md, from what the tests of faults saw

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: table.py REPORTS DOCUMENT          writes the table into the document
       table.py --check REPORTS DOCUMENT  only looks whether it names each fault
"""
import json
import sys
from pathlib import Path

BEGIN = '<!-- written by the tests: from here -->\n'
END = '<!-- to here -->\n'
HEAD = ('| fault | what happens | tries | calls that failed | lost |\n'
        '|---|---|---|---|---|\n')


def read_reports(directory):
    reports = [json.loads(path.read_text()) for path in directory.glob('*.json')]
    if not reports:
        sys.exit(f'{directory}: no test of a fault has left a report here')
    return sorted(reports, key=lambda report: report['fault'])


def to_row(report):
    cells = [report[key] for key in ('fault', 'outcome', 'tries', 'failures', 'lost')]
    return '| ' + ' | '.join(str(cell or ('nothing' if i == 4 else cell))
                             for i, cell in enumerate(cells)) + ' |\n'


def split(document):
    """What stands before the table, the table, and what stands after it."""
    text = document.read_text()
    before, rest = text.split(BEGIN)
    table, after = rest.split(END)
    return before, table, after


def check(reports, document):
    """The faults that the tests know and those of the table; counts may differ."""
    table = split(document)[1]
    rows = {line.split(' | ')[0].removeprefix('| ')
            for line in table.splitlines()[2:]}
    faults = {report['fault'] for report in reports}
    for fault in sorted(faults - rows):
        print(f'{document}: has no row for "{fault}"; run "sh tests/faults.sh 60"')
    for fault in sorted(rows - faults):
        print(f'{document}: no test knows "{fault}"; run "sh tests/faults.sh 60"')
    return faults == rows


def main():
    arguments = [a for a in sys.argv[1:] if a != '--check']
    reports = read_reports(Path(arguments[0]))
    document = Path(arguments[1])
    if '--check' in sys.argv:
        sys.exit(0 if check(reports, document) else 1)
    before, _, after = split(document)
    table = HEAD + ''.join(map(to_row, reports))
    document.write_text(before + BEGIN + table + END + after)


main()
