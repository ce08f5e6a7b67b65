"""What the tests of models/doclayout share.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
NO_SHARED = f"the fixtures in {SHARED} are not here"
SKIPPED = 77  # what meson takes for a skipped test

sys.path.insert(0, str(ROOT / "models"))
sys.dont_write_bytecode = True

try:
    import numpy as np
    import torch
except ImportError as error:
    print(f"skipped: {error} (Debian: python3-torch, python3-numpy)")
    sys.exit(SKIPPED)

torch.set_num_threads(1)  # more would spin against the tests beside this one


def has_shared() -> bool:
    return (SHARED / "doclayout").is_dir()


def need_shared() -> None:
    if not has_shared():
        print(f"skipped: {NO_SHARED}")
        sys.exit(SKIPPED)


# nd_io.npz holds float32 answers of a random network, which amplifies roundings: they are
# 0.0129 and 0.0152 px off float64 themselves, and PyTorch with the network they were made
# of is 0.012 to 0.019 px off them, by processor and number of threads.
REFERENCE_PX = 3e-2
REFERENCE_SHARE = 1e-3  # of the coordinates may be further off than FINE_PX
FINE_PX = 1e-2


def reference_answers():
    """Each size of nd_io.npz: its name, the input, the raw answer, the best 300."""
    data = np.load(SHARED / "doclayout" / "nd_io.npz")
    for size in ("1024x1024", "1024x736"):
        image = torch.from_numpy(data[f"{size}_input_u8"]).float() / 255
        yield size, image, data[f"{size}_one2one"], data[f"{size}_top300"]


def blocks_image(b, h, w, generator=None):
    """A picture of coloured blocks: noise alone would average out in depth."""
    coarse = torch.rand(b, 3, h // 16, w // 16, generator=generator)
    return torch.nn.functional.interpolate(coarse, scale_factor=16.0)


def with_statistics(network, seed: int = 0):
    """The network in evaluation, with batch norms as training leaves them."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(tensor, low, high):
        tensor.data.copy_(torch.rand(tensor.shape, generator=generator)
                          * (high - low) + low)

    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # one batch sets the running statistics
            uniform(module.weight, 0.5, 1.5)
            uniform(module.bias, -0.3, 0.3)
    image = blocks_image(4, 256, 256, generator)
    with torch.no_grad():
        network.train()(image)
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = 0.03
        for branch in network.detect.one2one_cv3:  # scores well above zero
            uniform(branch[-1].weight, -0.02, 0.02)
            uniform(branch[-1].bias, -2.0, 0.0)
    return network.eval()


def box_and_score_error(found, expected):
    """The largest differences in px and in score of two raw answers."""
    difference = np.abs(np.asarray(found, np.float64) - np.asarray(expected))
    return difference[:, :4].max(), difference[:, 4:].max()


def share_beyond(found, expected, px):
    """How many of the coordinates of two raw answers differ by more."""
    difference = np.abs(np.asarray(found, np.float64) - np.asarray(expected))
    return (difference[:, :4] > px).mean()
