"""An application in Python reads and writes detections.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import sys
import unittest

try:
    import gi
    gi.require_version('Gst', '1.0')
    gi.require_version('GstTorchscript', '1.0')
    from gi.repository import Gst, GstTorchscript
except (ImportError, ValueError) as missing:
    print('skipped:', missing)
    sys.exit(77)


def detection(label='title', score=0.5):
    return GstTorchscript.TorchscriptDetection.new(
        1.5, 2.25, 30, 40, score, 7, label)


def buffer_with(detections):
    buf = Gst.Buffer.new()
    GstTorchscript.buffer_add_torchscript_detection_meta(
        buf, 'model', 640, 480, 2 ** 40, detections)
    return buf


class Detections(unittest.TestCase):
    def test_reads_what_was_added(self):
        buf = buffer_with([detection(), detection(None, 0.25)])
        meta = GstTorchscript.buffer_get_torchscript_detection_meta(buf)
        self.assertEqual(meta.model_name, 'model')
        self.assertEqual((meta.frame_width, meta.frame_height), (640, 480))
        self.assertEqual(meta.result_number, 2 ** 40)
        self.assertEqual(meta.get_n_detections(), 2)
        first, second = meta.get_detection(0), meta.get_detection(1)
        self.assertEqual((first.x1, first.y1, first.x2, first.y2),
                         (1.5, 2.25, 30, 40))
        self.assertEqual((first.score, first.class_id, first.label),
                         (0.5, 7, 'title'))
        self.assertIsNone(second.label)
        self.assertEqual(second.score, 0.25)
        self.assertIsNone(meta.get_detection(2))

    def test_no_answer(self):
        self.assertIsNone(
            GstTorchscript.buffer_get_torchscript_detection_meta(
                Gst.Buffer.new()))

    def test_nothing_found(self):
        buf = buffer_with([])  # the meta lives as long as its buffer
        meta = GstTorchscript.buffer_get_torchscript_detection_meta(buf)
        self.assertEqual(meta.get_n_detections(), 0)

    def test_deep_copy_keeps_the_answer(self):
        copy = buffer_with([detection('figure')]).copy_deep()
        meta = GstTorchscript.buffer_get_torchscript_detection_meta(copy)
        self.assertEqual(meta.get_detection(0).label, 'figure')

    def run_through(self, elements):
        """Gives what is left of a frame of 8x8 behind some elements."""
        pipeline = Gst.parse_launch(
            'appsrc name=src format=time caps=video/x-raw,format=GRAY8,width=8,height=8,'
            'framerate=0/1 ! tee ! queue ! %s ! appsink name=sink' % elements)
        buf = Gst.Buffer.new_allocate(None, 64, None)
        GstTorchscript.buffer_add_torchscript_detection_meta(
            buf, 'm', 8, 8, 0,
            [GstTorchscript.TorchscriptDetection.new(2, 4, 6, 8, 1, 0, 'a')])
        pipeline.set_state(Gst.State.PLAYING)
        pipeline.get_by_name('src').emit('push-buffer', buf)
        sample = pipeline.get_by_name('sink').emit('pull-sample')
        pipeline.set_state(Gst.State.NULL)
        return sample.get_buffer()

    def test_scaled_by_a_pipeline(self):
        buf = self.run_through('videoscale ! video/x-raw,width=4,height=4')
        meta = GstTorchscript.buffer_get_torchscript_detection_meta(buf)
        box = meta.get_detection(0)
        self.assertEqual((box.x1, box.y1, box.x2, box.y2), (1, 2, 3, 4))

    def test_dropped_by_what_moves_the_picture(self):
        for element in ('videocrop left=2 top=2', 'videobox left=-4',
                        'videoflip video-direction=90l'):
            with self.subTest(element):
                buf = self.run_through(element)
                self.assertIsNone(
                    GstTorchscript.buffer_get_torchscript_detection_meta(buf))


if __name__ == '__main__':
    Gst.init(None)
    unittest.main()
