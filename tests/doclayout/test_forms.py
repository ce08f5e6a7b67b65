"""The forms a checkpoint file comes in: converted rightly, or refused with a reason.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import collections
import contextlib
import copy
import io
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import unittest
import warnings
import zipfile
from pathlib import Path
from unittest import mock

from common import np, torch, with_statistics
from upstream import upstream_classes, upstream_model

from doclayout import convert
from doclayout.checkpoint import Description, read_checkpoint
from doclayout.network import doclayout
from doclayout.unpickle import Archive, CheckpointError

LABELS = ["Caption", "Text", "Table", "List-item", "Picture"]


def run_convert(*args):
    """convert.py in this process: its exit status and what it wrote to stderr."""
    errors = io.StringIO()
    with mock.patch.object(sys, "argv", ["convert.py", *map(str, args)]), \
            contextlib.redirect_stderr(errors), \
            contextlib.redirect_stdout(io.StringIO()):
        return convert.main(), errors.getvalue()


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        torch.manual_seed(4)
        cls.network = with_statistics(doclayout(0.33, 0.0625, 256, nc=len(LABELS)))

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = str(Path(directory.name) / "checkpoint.pt")
        self.output = Path(directory.name) / "x.mlpkg"

    def write(self, edit=None, arrange=None, half=True, **options):
        """edit changes the pickled model, arrange makes the file's dict of it."""
        with upstream_classes("doclayout_yolo") as classes:
            model = upstream_model(self.network, LABELS, classes, half=half)
            if edit:
                edit(model)
            data = arrange(model) if arrange else {"model": model}
            torch.save(data, self.path, **options)

    def rewrite(self, change):
        """Puts what change(entries) makes of the zip's entries in their place."""
        with zipfile.ZipFile(self.path) as archive:
            entries = {n: archive.read(n) for n in archive.namelist()}
        with zipfile.ZipFile(self.path, "w") as archive:
            for name, data in change(entries).items():
                archive.writestr(name, data)

    def check_converts(self, rounding=torch.float16):
        found = read_checkpoint(self.path)
        state = found.network.state_dict()
        for key, value in self.network.state_dict().items():
            if value.is_floating_point():
                value = value.to(rounding).float()
            self.assertTrue(torch.equal(state[key], value), key)
        return found

    def check_refused(self, *words):
        """By the tool: one message, no traceback, no package."""
        status, message = run_convert(self.path, "-o", self.output)
        self.assertEqual(status, 1)
        self.assertTrue(message.startswith(f"convert.py: {self.path}: "), message)
        self.assertLess(len(message.splitlines()[0]), 500 + len(self.path))
        for word in words:
            self.assertIn(word, message)
        self.assertFalse(self.output.exists())


class Arrangements(Files):
    def test_keys_of_the_file(self):
        for arrange in (lambda m: {"model": m}, lambda m: {"ema": m},
                        lambda m: {"ema": m, "model": None},
                        lambda m: {"ema": None, "model": m, "more": [1, {"x": (2,)}]}):
            self.write(arrange=arrange)
            self.check_converts()

    def test_ema_goes_before_model(self):
        def both(model):
            other = copy.deepcopy(model)
            for parameter in other.parameters():
                parameter.data.zero_()
            return {"model": other, "ema": model}
        self.write(arrange=both)
        self.check_converts()

    def test_not_stripped(self):
        """With the optimizer's state, as D4LA's is."""
        def arrange(model):
            optimizer = torch.optim.AdamW(model.parameters(), lr=0.0)
            for parameter in model.parameters():
                if parameter.is_floating_point():
                    parameter.grad = torch.zeros_like(parameter)
            optimizer.step()
            return {"ema": model, "model": None, "updates": 9,
                    "optimizer": optimizer.state_dict(),
                    "best_fitness": np.float64(0.7), "train_results": {"epoch": [1, 2]}}
        self.write(arrange=arrange, half=False)
        self.check_converts(torch.float32)

    def test_storage_types(self):
        for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
            self.write(lambda m, d=dtype: m.to(d), half=False)
            self.check_converts(dtype)

    def test_channels_last(self):
        self.write(lambda m: m.to(memory_format=torch.channels_last))
        self.check_converts()

    def test_protocols(self):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            self.write(lambda m: setattr(m, "more", [{1}, frozenset([2])]),
                       pickle_protocol=protocol)
            self.check_converts()

    def test_attributes_that_nobody_knows(self):
        def edit(model):
            model.more = {"a": [1, (2.5, None)], (1, "b"): b"c", "n": np.float32(3)}
            model.view = torch.ones(1).expand(5)
            model.model[4].m[0].history = collections.OrderedDict(x=torch.ones(2, 3).T)
            model.model[0].conv.weight.mark = "x"
        self.write(edit)
        self.check_converts()

    def test_buffers_that_are_no_state(self):
        def edit(model):
            model.model[0].register_buffer("cache", torch.ones(2), persistent=False)
        self.write(edit)
        self.check_converts()

    def test_big_endian(self):
        self.write()
        description = Description(Archive(self.path))
        lazy = [*description.state.values(), description.model.state["stride"]]
        kinds = {f"/data/{v.storage.key}": v.storage.dtype for v in lazy}

        def swap(entries):
            root = next(iter(entries)).split("/")[0]
            for key, kind in kinds.items():
                numbers = np.frombuffer(entries[root + key], kind)
                entries[root + key] = numbers.byteswap().tobytes()
            return {**entries, f"{root}/byteorder": b"big"}

        self.rewrite(swap)
        self.check_converts()


class Settings(Files):
    def described(self, **options):
        self.write(**options)
        return Description(Archive(self.path))

    def test_names(self):
        by_text = {str(i): name for i, name in enumerate(LABELS)}
        backwards = dict(reversed(list(enumerate(LABELS))))
        for names in (LABELS, tuple(LABELS), by_text, backwards,
                      collections.OrderedDict(enumerate(LABELS))):
            found = self.described(edit=lambda m, n=names: setattr(m, "names", n))
            self.assertEqual(found.labels(5), LABELS)

    def test_names_that_are_numbers(self):
        found = self.described(edit=lambda m: setattr(m, "names", [0, 10, 20, 30, 40]))
        self.assertEqual(found.labels(5), ["0", "10", "20", "30", "40"])

    def test_names_that_name_nothing(self):
        for names in (None, "abcde", LABELS[:4], LABELS + ["x"], {}, [[n] for n in LABELS],
                      [None] * 5, ["\ud800"] * 5, {i + 1: n for i, n in enumerate(LABELS)},
                      [1 << 20000] * 5):
            found = self.described(edit=lambda m, n=names: setattr(m, "names", n))
            with self.assertRaisesRegex(CheckpointError, "each of the classes 0 to 4"):
                found.labels(5)

    def test_size(self):
        for said, expected in ((640, 640), ([1120, 800], 1120), ((1600,), 1600),
                               (640.0, 1024), (True, 1024), (None, 1024), ([], 1024),
                               (10 ** 9, 1024), (-1, 1024), ("640", 1024)):
            found = self.described(
                arrange=lambda m, s=said: {"model": m, "train_args": {"imgsz": s}})
            self.assertEqual(found.imgsz(), expected, said)


class OtherNetworks(Files):
    """What would compute something else must not pass silently."""

    def check_edit(self, edit, *words):
        self.write(edit)
        self.check_refused(*words)

    def test_tensors_beside_the_network(self):
        self.check_edit(lambda m: m.register_buffer("extra", torch.ones(2)),
                        "unknown: extra (2,)")
        self.check_edit(lambda m: setattr(m, "aux", torch.nn.Conv2d(1, 2, 3)),
                        "unknown: aux.weight (2, 1, 3, 3)", "unknown: aux.bias (2,)")

    def test_integers_for_weights(self):
        def edit(model):
            model.model[0].bn.running_mean = torch.zeros(8, dtype=torch.int64)
        self.check_edit(edit, "type: model.0.bn.running_mean is <i8, expected torch.float32")

    def test_fused(self):
        def edit(model):
            for block in model.modules():
                if hasattr(block, "bn") and hasattr(block, "conv"):
                    block.conv.bias = torch.nn.Parameter(block.bn.bias.data)
                    del block.bn
        self.check_edit(edit, "fused", "missing: model.0.bn.weight (8,)",
                        "unknown: model.0.conv.bias (8,)")

    def test_training_wrapper(self):
        self.write(arrange=lambda m: {"model": torch.nn.DataParallel(m)})
        self.check_refused("names torch.nn.parallel.data_parallel.DataParallel")

    def test_settings_of_modules(self):
        for edit, *words in (
                (lambda m: setattr(m[2].cv1.conv, "padding_mode", "reflect"),
                 "padding_mode = 'reflect', expected 'zeros'"),
                (lambda m: setattr(m[9].m, "ceil_mode", True), "ceil_mode = True"),
                (lambda m: setattr(m[9].m, "dilation", 2), "dilation = 2, expected 1"),
                (lambda m: setattr(m[12], "d", 2), "d = 2, expected 1"),
                (lambda m: setattr(m[23], "stride", torch.tensor([4.0, 8.0, 16.0])),
                 "strides (4.0, 8.0, 16.0), expected (8, 16, 32)"),
                (lambda m: setattr(m[0].conv, "stride", (2.0, 2.0)), "(2.0, 2.0)"),
                (lambda m: setattr(m[0].conv, "stride", 1 << 20000), "a huge integer"),
                (lambda m: setattr(m[0].bn, "eps", "x"), "eps = 'x'"),
                (lambda m: setattr(m[0].bn, "eps", float("nan")), "eps = nan")):
            self.check_edit(lambda model, e=edit: e(model.model), *words)

    def test_modules_that_are_missing(self):
        def rename(model):
            modules = model.model._modules
            model.model._modules = type(modules)(
                ("five" if k == "5" else k, v) for k, v in modules.items())
        self.check_edit(rename, "its module model.5 is missing")
        self.check_edit(lambda m: m.model._modules.pop("5"), "23 modules, expected 24")
        self.check_edit(lambda m: m.model._modules.pop("23"), "23 modules, expected 24")
        self.check_edit(lambda m: setattr(m.model[2], "m", torch.nn.ModuleList()),
                        "model.2 holds blocks of the class missing")
        self.check_edit(lambda m: delattr(m.model[23], "one2one_cv3"),
                        "model.23.one2one_cv3.0.2.weight is missing")

    def test_modules_inside_each_other(self):
        def edit(model):
            inner = torch.nn.Sequential()
            for _ in range(12):
                inner = torch.nn.Sequential(*[inner] * 12)
            model.model[0].more = inner
        self.check_edit(edit, "more than 10000 modules")

    def test_state_that_is_no_dict(self):
        def edit(model):
            model.model[0].conv.__dict__["_parameters"] = [1]
        self.check_edit(edit, "Conv2d", "_parameters that are [1]")


class OtherFiles(Files):
    def check_bytes(self, data, *words):
        Path(self.path).write_bytes(data)
        self.check_refused(*words)

    def test_no_checkpoint(self):
        for arrange, word in (
                (lambda m: m, "holds doclayout_yolo.nn.tasks.YOLOv10DetectionModel"),
                (lambda m: m.state_dict(), "a state_dict"),
                (lambda m: {"model": m.state_dict()}, "a state_dict"),
                (lambda m: {"weights": m, 5: 1}, "the keys 'weights', 5"),
                (lambda m: {f"key {i}": i for i in range(99)}, "'key 11' and 87 more"),
                (lambda m: [m], "holds a list"), (lambda m: torch.ones(2), "LazyTensor")):
            self.write(arrange=arrange)
            self.check_refused(word, "expected a training checkpoint")

    def test_before_zip(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes whose source it does not find
            self.write(_use_new_zipfile_serialization=False)
        self.check_refused("before 1.6", "save it again with a current PyTorch")

    def test_what_a_download_leaves(self):
        self.write()
        whole = Path(self.path).read_bytes()
        self.check_bytes(whole[:len(whole) // 2], "cut off or damaged", "download it again")
        self.check_bytes(b"", "is empty", "download it again")
        self.check_bytes(b"<!DOCTYPE html>", "starts with b'<!DOCTYPE html>'")
        self.check_bytes(b"version https://git-lfs.github.com/spec/v1\noid",
                         "starts with b'version https://git-lfs", "LFS pointer")

    def test_damaged_entry(self):
        self.write()
        whole = bytearray(Path(self.path).read_bytes())
        with zipfile.ZipFile(self.path) as archive:
            info = max(archive.infolist(), key=lambda i: i.file_size * ("/data/" in i.filename))
        whole[info.header_offset + 300] ^= 1
        self.check_bytes(whole, f"entry {info.filename.split('/', 1)[1]} is damaged")

    def test_entries_gone_short_or_compressed(self):
        self.write()
        self.rewrite(lambda e: {n: d for n, d in e.items() if not n.endswith("/data/3")})
        self.check_refused("its entry data/3 is missing")
        self.write()
        self.rewrite(lambda e: {n: d[:-2] if n.endswith("/data/3") else d
                                for n, d in e.items()})
        self.check_refused("its entry data/3 has")
        with zipfile.ZipFile(self.path) as archive:
            entries = {n: archive.read(n) for n in archive.namelist()}
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in entries.items():
                archive.writestr(name, data)
        self.check_refused("is compressed")

    def test_encrypted(self):
        self.write()
        whole = bytearray(Path(self.path).read_bytes())
        at = whole.find(b"PK\1\2")
        whole[at + 8] |= 1  # the flag in the directory
        whole[6] |= 1  # and in the entry's own header
        self.check_bytes(whole, "is damaged", "encrypted")

    def test_byte_order_of_nobody(self):
        self.write()
        self.rewrite(lambda e: {**e, next(iter(e)).split("/")[0] + "/byteorder": b"middle"})
        self.check_refused("byteorder is b'middle', expected little or big")

    def test_torchscript(self):
        torch.jit.save(torch.jit.script(torch.nn.Identity()), self.path)
        self.check_refused("TorchScript already")

    def test_weights_that_are_no_numbers(self):
        self.write(lambda m: m.model[0].conv.weight.data.fill_(float("nan")))
        status, message = run_convert(self.path, "-o", self.output)
        self.assertEqual((status, self.output.exists()), (1, False))
        self.assertIn("NaN", message)

    def test_names_are_printed_on_one_line(self):
        with zipfile.ZipFile(self.path, "w") as archive:
            archive.writestr("x/data.pkl", b"\x80\x04\x8c\x02os\x8c\x0ba\x1b[2J\nc" + b"d" * 4
                             + b"\x93.")
        self.check_refused("os.a\\x1b[2J\\ncdddd")


class Output(Files):
    def convert(self, **options):
        return subprocess.run([sys.executable, convert.__file__, self.path, "-o",
                               str(self.output)], capture_output=True, text=True,
                              check=False, **options)

    def test_names_beyond_the_locale(self):
        """A terminal that cannot show them is no reason to fail."""
        self.write(lambda m: setattr(m, "names", ["图", "表", "题", "文", "式"]))
        done = self.convert(env={**os.environ, "PYTHONIOENCODING": "ascii"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("\\u56fe, \\u8868", done.stdout)
        self.assertIn("图", (self.output / "backends/tch/config.json").read_text())

    def test_full_disk(self):
        self.write()

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        done = self.convert(preexec_fn=limit)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(f"{self.output}: cannot be written: ", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertEqual([p.name for p in self.output.parent.iterdir()],
                         ["checkpoint.pt"])


if __name__ == "__main__":
    unittest.main()
