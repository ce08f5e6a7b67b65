# streams.py - many streams that share one model: rate, memory, latency
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# usage: streams.py BUILD_ROOT [--rounds N] [--size PIXELS] [--out FILE.json]
# The bundled model with an input of SIZE pixels at most (192 if not given: 2 cores have
# to serve 16 streams), on frames of 640 x 360; for memory, of 1920 x 1080.  What is
# compared takes turns, as in report.py, and a ratio is that of one round.  All run the
# module as it was loaded and on one thread: tuning on a busy machine chooses differently
# each time, and two threads of such small layers wait for each other.
import argparse
import json
import pathlib
import shutil
import statistics
import tempfile

from report import PACKAGE, Contender, describe_machine, format_row, quartiles

STREAMS = 16
BATCHES = (1, 2, 4, 8)
# Through all streams together, in one turn.
FRAMES = 64
WIDTH, HEIGHT = 640, 360
BATCH, TIMEOUT_MS = 8, 10
LOAD = 0.8
LARGE_WIDTH, LARGE_HEIGHT = 1920, 1080
FIRST_STREAMS = 4
MEMORY_FRAMES = 4


class Report:
    def __init__(self, build, size):
        self.program = pathlib.Path(build) / 'tests/benchmarks/many_streams'
        self.directory = tempfile.TemporaryDirectory()
        self.package = pathlib.Path(self.directory.name) / 'small.mlpkg'
        self.rows = []
        self.make_package(size)

    def make_package(self, size):
        shutil.copytree(PACKAGE, self.package)
        for name, change in (('preprocessor_config.json', self.shrink(size)),
                             ('metadata.json', lambda facts: facts.pop('sha256'))):
            path = self.package / name
            facts = json.loads(path.read_text())
            change(facts)
            path.write_text(json.dumps(facts))

    @staticmethod
    def shrink(size):
        return lambda facts: facts['size'].update(width=size, height=size)

    def start(self, n_streams, settings='', width=WIDTH, height=HEIGHT):
        caps = f'video/x-raw,format=RGB,width={width},height={height},framerate=30/1'
        contender = Contender([self.program, caps, width, height,
                               f'torchscriptinfer model={self.package} tune=off threads=1 {settings}'])
        self.tell(contender, f'add {n_streams}')
        return contender

    @staticmethod
    def tell(contender, command):
        contender.ask(command)
        return contender.answer()

    def add(self, what, rival, goal, **facts):
        self.rows.append({'what': what, 'rival': rival, 'goal': goal, **facts})
        print(format_row(self.rows[-1]), flush=True)

    def find_best_batch(self, rounds):
        """Of one stream that always has a batch ready."""
        running = {batch: self.start(1, f'batch-size={batch} scheduling=throughput')
                   for batch in BATCHES}
        times = {batch: [] for batch in BATCHES}
        for _ in range(rounds):
            for batch, contender in running.items():
                times[batch].append(self.tell(contender, f'run {FRAMES}')['ms'] / FRAMES)
        for contender in running.values():
            contender.close()
        medians = {batch: statistics.median(ms) for batch, ms in times.items()}
        print('one stream, ms a frame by size of batch:',
              {batch: round(ms, 2) for batch, ms in medians.items()})
        return min(medians, key=medians.get)

    def rate(self, rounds):
        batch = self.find_best_batch(rounds)
        one = self.start(1, f'batch-size={batch} scheduling=throughput')
        many = self.start(STREAMS, f'batch-size={batch} scheduling=throughput')
        turns = []
        for _ in range(rounds):
            turns.append((self.tell(one, f'run {FRAMES}'),
                          self.tell(many, f'run {FRAMES // STREAMS}')))
        for contender in (one, many):
            contender.close()
        for name, key in ('frame rate', 'ms'), ('frames by processor time', 'cpu_ms'):
            self.add(f'{STREAMS} streams, {name}', f'one stream, batches of {batch}', 0.95,
                     ratio=quartiles([a[key] / b[key] for a, b in turns]),
                     ours_ms=quartiles([b[key] / FRAMES for _, b in turns]),
                     rival_ms=quartiles([a[key] / FRAMES for a, _ in turns]))

    def memory(self):
        """Batches are as large with the first streams as with all."""
        contender = self.start(FIRST_STREAMS, f'batch-size={FIRST_STREAMS}',
                               LARGE_WIDTH, LARGE_HEIGHT)
        before = self.tell(contender, f'peak {MEMORY_FRAMES}')['peak_kb']
        self.tell(contender, f'add {STREAMS - FIRST_STREAMS}')
        after = self.tell(contender, f'peak {MEMORY_FRAMES}')['peak_kb']
        contender.close()
        frame_mb = LARGE_WIDTH * LARGE_HEIGHT * 3 / 2 ** 20
        each_mb = (after - before) / 1024 / (STREAMS - FIRST_STREAMS)
        self.add('memory of each further stream, MB', '1.5 frames and 5 MB',
                 round(1.5 * frame_mb + 5, 1), lower_is_better=True,
                 ratio=quartiles([each_mb]))

    def latency(self, rounds):
        """At 0.8 of the rate that the streams got through just before."""
        running = {name: self.start(STREAMS, f'batch-size={BATCH} scheduling={name} '
                                    f'batch-timeout={TIMEOUT_MS}')
                   for name in ('throughput', 'latency')}
        turns = {name: [] for name in running}
        for _ in range(rounds):
            for name, contender in running.items():
                full = self.tell(contender, f'run {FRAMES // STREAMS}')
                rate = LOAD * FRAMES / full['ms'] * 1000
                loaded = self.tell(contender,
                                   f'load {rate:.3f} {2 * FRAMES // STREAMS}')
                turns[name].append((loaded, full))
        for name, contender in running.items():
            contender.close()
            self.add_latency(name, turns[name])

    def add_latency(self, name, turns):
        found = [loaded['p95_ms'] for loaded, _ in turns]
        for rival, bounds in (
                ('of full batches', [full['forward_ms'] for _, full in turns]),
                ('as they were', [loaded['forward_ms'] for loaded, _ in turns])):
            bounds = [TIMEOUT_MS + 2 * ms for ms in bounds]
            self.add(f'p95 latency at {LOAD:.0%}, scheduling={name}',
                     f'timeout, 2 forwards {rival}', 1, lower_is_better=True,
                     ratio=quartiles([a / b for a, b in zip(found, bounds)]),
                     ours_ms=quartiles(found), rival_ms=quartiles(bounds),
                     batch=quartiles([loaded['batch'] for loaded, _ in turns]))


def main():
    parser = argparse.ArgumentParser(description='times streams that share a model')
    parser.add_argument('build')
    parser.add_argument('--rounds', type=int, default=8)
    parser.add_argument('--size', type=int, default=192)
    parser.add_argument('--out')
    options = parser.parse_args()
    report = Report(options.build, options.size)
    machine = describe_machine()
    print(machine)
    report.rate(options.rounds)
    report.memory()
    report.latency(options.rounds)
    if options.out:
        pathlib.Path(options.out).write_text(json.dumps(
            {'machine': machine, 'rows': report.rows}, indent=1) + '\n')


if __name__ == '__main__':
    main()
