"""The checkpoint reader: what it reads, and what it refuses.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import copy
import io
import os
import pickle
import tempfile
import unittest
import zipfile
from pathlib import Path

from common import (FINE_PX, NO_SHARED, REFERENCE_PX, REFERENCE_SHARE, SHARED,
                    blocks_image, has_shared, np, reference_answers, torch,
                    with_statistics)
from upstream import write_checkpoint

from doclayout.checkpoint import read_checkpoint
from doclayout.network import SCALES, doclayout, yolov10
from doclayout.unpickle import Archive, CheckpointError, interpret

LABELS = ["Caption", "Text", "Table", "List-item", "Picture"]


class Call:
    """Pickles as a call of a function with arguments."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def literal(module, name, *args):
    """A pickle that calls module.name on texts, by the opcodes of protocol 0."""
    body = b"".join(b"X" + len(a.encode()).to_bytes(4, "little") + a.encode()
                    for a in args)
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n(" + body + b"tR."


def stack_global(module, name, *args):
    """The same by STACK_GLOBAL, which allows dotted names."""
    def text(a):
        return b"X" + len(a.encode()).to_bytes(4, "little") + a.encode()
    return (b"\x80\x04" + text(module) + text(name) + b"\x93("
            + b"".join(map(text, args)) + b"tR.")


class Temporary(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.canary = Path(self.directory.name) / "canary"
        self.path = str(Path(self.directory.name) / "checkpoint.pt")

    def write(self, data):
        with zipfile.ZipFile(self.path, "w") as archive:
            archive.writestr("x/data.pkl", data)

    def refuse(self, data, *expected):
        self.write(data)
        with self.assertRaises(CheckpointError) as caught:
            read_checkpoint(self.path)
        for text in (self.path, *expected):
            self.assertIn(text, str(caught.exception))
        self.assertLess(len(str(caught.exception)), 500 + len(self.path))
        self.assertFalse(self.canary.exists(), "the pickle was executed")


class Malicious(Temporary):
    def test_the_canary_would_sing(self):
        pickle.loads(pickle.dumps(Call(os.system, f"touch {self.canary}")))
        self.assertTrue(self.canary.exists())

    def test_calls_of_every_protocol(self):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            for function, args, name in (
                    (os.system, (f"touch {self.canary}",), f"{os.name}.system"),
                    (open, (str(self.canary), "w"), "open"),
                    (eval, (f"open({str(self.canary)!r}, 'w')",), "eval"),
                    (exec, (f"open({str(self.canary)!r}, 'w')",), "exec"),
                    (__import__, ("antigravity",), "__import__"),
                    (getattr, (os, "system"), "getattr")):
                if function is getattr:
                    data = pickle.dumps(Call(getattr, "os", "system"), protocol)
                else:
                    data = pickle.dumps(Call(function, *args), protocol)
                self.refuse(data, name)

    def test_nested_in_a_checkpoint(self):
        deep = {"model": [{"ema": (Call(os.system, f"touch {self.canary}"),)}]}
        self.refuse(pickle.dumps(deep, 2), "posix.system")

    def test_names_that_only_resemble_allowed_ones(self):
        for module, name in (
                ("os", "system"), ("subprocess", "Popen"), ("torch", "load"),
                ("torch.hub", "load"), ("torch.jit", "load"), ("torch", "nn"),
                ("torch.serialization", "load"), ("numpy", "load"),
                ("numpy.testing._private.utils", "runstring"),
                ("doclayout_yolo.nn.tasks", "attempt_load_weights"),
                ("doclayout_yolo.utils.downloads", "safe_download"),
                ("dill._dill", "_create_function"), ("dill._dill", "_import_module"),
                ("dill._dill", "_create_code"), ("dill", "loads"),
                ("_codecs", "decode"), ("codecs", "encode"),
                ("dill._dill", "_create_type"), ("dill._dill", "_get_attr"),
                ("torch.storage", "_load_from_bytes"), ("torch.package", "PackageImporter"),
                ("torch._utils", "_rebuild_from_type_v2"), ("torch._utils", "_import_dotted_name"),
                ("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"),
                ("builtins", "getattr"), ("__builtin__", "eval"), ("builtins", "compile"),
                ("operator", "attrgetter"), ("functools", "partial"),
                ("importlib", "import_module"), ("runpy", "_run_code"), ("pty", "spawn"),
                ("types", "FunctionType"), ("ctypes", "CDLL"), ("pickle", "loads"),
                ("collections", "namedtuple"), ("copyreg", "_reconstructor")):
            self.refuse(literal(module, name, "a"), f"{module}.{name}")

    def test_dotted_names(self):
        for name in ("Sequential.__init__", "Sequential.forward.__globals__"):
            self.refuse(stack_global("torch.nn.modules.container", name, "a"),
                        f"torch.nn.modules.container.{name}")

    def test_persistent_ids_that_are_no_storage(self):
        def text(a):
            return b"X" + len(a).to_bytes(4, "little") + a
        for pid in (b"cposix\nsystem\n", b"(" + text(b"storage") + b"cposix\nsystem\n"
                    + text(b"0") + text(b"cpu") + b"K\4t"):
            self.refuse(b"\x80\x02" + pid + b"Q.", "posix.system")
        self.refuse(b"\x80\x02" + text(b"0") + b"Q.", "no tensor storage")

    def test_calls_of_what_was_made(self):
        """Of an object, of a text, of what a call gave: only named classes are called."""
        for made in (b"ctorch.nn.modules.container\nSequential\n)\x81",
                     b"X\x02\x00\x00\x00os", b"}"):
            self.refuse(b"\x80\x02" + made + b")R.", "no named class")

    def test_other_entries_are_not_read(self):
        """Pickles beside data.pkl, and names that lead out of the directory."""
        with zipfile.ZipFile(self.path, "w") as archive:
            evil = pickle.dumps(Call(os.system, f"touch {self.canary}"))
            for name in ("x/more.pkl", "data.pkl", "x/code/data.pkl", "x/data/0",
                         "../data/0", str(self.canary)):
                archive.writestr(name, evil)
            archive.writestr("x/data.pkl", b"\x80\x02}.")
        with self.assertRaisesRegex(CheckpointError, "expected a training checkpoint"):
            read_checkpoint(self.path)
        self.assertFalse(self.canary.exists())

    def test_misuse_of_what_is_allowed(self):
        self.refuse(literal("dill._dill", "_load_type", "CodeType"), "'CodeType'")
        self.refuse(literal("dill._dill", "_load_type", "type"), "'type'")
        self.refuse(literal("_codecs", "encode", "a", "rot13"), "'rot13'")
        self.refuse(literal("torch._utils", "_rebuild_parameter", "a"),
                    "_rebuild_parameter")
        self.refuse(literal("torch", "FloatStorage", "a"), "torch.FloatStorage")

    def test_opcodes_that_no_checkpoint_needs(self):
        self.refuse(b"(S'touch x'\nios\nsystem\n.", "STRING")
        self.refuse(b"(X\x01\x00\x00\x00aios\nsystem\n.", "os.system")
        self.refuse(b"\x82\x01.", "EXT1")
        self.refuse(b"S" + b"x" * 5000 + b"\n.", "pickle is damaged: no string quotes")

    def test_build_reaches_no_class(self):
        # Setting the state of a class would change it for everybody.
        self.refuse(b"ctorch.nn.modules.container\nSequential\n"
                    b"}X\x01\x00\x00\x00aNsb.", "sets the state of a Global")


class Damaged(Temporary):
    def test_pickles(self):
        whole = pickle.dumps({"model": [1, 2, (3, "x")]}, 2)
        for size in range(len(whole)):
            self.refuse(whole[:size], "")
        self.refuse(b"\x80\x02}.", "'ema' or 'model'")
        self.refuse(pickle.dumps([], 2), "expected a training checkpoint")

    def test_random_pickles(self):
        rng = np.random.default_rng(0)
        for _ in range(2000):
            data = rng.integers(0, 256, rng.integers(1, 60), np.uint8).tobytes()
            try:
                interpret(data + b".")
            except CheckpointError:
                pass

    def test_files(self):
        Path(self.path).write_bytes(b"not a zip")
        with self.assertRaisesRegex(CheckpointError, "no checkpoint of PyTorch"):
            Archive(self.path)
        with self.assertRaisesRegex(CheckpointError, "No such file"):
            Archive(self.path + ".absent")
        torch.jit.save(torch.jit.script(torch.nn.Identity()), self.path)
        with self.assertRaisesRegex(CheckpointError, "TorchScript already"):
            Archive(self.path)

    def tensor_pickle(self, offset, shape, stride):
        stands_for_it = object()

        class Pickler(pickle.Pickler):
            def persistent_id(self, value):
                if value is stands_for_it:
                    return "storage", torch.FloatStorage, "0", "cpu", 4

        data = io.BytesIO()
        call = Call(torch._utils._rebuild_tensor_v2, stands_for_it, offset, shape,
                    stride, False, None)
        Pickler(data, 2).dump(call)
        return data.getvalue()

    def test_tensors_outside_their_storage(self):
        interpret(self.tensor_pickle(0, (2, 2), (2, 1)))
        for case in ((1, (2, 2), (2, 1)), (0, (2, 2), (3, 1)), (-1, (2,), (1,)),
                     (0, (2,), (-1,)), (0, (2, 2), (1,)), (0, (1 << 40,), (1,))):
            self.refuse(self.tensor_pickle(*case), "does not lie within")

    def test_tensors_that_repeat_their_storage(self):
        """They may be attributes, but as weights a small file would fill the memory."""
        self.write(self.tensor_pickle(0, (1 << 40,), (0,)))
        archive = Archive(self.path)
        with self.assertRaisesRegex(CheckpointError, "repeats the 4 elements"):
            archive.tensor(archive.data)

    def test_storages_of_another_size(self):
        self.write(self.tensor_pickle(0, (4,), (1,)))
        with zipfile.ZipFile(self.path, "a") as archive:
            archive.writestr("x/data/0", b"\0" * 12)
        archive = Archive(self.path)
        with self.assertRaisesRegex(CheckpointError, "12 bytes, expected 16"):
            archive.tensor(archive.data)


class Variants(Temporary):
    @classmethod
    def setUpClass(cls):
        torch.manual_seed(2)
        cls.network = with_statistics(doclayout(0.33, 0.125, 512, nc=5))

    def check(self, network, family, labels=LABELS, **options):
        write_checkpoint(self.path, network, labels, **options)
        found = read_checkpoint(self.path)
        self.assertEqual(found.labels, labels)
        self.assertEqual(found.family, family)
        self.assertEqual(found.imgsz, options.get("imgsz", 1024))
        expected, state = network.state_dict(), found.network.state_dict()
        self.assertEqual(list(state), list(expected))
        for key, value in expected.items():
            rounded = value.half().float() if value.is_floating_point() else value
            self.assertTrue(torch.equal(state[key], rounded), key)
        image = blocks_image(1, 64, 96)
        rounded = network.half().float()
        with torch.no_grad():
            self.assertTrue(torch.equal(found.network(image), rounded(image)))

    def test_ema_in_place_of_model(self):
        self.check(self.network, "doclayout-yolo", ema=True)

    def test_pickled_loss(self):
        self.check(self.network, "doclayout-yolo", with_loss=True)

    def test_saved_with_dill(self):
        self.check(self.network, "doclayout-yolo", dill=True)

    def test_numpy_scalars(self):
        self.check(self.network, "doclayout-yolo", numpy=True, imgsz=1600)

    def test_newer_pickle_protocols(self):
        self.check(self.network, "doclayout-yolo", protocol=5, numpy=True)

    def test_float32_storage(self):
        network = doclayout(0.33, 0.125, 512, nc=5)
        write_checkpoint(self.path, network, LABELS, half=False)
        state = read_checkpoint(self.path).network.state_dict()
        for key, value in network.state_dict().items():
            self.assertTrue(torch.equal(state[key], value), key)

    def test_doclayout_of_every_size(self):
        labels = [f"class {i}" for i in range(27)]  # as many as D4LA's
        for depth, width, most in SCALES.values():
            network = doclayout(depth, width / 8, most, nc=len(labels)).eval()
            self.check(network, "doclayout-yolo", labels, dill=True, with_loss=True,
                       numpy=True, imgsz=1600)

    def test_yolov10_of_every_size(self):
        for size in SCALES:
            depth, width, most = SCALES[size]
            scale = depth, width / 8, most  # narrow, to be quick
            self.check(yolov10(size, nc=5, scale=scale).eval(), "yolov10",
                       package="ultralytics")

    def fails(self, change, *expected):
        write_checkpoint(self.path, self.network, LABELS, change=change)
        with self.assertRaises(CheckpointError) as caught:
            read_checkpoint(self.path)
        for text in (self.path, *expected):
            self.assertIn(text, str(caught.exception))

    def test_tensors_too_many(self):
        def change(network):
            network.model[9].cv1.bn.register_buffer("extra", torch.zeros(3))
        self.fails(change, "unknown: model.9.cv1.bn.extra (3,)")

    def test_tensors_missing(self):
        def change(network):
            del network.model[9].cv2.bn
            network.model[6].m[0].dilated_block.dcv.bn.weight = None
        self.fails(change, "missing: model.9.cv2.bn.running_var (64,)",
                   "missing: model.6.m.0.dilated_block.dcv.bn.weight")

    def test_tensors_of_another_shape(self):
        def change(network):
            network.model[2].cv1.bn.running_mean = torch.zeros(7)
        self.fails(change, "shape: model.2.cv1.bn.running_mean is (7,), expected (16,)")

    def test_other_behaviour(self):
        def stride(network):
            network.model[2].cv1.conv.stride = (2, 2)
        self.fails(stride, "model.2.cv1.conv has stride = (2, 2), expected (1, 1)")

        def activation(network):
            network.model[0].act = torch.nn.Identity()
        self.fails(activation, "model.0.act is Identity, expected SiLU")

        def topology(network):
            network.model[12].f = [-1, 4]
        self.fails(topology, "not connected")

        def dilations(network):
            network.model[4].m[0].dilated_block.fuse = "sum"
        self.fails(dilations, "fuse = 'sum', expected 'glu'")

    def test_other_batch_norm_eps_is_taken_over(self):
        def change(network):
            network.model[0].bn.eps = 1e-5
        write_checkpoint(self.path, self.network, LABELS, change=change)
        self.assertEqual(read_checkpoint(self.path).network.model[0].bn.eps, 1e-5)

    def test_labels_must_fit(self):
        write_checkpoint(self.path, self.network, LABELS[:4])
        with self.assertRaisesRegex(CheckpointError, "classes 0 to 4"):
            read_checkpoint(self.path)


@unittest.skipUnless(has_shared(), NO_SHARED)
class Fixture(unittest.TestCase):
    """nd_io.npz to 1e-4 in score and 1e-2 px, but for the reference's own roundings."""

    @classmethod
    def setUpClass(cls):
        path = SHARED / "doclayout" / "nd_checkpoint.pt"
        cls.network = read_checkpoint(str(path)).network

    def errors(self, network, image, expected):
        with torch.no_grad():
            answer = network(image).numpy()
        difference = np.abs(answer - expected)
        self.assertLess(difference[:, 4:].max(), 1e-4)
        return difference[:, :4]

    def test_in_float32(self):
        for size, image, expected, _ in reference_answers():
            errors = self.errors(self.network, image, expected)
            self.assertLess(errors.max(), REFERENCE_PX, size)
            self.assertLess((errors > FINE_PX).mean(), REFERENCE_SHARE, size)

    def test_in_float64(self):
        """The roundings left are the reference's: 0.0129 and 0.0152 px at most."""
        network = copy.deepcopy(self.network).double()
        for size, image, expected, _ in reference_answers():
            errors = self.errors(network, image.double(), expected)
            self.assertLess(errors.max(), 0.016, size)
            self.assertLess((errors > 1e-2).mean(), 2e-4, size)


if __name__ == "__main__":
    unittest.main()
