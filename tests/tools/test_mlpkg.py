# test_mlpkg.py - the mlpkg tool on modules that PyTorch makes
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test_mlpkg.py MLPKG MODELS EXAMPLE-OP-LIB
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

import numpy as np
import torch

from packagetest import Detector, safetensors

MLPKG, MODELS, OP_LIB = sys.argv[1:]
MODELS = pathlib.Path(MODELS)
DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "mlpkg-tool.md"


class Tool(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.top = pathlib.Path(directory.name)
        torch.manual_seed(1)
        self.net = Detector().eval()

    def call(self, *arguments, status=0):
        run = subprocess.run([MLPKG, *map(str, arguments)], capture_output=True,
                             text=True, cwd=self.top)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run.stderr if status else run.stdout

    def answer(self, *arguments, status=0):
        run = subprocess.run([MLPKG, *map(str, arguments), "--json"], text=True,
                             capture_output=True, cwd=self.top)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return json.loads(run.stdout)

    def save(self, name="net.pt"):
        torch.jit.script(self.net).save(str(self.top / name))
        return name

    def write_self_test(self):
        rng = np.random.default_rng(0)
        image = rng.integers(0, 256, (1, 3, 64, 64), dtype=np.uint8)
        with torch.no_grad():
            expected = self.net(torch.from_numpy(image).float() / 255).numpy()
        np.save(self.top / "input.npy", image)
        np.save(self.top / "expected.npy", expected)
        return ["--self-test-input", "input.npy", "--self-test-expected", "expected.npy"]

    def create(self, *arguments):
        (self.top / "names.txt").write_text("red\ngreen\n")
        self.call("create", self.save(), "net.mlpkg", "--decoder", "yolo-end2end",
                  "--size", "64x64", "--labels", "names.txt", *arguments)

    def test_usage(self):
        self.assertIn("mlpkg validate", self.call("--help"))
        for arguments in ([], ["frob"], ["info"], ["info", "a", "b"],
                          ["info", "--frob", "a"], ["bench", "-n", "x", "a"]):
            self.call(*arguments, status=2)
        self.assertEqual(self.answer("info", status=2)["error"]["code"], "usage")

    def test_create(self):
        self.create("--license", "MIT", "--repo-id", "a/b", "--score-threshold", "0.5")
        root = self.top / "net.mlpkg"
        metadata = json.loads((root / "metadata.json").read_text())
        files = {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}
        self.assertEqual(set(metadata["files"]), files - {"metadata.json"})
        for name, digest in metadata["sha256"].items():
            self.assertEqual(hashlib.sha256((root / name).read_bytes()).hexdigest(),
                             digest)
        self.assertEqual(metadata["license"], "MIT")
        info = self.answer("info", "net.mlpkg")
        self.assertEqual(info["labels"], ["red", "green"])
        self.assertEqual((info["input"]["width"], info["input"]["height"]), (64, 64))
        self.assertEqual(info["output"]["decoder"], "yolo-end2end")
        self.assertEqual(info["output"]["score_threshold"], 0.5)

    def test_roles(self):
        self.create("--output", "boxes=0.boxes, scores=1")
        info = self.answer("info", "net.mlpkg")
        self.assertEqual(info["output"]["roles"], {"boxes": "0.boxes", "scores": "1"})

    def test_reproducible(self):
        os.environ["SOURCE_DATE_EPOCH"] = "86400"
        self.addCleanup(os.environ.pop, "SOURCE_DATE_EPOCH")
        self.save()
        for name in ("a.mlpkg", "b.mlpkg"):
            self.call("create", "net.pt", name, "--name", "n", "--repo-id", "n/n")
        texts = [(self.top / name / "metadata.json").read_bytes()
                 for name in ("a.mlpkg", "b.mlpkg")]
        self.assertIn(b"1970-01-02T00:00:00Z", texts[0])
        self.assertEqual(*texts)

    def test_create_errors(self):
        self.save()
        cases = [(["net.pt", "net"], "ends in .mlpkg"),
                 (["nowhere.pt", "a.mlpkg"], "nowhere.pt"),
                 (["net.pt", "a.mlpkg", "--decoder", "yolo"], "yolo-end2end"),
                 (["net.pt", "a.mlpkg", "--resize", "zoom"], '"letterbox", "stretch"'),
                 (["net.pt", "a.mlpkg", "--size", "64"], "WIDTHxHEIGHT"),
                 (["net.pt", "a.mlpkg", "--device", "gpu"], "cuda:N"),
                 (["net.pt", "a.mlpkg", "--score-threshold", "2"], "0 to 1"),
                 (["net.pt", "a.mlpkg", "--score-threshold", "-0.5"], "0 to 1"),
                 (["net.pt", "a.mlpkg", "--iou-threshold", "-1"], "0 to 1"),
                 (["net.pt", "a.mlpkg", "--max-detections", "-3"], "is -3"),
                 (["net.pt", "a.mlpkg", "--size-divisor", "-4"], "is -4"),
                 (["net.pt", "a.mlpkg", "--self-test-input", "/dev/null",
                   "--self-test-expected", "/dev/null"], "special file"),
                 (["net.pt", "a.mlpkg", "--weights", "net.pt"], "safetensors"),
                 (["net.pt", "a.mlpkg", "--self-test-input", "x.npy"], "both"),
                 ([MODELS / "checkpoint.pt", "a.mlpkg"], "pickled checkpoint")]
        for arguments, word in cases:
            self.assertIn(word, self.call("create", *arguments, status=1))
        self.assertEqual([p.name for p in self.top.iterdir()], ["net.pt"])
        self.call("create", "net.pt", "a.mlpkg")
        self.assertIn("exists", self.call("create", "net.pt", "a.mlpkg", status=1))

    def test_pack(self):
        self.create()
        self.call("pack", "net.mlpkg", "one.mlpkg")
        with zipfile.ZipFile(self.top / "one.mlpkg") as archive:
            self.assertIsNone(archive.testzip())
            files = {name: archive.read(name) for name in archive.namelist()}
        root = self.top / "net.mlpkg"
        self.assertEqual(files, {str(p.relative_to(root)): p.read_bytes()
                                 for p in root.rglob("*") if p.is_file()})
        self.call("unpack", "one.mlpkg", "again.mlpkg")
        again = self.top / "again.mlpkg"
        self.assertEqual(files, {str(p.relative_to(again)): p.read_bytes()
                                 for p in again.rglob("*") if p.is_file()})
        one, many = self.answer("info", "one.mlpkg"), self.answer("info", "net.mlpkg")
        self.assertEqual(one.pop("form"), "package in one file")
        self.assertEqual(many.pop("form"), "package directory")
        del one["model"], many["model"]
        self.assertEqual(one, many)

    def test_pack_errors(self):
        self.create()
        self.call("pack", "net.mlpkg", "one.mlpkg")
        self.call("pack", "net.mlpkg", "one.mlpkg", status=1)
        self.call("unpack", "one.mlpkg", "net.mlpkg", status=1)
        self.assertIn("unpack it", self.call("pack", "one.mlpkg", "b", status=1))
        self.call("pack", self.top, "b", status=1)
        self.call("unpack", "net.pt", "d", status=0)  # any archive without traps
        for name, word in ((b"bad\xff", "UTF-8"), (b"a\\b", "leads out")):
            odd = self.top / "net.mlpkg" / os.fsdecode(name)
            odd.write_text("x")
            self.assertIn(word, self.call("pack", "net.mlpkg", "b", status=1))
            odd.unlink()
        (self.top / "net.mlpkg/link").symlink_to("/etc/passwd")
        self.assertIn("link", self.call("pack", "net.mlpkg", "b", status=1))
        with zipfile.ZipFile(self.top / "bad.mlpkg", "w") as archive:
            archive.writestr("a", "1")
            archive.writestr("../b", "2")
        self.call("unpack", "bad.mlpkg", "bad", status=1)
        self.assertEqual({p.name for p in self.top.iterdir()},
                         {"net.mlpkg", "net.pt", "names.txt", "one.mlpkg", "d",
                          "bad.mlpkg"})

    def test_validate(self):
        self.create(*self.write_self_test())
        report = self.answer("validate", "net.mlpkg")
        module, state = report["module"], self.net.state_dict()
        count = sum(p.numel() for p in self.net.parameters())
        self.assertEqual(module["parameters"], count)
        self.assertEqual(module["buffers"], sum(b.numel() for b in self.net.buffers()))
        self.assertEqual(module["bytes"], sum(t.numel() * t.element_size()
                                              for t in state.values()))
        self.assertEqual(module["methods"], ["forward(Tensor x) -> Tensor"])
        self.assertTrue({"aten::sigmoid", "aten::batch_norm"}
                        <= set(module["operators"]))
        self.assertEqual(report["self_test_result"], "passed")
        self.assertIn("libtorch", report["run"]["runtime"])
        self.assertGreater(report["run"]["peak_memory_bytes"], 10 << 20)
        self.assertIn("self test result: passed", self.call("validate", "net.mlpkg"))
        report = self.answer("validate", "net.pt")
        self.assertEqual(report["self_test_result"], "not run")

    def test_self_test_refuses(self):
        arguments = self.write_self_test()
        expected = np.load(self.top / "expected.npy")
        expected[0, 1, 4] += 0.1
        np.save(self.top / "expected.npy", expected)
        self.create(*arguments)
        error = self.call("validate", "net.mlpkg", status=1)
        self.assertIn("1 of 12 numbers", error)
        self.assertIn("first number 10", error)
        expected = expected[:, :1]
        np.save(self.top / "net.mlpkg/selftest/expected.npy", expected)
        metadata = self.top / "net.mlpkg/metadata.json"
        content = json.loads(metadata.read_text())
        del content["sha256"]
        metadata.write_text(json.dumps(content))
        self.assertIn("[1, 2, 6], expected [1, 1, 6]",
                      self.call("validate", "net.mlpkg", status=1))
        np.save(self.top / "net.mlpkg/selftest/expected.npy", expected.astype("f8"))
        self.assertIn("little-endian float32",
                      self.call("validate", "net.mlpkg", status=1))

    def test_self_test_of_rows(self):
        """In another order, as when two scores are nearly the same."""
        arguments = self.write_self_test()
        np.save(self.top / "expected.npy", np.load(self.top / "expected.npy")[:, ::-1])
        self.create(*arguments)
        self.assertEqual(self.answer("validate", "net.mlpkg")["self_test_result"],
                         "passed")

    def test_weights(self):
        """Weights of another network: the answer becomes that network's."""
        self.save()
        torch.manual_seed(2)
        self.net = Detector().eval()
        self.net.norm.running_mean += 0.3
        arguments = self.write_self_test()
        state = {k: v.numpy() for k, v in self.net.state_dict().items()}
        state["conv.bias"] = state["conv.bias"].astype("f8")
        path = self.top / "w.safetensors"
        path.write_bytes(safetensors(state))
        common = ["--decoder", "yolo-end2end", "--size", "64x64", *arguments]
        self.call("create", "net.pt", "with.mlpkg", "--weights", path, *common)
        self.call("create", "net.pt", "without.mlpkg", *common)
        self.assertEqual(self.answer("validate", "with.mlpkg")["self_test_result"],
                         "passed")
        self.assertIn("answers differently",
                      self.call("validate", "without.mlpkg", status=1))
        self.answer("validate", "without.mlpkg", "--weights", path)
        del state["norm.bias"]
        state["conv.weight"] = state["conv.weight"][:6]
        path.write_bytes(safetensors(state))
        error = self.call("validate", "without.mlpkg", "--weights", path, status=1)
        for word in (str(path), "missing: norm.bias", "conv.weight is [6, 3, 3, 3]"):
            self.assertIn(word, error)
        path.write_bytes(safetensors({}))
        self.assertIn("missing: conv.weight",
                      self.call("validate", "without.mlpkg", "--weights", path, status=1))

    def test_custom_ops(self):
        path = MODELS / "custom_op.pt"
        error = self.call("validate", path, status=1)
        for word in (str(path), "shim_example::scale", "custom-op-libs"):
            self.assertIn(word, error)
        report = self.answer("validate", path, "--custom-op-libs", f" {OP_LIB}, ,")
        self.assertEqual(report["module"]["operators"], ["shim_example::scale"])

    def test_device_constants(self):
        report = self.answer("validate", MODELS / "traced_device.pt")
        self.assertEqual(report["module"]["device_constants"], ["cpu"])

    def test_bench(self):
        self.create()
        report = self.answer("bench", "net.mlpkg", "-n", 5, "--width", 80,
                             "--height", 60)
        self.assertEqual(report["frames"], 5)
        self.assertLessEqual(report["min_ms"], report["median_ms"])
        self.assertLessEqual(report["median_ms"], report["max_ms"])
        self.assertAlmostEqual(report["frames_per_second"] * report["mean_ms"], 1000,
                               delta=20)
        self.assertIn("--runs", self.call("bench", "net.mlpkg", "-n", 0, status=1))

    def test_docs(self):
        """Every command that the tool's page shows works."""
        self.save("detector.pt")
        (self.top / "names.txt").write_text("red\ngreen\n")
        script = DOCS.read_text().split("```sh\n")[1].split("```")[0]
        path = f"{pathlib.Path(MLPKG).parent}:{os.environ['PATH']}"
        run = subprocess.run(["sh", "-e", "-c", script], text=True, cwd=self.top,
                             capture_output=True, env=dict(os.environ, PATH=path))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(script.count("\nmlpkg") + 1, 7)
        self.assertIn('"form" : "package in one file"', run.stdout)

    def test_full_disk(self):
        self.create()
        with open("/dev/full", "w") as full:
            run = subprocess.run([MLPKG, "info", "net.mlpkg"], cwd=self.top, text=True,
                                 stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(run.returncode, 1)
        self.assertIn("No space left", run.stderr)

    def test_any_bytes(self):
        """A file's name may be no UTF-8; the answer is JSON still."""
        message = self.answer("info", os.fsdecode(b"no\xff.pt"), status=1)
        self.assertIn("no\ufffd.pt", message["error"]["message"])

    def test_error_codes(self):
        error = self.answer("info", "nowhere.mlpkg", status=1)["error"]
        self.assertEqual(error["code"], "not-found")
        self.assertIn("nowhere.mlpkg", error["message"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
