"""Classes, masks and raw tensors through the elements.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_answers.py DIRECTORY-OF-TEST-MODELS
"""
import json
import os
import shutil
import sys
import tempfile
import unittest

try:
    import numpy as np
    import gi
    gi.require_version('Gst', '1.0')
    gi.require_version('GstTorchscript', '1.0')
    from gi.repository import GLib, Gst, GstTorchscript
except (ImportError, ValueError) as missing:
    print('skipped:', missing)
    sys.exit(77)

MODELS = sys.argv[1]
WIDTH, HEIGHT = 96, 80


def frame(value=100):
    return np.full((HEIGHT, WIDTH, 3), value, np.uint8)


def run(elements, picture, add=lambda buf: None, caps='RGB'):
    """The buffer that comes out and its bytes."""
    pipeline = Gst.parse_launch(
        f'appsrc name=src caps=video/x-raw,format={caps},width={WIDTH},'
        f'height={HEIGHT},framerate=0/1 ! {elements} ! appsink name=sink')
    buf = Gst.Buffer.new_wrapped(picture.tobytes())
    add(buf)
    pipeline.set_state(Gst.State.PLAYING)
    pipeline.get_by_name('src').emit('push-buffer', buf)
    pipeline.get_by_name('src').emit('end-of-stream')
    sample = pipeline.get_by_name('sink').emit('pull-sample')
    pipeline.set_state(Gst.State.NULL)
    out = sample.get_buffer()
    return out, np.frombuffer(out.extract_dup(0, out.get_size()), np.uint8)


def draw(elements, add):
    return run(elements, frame(), add)[1].reshape(HEIGHT, WIDTH, 3).astype(int)


def add_mask(buf):
    """Four quarters of the classes 0 to 3, the right half of them beyond x = 72."""
    meta = GstTorchscript.buffer_add_torchscript_mask_meta(
        buf, 'm', WIDTH, HEIGHT, 4, 2, 2,
        [0, 1, 2, 3])
    meta.x, meta.width = 24, 96


def add_classes(buf):
    classes = [GstTorchscript.TorchscriptClassification.new(0.5, 3, 'dog "x"'),
               GstTorchscript.TorchscriptClassification.new(0.25, 9, None)]
    GstTorchscript.buffer_add_torchscript_classification_meta(buf, 'c', 4, classes)


class Masks(unittest.TestCase):
    def test_colours(self):
        solid = draw('detectionoverlay mask-opacity=1', add_mask)
        half = draw('detectionoverlay', add_mask)
        regions = {1: (slice(0, 40), slice(72, 96)), 2: (slice(40, 80), slice(24, 72)),
                   3: (slice(40, 80), slice(72, 96))}
        colours = set()
        for region in regions.values():
            colour = solid[region][0, 0]
            colours.add(tuple(colour))
            self.assertTrue((solid[region] == colour).all())
            self.assertLessEqual(np.abs(half[region] - (colour + 100) / 2).max(), 1)
        self.assertEqual(len(colours), 3)
        self.assertTrue((solid[:, :24] == 100).all())      # beyond the mask
        self.assertTrue((solid[:40, 24:72] == 100).all())  # the background

    def test_selection(self):
        only_two = draw('detectionoverlay classes=2', add_mask)
        self.assertTrue((only_two[:40] == 100).all())
        self.assertTrue((only_two[40:, 24:72] != 100).any(axis=2).all())
        self.assertTrue((only_two[40:, 72:] == 100).all())
        every = draw('detectionoverlay mask-background=-1', add_mask)
        self.assertTrue((every[:40, 24:72] != 100).any(axis=2).all())
        none = draw('detectionoverlay mask-opacity=0', add_mask)
        self.assertTrue((none == 100).all())

    def test_another_frame_size(self):
        def add(buf):
            GstTorchscript.buffer_add_torchscript_mask_meta(
                buf, 'm', WIDTH + 1, HEIGHT, 0, 1, 1,
                [1])
        self.assertTrue((draw('detectionoverlay', add) == 100).all())


class Classes(unittest.TestCase):
    def test_text_in_the_corner(self):
        drawn = draw('detectionoverlay font-size=12', add_classes) != 100
        self.assertTrue(drawn[:20, :60].any())
        self.assertFalse(drawn[30:].any())

    def test_selection(self):
        for elements in ('detectionoverlay min-score=0.6', 'detectionoverlay classes=1'):
            self.assertTrue((draw(elements, add_classes) == 100).all())
        both = draw('detectionoverlay font-size=12', add_classes)
        second = draw('detectionoverlay font-size=12 classes=9', add_classes)
        self.assertTrue((second != 100).any())
        self.assertTrue((second != both).any())


    def test_text_on_a_detection(self):
        def add(parent_id, buf):
            box = GstTorchscript.TorchscriptDetection.new(4, 50, 20, 60, 0.5, 1, 'x')
            GstTorchscript.buffer_add_torchscript_detection_meta(
                buf, 'd', WIDTH, HEIGHT, 0, [box])
            classes = [GstTorchscript.TorchscriptClassification.new(0.5, 3, 'dog')]
            meta = GstTorchscript.buffer_add_torchscript_classification_meta(
                buf, 'c', 0, classes)
            first = GstTorchscript.buffer_get_torchscript_detection_meta(buf)
            meta.parent_id = first.get_detection(0).id + parent_id
        drawn = {}
        for name, parent_id in (('its own', 0), ('no other', 1)):
            drawn[name] = draw('detectionoverlay font-size=12', lambda b, p=parent_id: add(p, b))
            self.assertTrue((drawn[name][:30] == 100).all())     # not of the frame
        wide, narrow = ((drawn[name] != 100).any(axis=(0, 2)).nonzero()[0].max()
                        for name in ('its own', 'no other'))
        self.assertGreater(wide, narrow + 15)


class Lines(unittest.TestCase):
    def write(self, *adders):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'lines')
            run(f'detectionjson location={path}', frame(),
                lambda buf: [add(buf) for add in adders])
            with open(path, encoding='utf-8') as file:
                return [json.loads(line) for line in file]

    def test_classes_and_mask(self):
        classes, mask = self.write(add_classes, add_mask)
        self.assertEqual(classes, {
            'result': 4, 'model': 'c', 'page': 1, 'source': None, 'pts': None,
            'classes': [{'class_id': 3, 'label': 'dog "x"', 'score': 0.5},
                        {'class_id': 9, 'label': None, 'score': 0.25}]})
        self.assertEqual(mask, {
            'result': 4, 'model': 'm', 'page': 1, 'source': None, 'pts': None,
            'width': WIDTH, 'height': HEIGHT,
            'mask': {'columns': 2, 'rows': 2, 'box': [24, 0, 120, 80],
                     'runs': [[0, 1], [1, 1], [2, 1], [3, 1]]}})


class Tensors(unittest.TestCase):
    def infer(self, model, properties, elements=''):
        path = os.path.join(MODELS, model)
        rng = np.random.default_rng(7)
        self.picture = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        self.buf, _ = run(f'torchscriptinfer model={path} device=cpu {properties}'
                          f'{elements}', self.picture)
        meta = GstTorchscript.buffer_get_torchscript_tensor_meta(self.buf)
        return meta and {t.get_name(): t for t in (
            meta.get_tensor(i) for i in range(meta.get_n_tensors()))}

    def values(self, tensor):
        self.mapped = tensor.get_data().map(Gst.MapFlags.READ).__enter__()
        return np.ndarray(tensor.get_shape(), np.float32, self.mapped.data,
                          strides=tensor.get_strides())

    def test_without_a_decoder(self):
        tensors = self.infer('tuple_output.pt', 'decoder=tensors', ' ! videoconvert'
                             ' ! video/x-raw,format=BGR')
        self.assertEqual(list(tensors), ['0', '1'])
        first, second = (self.values(t) for t in tensors.values())
        self.assertEqual(first.shape, (1, 3, 640, 640))
        np.testing.assert_array_equal(first, second / 2 + 1)
        self.assertIsNone(
            GstTorchscript.buffer_get_torchscript_detection_meta(self.buf))

    def test_nested_names(self):
        tensors = self.infer('nested_output.pt', 'decoder=tensors')
        self.assertEqual(sorted(tensors), ['0.0', '0.1', '1.-1.0', '1.3.0'])

    def test_beside_boxes(self):
        tensors = self.infer('boxes_e2e.pt', 'decoder=yolo-end2end '
                             'score-threshold=0 output-tensors=true')
        rows = self.values(tensors[''])[0]
        meta = GstTorchscript.buffer_get_torchscript_detection_meta(self.buf)
        scores = [meta.get_detection(i).score for i in range(meta.get_n_detections())]
        np.testing.assert_array_equal(scores, np.sort(rows[:, 4])[::-1])

    def test_only_if_asked(self):
        self.assertIsNone(self.infer('boxes_e2e.pt', 'decoder=yolo-end2end'))


class Inputs(unittest.TestCase):
    """identity.pt returns the input that the package asks for."""
    INFO = {'metadata.json': {'version': '1.0', 'name': 'm', 'repo_id': 'a/b',
                              'revision': '1', 'created_at': '2026-01-01T00:00:00Z',
                              'files': []},
            'model_info.json': {'model_type': 'm', 'repo_id': 'a/b',
                                'architecture_family': 'Vision',
                                'supported_backends': ['Tch']},
            'backends/tch/config.json': {},
            'postprocessor_config.json': {'decoder': 'tensors'}}

    def run_package(self, picture, **settings):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(f'{folder}/backends/tch')
            shutil.copy(f'{MODELS}/identity.pt', f'{folder}/backends/tch/model.pt')
            config = {'size': {'height': HEIGHT, 'width': WIDTH}, **settings}
            for name, content in {**self.INFO, 'preprocessor_config.json': config}.items():
                with open(f'{folder}/{name}', 'w', encoding='utf-8') as file:
                    json.dump(content, file)
            buf, _ = run(f'torchscriptinfer model={folder} device=cpu', picture)
        tensor = GstTorchscript.buffer_get_torchscript_tensor_meta(buf).get_tensor(0)
        data = tensor.get_data()
        return tensor, data.extract_dup(0, data.get_size())

    def expected(self, pixels, dtype):
        values = pixels.astype(np.float32) * np.float32(1 / 255)
        if dtype == 'bfloat16':  # the upper half, rounded to even
            bits = values.view(np.uint32)
            return ((bits + 0x7fff + (bits >> 16 & 1)) >> 16).astype(np.uint16)
        return pixels if dtype == 'uint8' else values.astype(dtype)

    def test_types_and_layouts(self):
        grey = np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 1), dtype=np.uint8)
        colour = np.random.default_rng(4).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        for dtype in ('float32', 'float16', 'bfloat16', 'uint8'):
            for layout in ('NCHW', 'NHWC'):
                for pixels, picture in ((grey, grey.repeat(3, 2)), (colour, colour)):
                    with self.subTest(dtype=dtype, layout=layout, n=pixels.shape[2]):
                        tensor, data = self.run_package(
                            picture, dtype=dtype, layout=layout,
                            num_channels=pixels.shape[2])
                        if layout == 'NCHW':
                            pixels = pixels.transpose(2, 0, 1)
                        self.assertEqual(tensor.get_dtype().value_nick, dtype)
                        self.assertEqual(tuple(tensor.get_shape()), (1, *pixels.shape))
                        self.assertEqual(data, self.expected(
                            np.ascontiguousarray(pixels), dtype).tobytes())


if __name__ == '__main__':
    Gst.init(None)
    unittest.main(argv=sys.argv[:1])
