"""Modules whose images lie in blocks, against PyTorch.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_blocked.py RUN_BLOCKED
"""
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

torch._C._jit_set_texpr_fuser_enabled(False)
ABSENT, NO_CONVOLUTION = 77, 78  # exit statuses of RUN_BLOCKED
SIZES = ((32, 48), (40, 32))


class Chain(nn.Module):
    """One layer of each kind, all with channels in whole blocks."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 32, 3, 2, 1)
        self.depthwise = nn.Conv2d(32, 32, 3, 1, 1, groups=32)
        self.pointwise = nn.Conv2d(32, 64, 1, bias=False)
        self.wide = nn.Conv2d(64, 64, 5, 1, 6, dilation=3)
        self.strided = nn.Conv2d(64, 64, (3, 1), (2, 1), (1, 0), groups=2)
        self.gate = nn.Conv2d(96, 96, 1, groups=96)
        self.merge = nn.Conv2d(96, 32, 1, groups=32)
        self.last = nn.Conv2d(64, 32, 1)

    def forward(self, x):
        x = F.silu(self.depthwise(F.relu(self.first(x))))
        y = F.leaky_relu(self.pointwise(x), 0.1)
        y = y + F.silu(self.wide(y))
        a, b = torch.chunk(y, 2, 1)
        t = torch.cat([a, x, b], 1)
        m = F.silu(self.merge(t * torch.sigmoid(F.silu(self.gate(t)))))
        p = F.max_pool2d(torch.cat([m, a * 0.5], 1), 5, 1, 2)
        s = F.interpolate(self.strided(p), scale_factor=2.0)
        return self.last(s[:, :, :x.shape[2]]) - F.max_pool2d(m, 3, 1, 1).mean()


class Odd(nn.Module):
    """What no block holds, or is read by others as well."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3, 1, 1)
        self.few = nn.Conv2d(16, 10, 3, 1, 1)
        self.many = nn.Conv2d(10, 48, 3, 1, 1)
        self.grouped = nn.Conv2d(48, 48, 3, 1, 1, groups=16)
        self.squeeze = nn.Conv2d(48, 16, 1)
        self.excite = nn.Conv2d(16, 48, 1)
        self.expectation = nn.Conv2d(16, 1, 1, bias=False)

    def forward(self, x):
        y = self.first(x)
        z = F.silu(y)
        few = F.silu(self.few(z))
        many = F.hardswish(self.many(few))
        w = torch.sigmoid(self.excite(F.relu(self.squeeze(many.mean((2, 3), True)))))
        many = self.grouped(many * w)
        a, b, c = torch.chunk(many, 3, 1)
        d, e = torch.chunk(z, 2, 1)
        pool = F.max_pool2d(many, 2, ceil_mode=True).flatten(1).sum(1)
        parts = [y + a, few, d * 2, e, F.relu6(b + c), self.expectation(c)]
        flat = torch.cat(parts, 1).flatten(2).transpose(1, 2)
        return flat + pool.view(-1, 1, 1)


class Spoiled(nn.Module):
    """Writes in place what others have read."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 32, 3)
        self.b = nn.Conv2d(32, 32, 3)

    def forward(self, x):
        y = self.a(x)
        z = self.b(y)
        y[:, 3] = 0.5
        z.add_(1).mul_(2)
        z[:, :, 0] = y[:, :, 0, :z.shape[3]]
        return torch.cat([z, F.silu(z)], 1)


class Plain(nn.Module):
    def forward(self, x):
        return x * 2


def make(kind):
    torch.manual_seed(1)
    return kind().eval()


class BlockedTest(unittest.TestCase):
    def run_blocked(self, module, shapes, n=1):
        inputs = [torch.randn(n, 3, *shape) for shape in shapes]
        with tempfile.NamedTemporaryFile(suffix=".pt") as file:
            module.save(file.name)
            done = subprocess.run(
                [sys.argv[1], file.name, str(n), "3",
                 *(str(size) for shape in shapes for size in shape)],
                input=b"".join(x.numpy().tobytes() for x in inputs), capture_output=True)
        return inputs, done

    def check(self, module, shapes, n=1):
        inputs, done = self.run_blocked(module, shapes, n)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        with torch.no_grad():
            expected = [module(x).numpy().ravel() for x in inputs]
        np.testing.assert_allclose(np.frombuffer(done.stdout, np.float32),
                                   np.concatenate(expected), rtol=1e-4, atol=1e-4)

    def test_scripts_and_traces(self):
        for kind in (Chain, Odd, Spoiled):
            for n in (1, 3):
                with self.subTest(kind=kind.__name__, n=n):
                    self.check(torch.jit.script(make(kind)), SIZES[:1], n)
            with self.subTest(kind=kind.__name__, traced=True):
                traced = torch.jit.trace(make(kind), torch.randn(1, 3, *SIZES[0]))
                self.check(traced, SIZES[:1])

    def test_sizes_in_turn(self):
        self.check(torch.jit.script(make(Chain)), SIZES * 6)
        # More than are kept.
        self.check(torch.jit.script(make(Odd)),
                   [(32, 16 + 2 * i) for i in range(10)] + [(32, 16)])

    def test_no_convolution(self):
        _, done = self.run_blocked(torch.jit.script(make(Plain)), SIZES[:1])
        self.assertEqual(done.returncode, NO_CONVOLUTION, done.stderr.decode())


if __name__ == "__main__":
    if subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL).returncode == ABSENT:
        print("skipped: the shim was built without oneDNN, or the CPU has no AVX2")
        sys.exit(ABSENT)
    unittest.main(argv=sys.argv[:1])
