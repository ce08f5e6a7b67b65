"""Classes, masks and raw tensors, written and read by an application in Python.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import sys
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

Classification = GstTorchscript.TorchscriptClassification
Dtype = GstTorchscript.TorchscriptDtype
Tensor = GstTorchscript.TorchscriptTensor


def run_through(buf, elements, width=8, height=8):
    """Gives what is left of a grey frame behind some elements."""
    pipeline = Gst.parse_launch(
        f'appsrc name=src format=time caps=video/x-raw,format=GRAY8,width={width},'
        f'height={height},framerate=0/1 ! {elements} ! appsink name=sink')
    pipeline.set_state(Gst.State.PLAYING)
    pipeline.get_by_name('src').emit('push-buffer', buf)
    sample = pipeline.get_by_name('sink').emit('pull-sample')
    pipeline.set_state(Gst.State.NULL)
    return sample.get_buffer()


class Classes(unittest.TestCase):
    def make(self):
        buf = Gst.Buffer.new_allocate(None, 64, None)
        GstTorchscript.buffer_add_torchscript_classification_meta(
            buf, 'm', 3, [Classification.new(0.75, 7, 'cat'),
                          Classification.new(0.25, 1, None)]).parent_id = 11
        return buf

    def check(self, buf):
        meta = GstTorchscript.buffer_get_torchscript_classification_meta(buf)
        self.assertEqual((meta.model_name, meta.result_number, meta.parent_id),
                         ('m', 3, 11))
        self.assertEqual(meta.get_n_classes(), 2)
        first, second = meta.get_class(0), meta.get_class(1)
        self.assertEqual((first.score, first.class_id, first.label),
                         (0.75, 7, 'cat'))
        self.assertEqual((second.score, second.class_id, second.label),
                         (0.25, 1, None))
        self.assertIsNone(meta.get_class(2))

    def test_reads_what_was_added(self):
        self.check(self.make())
        self.check(self.make().copy_deep())
        self.assertIsNone(
            GstTorchscript.buffer_get_torchscript_classification_meta(
                Gst.Buffer.new()))

    def test_found_by_the_detection(self):
        buf = self.make()
        GstTorchscript.buffer_add_torchscript_classification_meta(
            buf, 'n', 4, [Classification.new(0.5, 2, 'dog')])
        find = GstTorchscript.buffer_get_torchscript_classification_meta_id
        self.assertEqual(find(buf, 11).model_name, 'm')
        self.assertEqual(find(buf, 0).model_name, 'n')
        self.assertIsNone(find(buf, 12))

    def test_kept_by_what_changes_the_picture(self):
        for elements in ('videoscale ! video/x-raw,width=5,height=3',
                         'videoconvert ! video/x-raw,format=RGB'):
            with self.subTest(elements):
                self.check(run_through(self.make(), elements))


class Masks(unittest.TestCase):
    CELLS = np.uint16([[0, 1, 2], [300, 4, 65535]])

    def make(self):
        buf = Gst.Buffer.new_allocate(None, 64, None)
        meta = GstTorchscript.buffer_add_torchscript_mask_meta(
            buf, 'm', 8, 8, 5, 3, 2, self.CELLS.ravel().tolist())
        meta.x, meta.y, meta.width, meta.height = -2, 0, 12, 8
        meta.parent_id = 12
        return buf

    def test_reads_what_was_added(self):
        buf = self.make().copy_deep()
        meta = GstTorchscript.buffer_get_torchscript_mask_meta(buf)
        self.assertEqual((meta.frame_width, meta.frame_height), (8, 8))
        self.assertEqual((meta.columns, meta.rows), (3, 2))
        cells = np.frombuffer(meta.get_classes().get_data(), np.uint16)
        np.testing.assert_array_equal(cells.reshape(2, 3), self.CELLS)

    def test_class_at(self):
        buf = self.make()
        meta = GstTorchscript.buffer_get_torchscript_mask_meta(buf)
        for x, y, expected in ((0.5, 0.5, 0), (1.9, 0.5, 0), (2.1, 0.5, 1),
                               (7.9, 7.9, 65535), (-2, 4.1, 300), (-2.1, 1, -1),
                               (5, 8, -1), (5, -0.1, -1)):
            self.assertEqual(meta.get_class_at(x, y), expected, (x, y))

    def test_scaled_with_the_frame(self):
        buf = run_through(self.make(), 'videoscale ! video/x-raw,width=4,height=4')
        meta = GstTorchscript.buffer_get_torchscript_mask_meta(buf)
        self.assertEqual((meta.frame_width, meta.frame_height), (4, 4))
        self.assertEqual((meta.x, meta.y, meta.width, meta.height), (-1, 0, 6, 4))
        self.assertEqual(meta.parent_id, 12)
        self.assertEqual((meta.columns, meta.rows), (3, 2))
        self.assertEqual(meta.get_class_at(3.9, 3.9), 65535)

    def test_dropped_by_what_moves_the_picture(self):
        for elements in ('videocrop left=2 top=2', 'videoflip video-direction=90l',
                         'videoscale ! video/x-raw,width=4,height=8,'
                         'pixel-aspect-ratio=1/1'):
            with self.subTest(elements):
                self.assertIsNone(GstTorchscript.buffer_get_torchscript_mask_meta(
                    run_through(self.make(), elements)))


def to_numpy(tensor):
    """A view of the tensor's own memory, and what keeps it mapped."""
    dtype = {Dtype.FLOAT32: np.float32, Dtype.INT64: np.int64}[tensor.get_dtype()]
    info = tensor.get_data().map(Gst.MapFlags.READ).__enter__()
    return np.ndarray(tensor.get_shape(), dtype, info.data,
                      strides=tensor.get_strides()), info


class Tensors(unittest.TestCase):
    VALUES = np.arange(24, dtype=np.float32).reshape(2, 3, 4)

    def make(self):
        buf = Gst.Buffer.new_allocate(None, 64, None)
        data = Gst.Buffer.new_wrapped(self.VALUES.tobytes())
        count = Gst.Buffer.new_wrapped(np.int64(9).tobytes())
        GstTorchscript.buffer_add_torchscript_tensor_meta(buf, 'm', 2, [
            Tensor.new('a.0', Dtype.FLOAT32, [2, 3, 4], data),
            Tensor.new('count', Dtype.INT64, [], count)]).parent_id = 13
        return buf

    def test_reads_what_was_added(self):
        buf = self.make()
        meta = GstTorchscript.buffer_get_torchscript_tensor_meta(buf)
        self.assertEqual((meta.model_name, meta.result_number, meta.parent_id),
                         ('m', 2, 13))
        self.assertEqual(meta.get_n_tensors(), 2)
        tensor = meta.get_tensor(0)
        self.assertEqual(tensor.get_name(), 'a.0')
        self.assertEqual(tensor.get_shape(), [2, 3, 4])
        self.assertEqual(tensor.get_strides(), [48, 16, 4])
        np.testing.assert_array_equal(to_numpy(tensor)[0], self.VALUES)
        self.assertEqual(to_numpy(meta.get_tensor(1))[0].item(), 9)
        self.assertIsNone(meta.get_tensor(2))

    def test_impossible_shapes(self):
        """Products that overflow, or of two negative sizes, would fit the bytes."""
        data = Gst.Buffer.new_wrapped(bytes(4))
        for shape in ([-1], [2], [-1, -1], [2 ** 62, 4], [0, 2 ** 62, 2 ** 62]):
            with self.subTest(shape), self.assertRaises(TypeError):
                Tensor.new('x', Dtype.FLOAT32, shape, data)

    def test_copies_share_one_memory(self):
        first = self.make()
        second = first.copy_deep()
        views = [to_numpy(GstTorchscript.buffer_get_torchscript_tensor_meta(
            buf).get_tensor(0))[0] for buf in (first, second)]
        addresses = [v.__array_interface__['data'][0] for v in views]
        self.assertEqual(addresses[0], addresses[1])
        self.assertFalse(views[0].flags.owndata)

    def test_outlives_its_buffer(self):
        buf = self.make()
        meta = GstTorchscript.buffer_get_torchscript_tensor_meta(buf)
        tensor = meta.get_tensor(0)
        del meta, buf
        np.testing.assert_array_equal(to_numpy(tensor)[0], self.VALUES)

    def test_kept_by_whatever_changes_the_picture(self):
        for elements in ('videoscale ! video/x-raw,width=5,height=3',
                         'videocrop left=2', 'videoconvert ! video/x-raw,format=RGB'):
            with self.subTest(elements):
                out = run_through(self.make(), elements)
                meta = GstTorchscript.buffer_get_torchscript_tensor_meta(out)
                self.assertEqual((meta.get_n_tensors(), meta.parent_id), (2, 13))


if __name__ == '__main__':
    Gst.init(None)
    unittest.main()
