"""Pictures for figures: charts, diagrams, photographs, maps, screens, logos.

Every maker takes a random source and a size and gives BGR pixels.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

import functools
import glob
import os
import string
import warnings

import cv2
import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fonts import chart_families
from formulas import relation

matplotlib.rcParams['axes.unicode_minus'] = False
matplotlib.rcParams['axes.formatter.use_mathtext'] = False
MATH = ['cm', 'cm', 'stix', 'dejavusans', 'dejavuserif']


def label(rng, most=3):
    """Made-up axis text."""
    return ' '.join(''.join(rng.choices('aeionrtslcdmpu', k=rng.randint(2, 9)))
                    .capitalize() for _ in range(rng.randint(1, most)))


def palette(rng, count):
    """Chart colours, some of them greys only."""
    if rng.random() < 0.35:
        return [(g, g, g) for g in np.linspace(0, 0.7, count)]
    if rng.random() < 0.3:
        return ['k'] * count
    return [tuple(rng.uniform(0, 0.9) for _ in range(3)) for _ in range(count)]


# Charts -----------------------------------------------------------------

def lines(rng, noise, axes, colours):
    count = rng.randint(5, 200)
    x = np.sort(noise.uniform(0, 10, count))
    step = rng.random() < 0.3
    for colour in colours[:rng.randint(1, 5)]:
        y = np.cumsum(noise.normal(0, 1, count)) if rng.random() < .6 else \
            np.sin(x * rng.uniform(.2, 3)) * rng.uniform(.5, 5)
        axes.plot(x, y, rng.choice(['-', '--', ':', '-.', 'o-', 's--', '-']),
                  color=colour, lw=rng.uniform(.5, 2.5), label=label(rng, 1),
                  drawstyle='steps-post' if step else 'default',
                  ms=rng.uniform(2, 6))


def scatter(rng, noise, axes, colours):
    for colour in colours[:rng.randint(1, 4)]:
        x, y = noise.normal(rng.uniform(-2, 2), 1, (2, rng.randint(10, 300)))
        axes.scatter(x, y + x * rng.uniform(-1, 1), rng.uniform(3, 40),
                     marker=rng.choice('ox+.s^'), color=colour,
                     lw=.7, label=label(rng, 1))


def bars(rng, noise, axes, colours):
    count, groups = rng.randint(2, 9), rng.randint(1, 3)
    draw = axes.barh if rng.random() < .3 else axes.bar
    for k in range(groups):
        draw(np.arange(count) + k * .8 / groups, noise.uniform(.2, 5, count),
             .8 / groups, color=colours[k], ec=rng.choice(['k', 'none']),
             label=label(rng, 1))


def histogram(rng, noise, axes, colours):
    axes.hist(noise.normal(0, 1, 400), rng.randint(8, 40), ec='k',
              color=colours[0] if rng.random() < .6 else 'w', lw=.6)


def boxes(rng, noise, axes, colours):
    axes.boxplot([noise.normal(rng.uniform(-1, 1), 1, 40)
                  for _ in range(rng.randint(2, 8))], widths=.6)


def heat(rng, noise, axes, colours):
    grid = cv2.resize(noise.normal(0, 1, (rng.randint(4, 12),) * 2), (60, 60),
                      interpolation=rng.choice([cv2.INTER_NEAREST,
                                                cv2.INTER_CUBIC]))
    axes.imshow(grid, cmap=rng.choice(['viridis', 'gray', 'jet', 'hot',
                                       'Blues', 'coolwarm']), aspect='auto')


def contour(rng, noise, axes, colours):
    grid = cv2.resize(noise.normal(0, 1, (6, 6)), (60, 60),
                      interpolation=cv2.INTER_CUBIC)
    draw = axes.contourf if rng.random() < .4 else axes.contour
    draw(grid, rng.randint(4, 12), cmap=rng.choice(['viridis', 'gray', 'jet']))


def pie(rng, noise, axes, colours):
    count = rng.randint(2, 7)
    axes.pie(noise.uniform(.3, 2, count), labels=[label(rng, 1) for _ in
                                                  range(count)],
             colors=[(rng.uniform(.3, 1),) * 3 if rng.random() < .3 else
                     tuple(noise.uniform(.2, 1, 3)) for _ in range(count)])


def errors(rng, noise, axes, colours):
    count = rng.randint(4, 15)
    for k in range(rng.randint(1, 3)):
        axes.errorbar(np.arange(count) + k * .1, noise.uniform(0, 5, count),
                      noise.uniform(.1, 1, count), fmt=rng.choice(['o', 's-']),
                      color=colours[k], capsize=rng.choice([0, 3]),
                      label=label(rng, 1))


CHARTS = [lines, lines, lines, scatter, scatter, bars, histogram, boxes, heat,
          contour, pie, errors]


def dress(rng, axes):
    """Axes, ticks, titles as different programs draw them."""
    if rng.random() < 0.75:
        axes.set_xlabel(label(rng))
    if rng.random() < 0.7:
        axes.set_ylabel(label(rng))
    if rng.random() < 0.35:
        axes.set_title(label(rng), weight=rng.choice(['bold', 'normal']))
    if rng.random() < 0.3:
        axes.grid(True, lw=.4, ls=rng.choice(['-', ':']))
    if rng.random() < 0.3:
        for side in ('top', 'right'):
            axes.spines[side].set_visible(False)
    elif rng.random() < 0.15:
        axes.axis('off')
    if axes.get_legend_handles_labels()[0] and rng.random() < 0.5:
        axes.legend(frameon=rng.random() < .5, loc=rng.choice(
            ['best', 'upper right', 'lower left', 'upper left']))
    if rng.random() < 0.15:
        axes.set_facecolor(rng.choice(['#ebebeb', '#eaeaf2', '#f5f5dc']))


def chart(rng, width, height):
    """One to four charts drawn with matplotlib."""
    noise = np.random.default_rng(rng.getrandbits(32))
    dpi = 100
    rows = 2 if height > 220 and rng.random() < .12 else 1
    columns = 2 if width > 300 and rng.random() < .15 else 1
    size = rng.uniform(4.5, 9) * max(width / 500, .8)
    with matplotlib.rc_context({
            'font.family': rng.choice(chart_families()), 'font.size': size,
            'xtick.direction': rng.choice(['in', 'out']),
            'axes.linewidth': rng.uniform(.4, 1.2)}):
        figure = Figure((width / dpi, height / dpi), dpi)
        canvas = FigureCanvasAgg(figure)
        for k in range(rows * columns):
            axes = figure.add_subplot(rows, columns, k + 1)
            rng.choice(CHARTS)(rng, noise, axes, palette(rng, 5))
            dress(rng, axes)
        with warnings.catch_warnings():
            # Small pictures with large letters are wanted, too.
            warnings.simplefilter('ignore')
            figure.tight_layout(pad=rng.uniform(.1, .8))
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())[..., 2::-1]
    return cv2.resize(pixels, (width, height))


# Drawings ---------------------------------------------------------------

def canvas_of(width, height):
    return np.full((height * 2, width * 2, 3), 255, np.uint8)


def shrink(image, width, height):
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def write(rng, image, text, centre, scale):
    """Text around a point in one of the stroke fonts."""
    font = rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX,
                       cv2.FONT_HERSHEY_COMPLEX])
    (w, h), _ = cv2.getTextSize(text, font, scale, 1)
    cv2.putText(image, text, (int(centre[0] - w / 2), int(centre[1] + h / 2)),
                font, scale, (0, 0, 0), 1 + (scale > 1), cv2.LINE_AA)


def tone(rng, low=120):
    """A light colour, or white."""
    if rng.random() < 0.4:
        return (255, 255, 255)
    return tuple(rng.randint(low, 255) for _ in range(3))


def flow(rng, width, height):
    """Boxes with words, joined by arrows."""
    image = canvas_of(width, height)
    h, w = image.shape[:2]
    columns, rows = rng.randint(2, 4), rng.randint(1, 4)
    cw, ch = w // columns, h // rows
    spots = [(int((i + .5) * cw), int((j + .5) * ch))
             for j in range(rows) for i in range(columns)
             if rng.random() < .85] or [(w // 2, h // 2)]
    for a, b in zip(spots, spots[1:]):
        cv2.arrowedLine(image, a, b, (0, 0, 0), rng.choice([1, 2, 3]),
                        cv2.LINE_AA, tipLength=.06)
    bw, bh = int(cw * rng.uniform(.25, .42)), int(ch * rng.uniform(.15, .4))
    round_ = rng.random() < .3
    for x, y in spots:
        fill = tone(rng)
        for colour, thick in ((fill, -1), ((0, 0, 0), 2)):
            if round_:
                cv2.ellipse(image, (x, y), (bw, bh), 0, 0, 360, colour, thick,
                            cv2.LINE_AA)
            else:
                cv2.rectangle(image, (x - bw, y - bh), (x + bw, y + bh),
                              colour, thick)
        write(rng, image, label(rng, 1), (x, y), max(.4, bw / 130))
    return shrink(image, width, height)


def graph(rng, width, height):
    """Dots joined by lines, some of them ringed."""
    image = canvas_of(width, height)
    h, w = image.shape[:2]
    count = rng.randint(5, 40)
    spots = [(rng.randint(w // 12, w - w // 12),
              rng.randint(h // 12, h - h // 12)) for _ in range(count)]
    for i, a in enumerate(spots):
        near = sorted(spots, key=lambda p: (p[0] - a[0])**2 + (p[1] - a[1])**2)
        for b in near[1:rng.randint(2, 4)]:
            cv2.line(image, a, b, (0, 0, 0), rng.choice([1, 2]), cv2.LINE_AA)
    size = rng.randint(4, 18)
    fill = rng.choice([(0, 0, 0), tone(rng)])
    for spot in spots:
        cv2.circle(image, spot, size, fill, -1, cv2.LINE_AA)
        cv2.circle(image, spot, size, (0, 0, 0), 2, cv2.LINE_AA)
        if rng.random() < .2:
            write(rng, image, rng.choice(string.ascii_letters),
                  (spot[0] + 2 * size, spot[1]), .8)
    return shrink(image, width, height)


def mosaic(rng, width, height):
    """Nested rectangles with labels around them."""
    image = canvas_of(width, height)
    h, w = image.shape[:2]
    m = int(min(w, h) * rng.uniform(.05, .14))
    tones = [tone(rng, 40) for _ in range(4)] + [(225, 225, 225), (75, 75, 75)]

    def split(x1, y1, x2, y2, depth):
        if depth == 0 or min(x2 - x1, y2 - y1) < 24:
            cv2.rectangle(image, (x1, y1), (x2, y2), rng.choice(tones), -1)
            cv2.rectangle(image, (x1, y1), (x2, y2), (0, 0, 0), 1)
            return
        cut, gap = rng.uniform(.2, .8), rng.choice([2, 6, 12])
        if depth % 2:
            x = int(x1 + (x2 - x1) * cut)
            split(x1, y1, x - gap, y2, depth - 1)
            split(x + gap, y1, x2, y2, depth - 1)
        else:
            y = int(y1 + (y2 - y1) * cut)
            split(x1, y1, x2, y - gap, depth - 1)
            split(x1, y + gap, x2, y2, depth - 1)
    split(m, m, w - m, h - m, rng.randint(2, 5))
    for k in range(rng.randint(2, 5)):
        write(rng, image, label(rng, 1), (w * (k + .7) / 5.5, m / 2),
              max(m / 60, .4))
    return shrink(image, width, height)


def fractal(noise, width, height, octaves=6):
    """Clouds: noise of many scales summed, in 0..1."""
    total = np.zeros((height, width), np.float32)
    for k in range(octaves):
        size = 2 ** (k + 1) + 1
        grid = noise.normal(0, 1, (size, size)).astype(np.float32)
        total += cv2.resize(grid, (width, height),
                            interpolation=cv2.INTER_CUBIC) * .55 ** k
    total -= total.min()
    return total / max(total.max(), 1e-6)


@functools.lru_cache(None)
def photographs():
    """The paths of the photographs that desktops come with."""
    folders = os.environ.get('PAGES_PHOTOS', '/usr/share/backgrounds:'
                             '/usr/share/wallpapers').split(':')
    return [path for folder in folders for path in sorted(
        glob.glob(os.path.join(folder, '**', '*.jpg'), recursive=True))]


def real_photo(rng, width, height):
    """A part of a photograph; a made one where none is installed."""
    if not photographs():
        return photo(rng, width, height)
    image = cv2.imread(rng.choice(photographs()), cv2.IMREAD_REDUCED_COLOR_2)
    h, w = image.shape[:2]
    scale = rng.uniform(.3, 1) * min(h / height, w / width)
    part_h, part_w = int(height * scale), int(width * scale)
    y, x = rng.randint(0, h - part_h), rng.randint(0, w - part_w)
    image = image[y:y + max(part_h, 1), x:x + max(part_w, 1)]
    if rng.random() < .5:
        image = image[:, ::-1]
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    image = image * rng.uniform(.7, 1.2) + rng.uniform(-30, 30)
    image = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < .25:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY),
                             cv2.COLOR_GRAY2BGR)
    return image


def photo(rng, width, height):
    """Something with the tones of a photograph: ground, sky, shapes."""
    noise = np.random.default_rng(rng.getrandbits(32))
    clouds = fractal(noise, width, height)[..., None]
    a, b = (noise.uniform(0, 255, 3) for _ in range(2))
    image = a * clouds + b * (1 - clouds)
    horizon = int(height * rng.uniform(.3, .7))
    if rng.random() < .6:
        other = fractal(noise, width, height)[..., None]
        lower = noise.uniform(0, 180, 3) * other + noise.uniform(0, 90, 3)
        image[horizon:] = lower[horizon:]
    image = np.ascontiguousarray(image.astype(np.uint8))
    for _ in range(rng.randint(0, 25)):
        x, y = rng.randint(0, width), rng.randint(horizon // 2, height)
        size = int(height * rng.uniform(.03, .2)) + 1
        colour = tuple(float(v) for v in noise.uniform(0, 255, 3))
        cv2.ellipse(image, (x, y), (size, int(size * rng.uniform(.6, 2.5))),
                    rng.randint(0, 30), 0, 360, colour, -1, cv2.LINE_AA)
        skin = (120 + noise.uniform(-60, 60, 3)).tolist()
        cv2.circle(image, (x, max(y - 2 * size, 0)), size // 2 + 1, skin, -1,
                   cv2.LINE_AA)
    if rng.random() < .7:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(.5, 2))
    grain = noise.normal(0, rng.uniform(1, 9), image.shape)
    image = np.clip(image + grain, 0, 255).astype(np.uint8)
    if rng.random() < .35:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY),
                             cv2.COLOR_GRAY2BGR)
    return image


def field(rng, width, height):
    """A measured field in false colours or cells under a microscope."""
    noise = np.random.default_rng(rng.getrandbits(32))
    grid = (fractal(noise, width, height, rng.randint(3, 7)) * 255)
    grid = grid.astype(np.uint8)
    if rng.random() < .3:
        grid = np.where(grid > rng.randint(90, 150), 235, 40).astype(np.uint8)
    if rng.random() < .3:
        return cv2.cvtColor(grid, cv2.COLOR_GRAY2BGR)
    return cv2.applyColorMap(grid, rng.choice(
        [cv2.COLORMAP_JET, cv2.COLORMAP_BONE, cv2.COLORMAP_VIRIDIS,
         cv2.COLORMAP_HOT, cv2.COLORMAP_OCEAN]))


def map_(rng, width, height):
    """Areas with borders, and names on them."""
    noise = np.random.default_rng(rng.getrandbits(32))
    levels = (fractal(noise, width * 2, height * 2, 5) * rng.randint(4, 9))
    levels = levels.astype(np.uint8)
    image = canvas_of(width, height)
    for level in range(int(levels.max()) + 1):
        image[levels == level] = tone(rng, 150)
    edges = cv2.morphologyEx(levels, cv2.MORPH_GRADIENT, np.ones((3, 3)))
    image[edges > 0] = (60, 60, 60)
    for _ in range(rng.randint(0, 9)):
        write(rng, image, label(rng, 1), (rng.randint(0, width * 2),
                                          rng.randint(0, height * 2)), .8)
    if rng.random() < .7:
        cv2.rectangle(image, (1, 1), (width * 2 - 2, height * 2 - 2), 0, 2)
    return shrink(image, width, height)


def screen(rng, width, height):
    """A window with a title bar, buttons and lines of text."""
    image = canvas_of(width, height)
    h, w = image.shape[:2]
    ground = rng.choice([(240, 240, 240), (255, 255, 255), (40, 40, 40)])
    image[:] = ground
    bar = max(20, h // 14)
    image[:bar] = tuple(rng.randint(60, 220) for _ in range(3))
    write(rng, image, label(rng, 2), (w // 2, bar // 2), bar / 45)
    y = bar * 2
    while y < h - bar:
        if rng.random() < .2:
            x = rng.randint(0, w // 2)
            cv2.rectangle(image, (x, y), (x + w // 3, y + bar), tone(rng), -1)
            cv2.rectangle(image, (x, y), (x + w // 3, y + bar), (90,) * 3, 1)
        cv2.putText(image, label(rng, 6), (w // 20, y + bar // 2),
                    cv2.FONT_HERSHEY_SIMPLEX, bar / 50,
                    (200,) * 3 if ground[0] < 99 else (30,) * 3, 1,
                    cv2.LINE_AA)
        y += int(bar * rng.uniform(.8, 1.6))
    cv2.rectangle(image, (0, 0), (w - 1, h - 1), (100, 100, 100), 2)
    return shrink(image, width, height)


def surface(rng, width, height):
    """A function of two variables as a wire net."""
    noise = np.random.default_rng(rng.getrandbits(32))
    image = canvas_of(width, height)
    h, w = image.shape[:2]
    count = rng.randint(12, 30)
    z = cv2.resize(noise.normal(0, 1, (4, 4)), (count, count),
                   interpolation=cv2.INTER_CUBIC)
    i, j = np.meshgrid(np.arange(count), np.arange(count))
    x = (i - j) / count * w * .45 + w / 2
    y = (i + j) / count * h * .28 + h * .25 - z * h * .1
    points = np.stack([x, y], -1).astype(np.int32)
    colour = rng.choice([(0, 0, 0), (160, 0, 0), (60, 60, 60)])
    for k in range(count):
        cv2.polylines(image, [points[k], points[:, k].copy()], False, colour,
                      1, cv2.LINE_AA)
    return shrink(image, width, height)


def tree(rng, width, height):
    """A tree of boxes or words, from the top or from the left."""
    image = canvas_of(width, height)
    h, w = image.shape[:2]
    levels = rng.randint(2, 4)
    above = [(w // 2, h // (levels * 2))]
    for level in range(1, levels + 1):
        y = int(h * (level * 2 + 1) / (levels * 2 + 2))
        count = min(2 ** level, 8)
        below = [(int(w * (k + .5) / count), y) for k in range(count)]
        for k, spot in enumerate(below):
            cv2.line(image, above[k * len(above) // count], spot, (0, 0, 0), 2,
                     cv2.LINE_AA)
        for spot in above:
            cv2.circle(image, spot, 22, (255, 255, 255), -1)
            write(rng, image, label(rng, 1)[:5], spot, .6)
        above = below
    for spot in above:
        write(rng, image, label(rng, 1)[:4], (spot[0], spot[1] + 14), .6)
    return shrink(image, width, height)


PICTURES = [(10, chart), (2, flow), (2, graph), (1.2, mosaic), (1.2, photo),
            (4, real_photo), (1, field), (1, map_), (1, screen),
            (.8, surface), (1, tree)]


def picture(rng, width, height):
    """A figure's picture of one of the kinds."""
    # Charts with letters need some room.
    if min(width, height) > 80:
        make = rng.choices([m for _, m in PICTURES],
                           [w for w, _ in PICTURES])[0]
    else:
        make = rng.choice([real_photo, photo, field, graph, mosaic])
    image = make(rng, width, height)
    if rng.random() < 0.06:
        cv2.rectangle(image, (0, 0), (width - 1, height - 1), (0, 0, 0), 1)
    return image


def mathematics(em, rng, width, height):
    """A display formula in a type of about em pixels, or what fits."""
    while True:
        text = '$%s$' % relation(rng, rng.choice([0, 1, 1, 2]))
        if 'begin' in text or 'tag' in text:
            continue
        try:
            figure = Figure(dpi=100)
            FigureCanvasAgg(figure)
            # 20 points are 27.8 pixels here.
            shown = figure.text(0, 0, text.replace(r'\mathrm', r'\rm').replace(
                ':=', '='), fontsize=20, math_fontfamily=rng.choice(MATH))
            size = shown.get_window_extent()
            scale = min((width - 2) / size.width, (height - 2) / size.height,
                        em / 27.8)
            figure.set_size_inches((width + .5) / 100, (height + .5) / 100)
            shown.set_fontsize(20 * scale)
            shown.set_position((.5 - size.width * scale / width / 2, .02))
            figure.canvas.draw()
        except ValueError:
            # matplotlib does not know all of TeX.
            continue
        return np.asarray(figure.canvas.buffer_rgba())[..., 2::-1].copy()


def logo(rng, width, height):
    """A disc, a shield or letters."""
    image = canvas_of(width, height)
    h, w = image.shape[:2]
    colour = tuple(rng.randint(0, 180) for _ in range(3))
    kind = rng.randrange(3)
    if kind == 0:
        cv2.circle(image, (min(w, h) // 2, h // 2), min(w, h) // 2 - 2, colour,
                   -1, cv2.LINE_AA)
    elif kind == 1:
        image[:] = colour
    text = ''.join(rng.choices(string.ascii_uppercase, k=rng.randint(2, 4)))
    cv2.putText(image, text, (w // 8, h * 3 // 4), cv2.FONT_HERSHEY_DUPLEX,
                h / 45, (255, 255, 255) if kind == 1 else colour,
                max(h // 14, 1), cv2.LINE_AA)
    return shrink(image, width, height)
