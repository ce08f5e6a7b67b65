"""Takes frames and their detections out of a pipeline as NumPy arrays.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: appsink.py MODEL IMAGE
"""
import sys

import gi
import numpy

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstTorchscript", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import Gst, GstApp, GstTorchscript, GstVideo  # noqa: E402, F401

DETECTION = numpy.dtype([("box", "f4", 4), ("score", "f4"), ("class_id", "i4"),
                         ("label", object)])


def read_detections(buffer):
    """A record for each detection, best score first; boxes are x1, y1, x2, y2 in pixels."""
    meta = GstTorchscript.buffer_get_torchscript_detection_meta(buffer)
    found = map(meta.get_detection, range(meta.get_n_detections()))
    return numpy.array([((d.x1, d.y1, d.x2, d.y2), d.score, d.class_id, d.label)
                        for d in found], DETECTION)


def read_pixels(buffer, caps):
    """The frame as [height, width, 3], RGB; a copy, as the buffer goes back."""
    info = GstVideo.VideoInfo.new_from_caps(caps)
    ok, view = buffer.map(Gst.MapFlags.READ)
    try:
        rows = numpy.frombuffer(view.data, numpy.uint8, info.height * info.stride[0])
        rows = rows.reshape(info.height, info.stride[0])[:, :info.width * 3]
        return rows.reshape(info.height, info.width, 3).copy()
    finally:
        buffer.unmap(view)


def main(model, image):
    Gst.init(None)
    pipeline = Gst.parse_launch(
        "filesrc name=file ! decodebin ! videoconvert ! video/x-raw,format=RGB"
        " ! torchscriptinfer name=infer ! appsink name=sink sync=false")
    pipeline.get_by_name("infer").set_property("model", model)
    pipeline.get_by_name("file").set_property("location", image)
    pipeline.set_state(Gst.State.PLAYING)
    sink = pipeline.get_by_name("sink")
    while (sample := sink.emit("pull-sample")) is not None:
        detections = read_detections(sample.get_buffer())
        pixels = read_pixels(sample.get_buffer(), sample.get_caps())
        for d in detections[detections["score"] > 0.5]:
            x1, y1, x2, y2 = d["box"].round().astype(int).clip(0)
            print(f"{d['label']}: {d['score']:.2f} at {x1},{y1} to {x2},{y2}, "
                  f"brightness {pixels[y1:y2, x1:x2].mean():.1f}")
    message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    if message is not None:
        sys.exit(message.parse_error()[0].message)


main(*sys.argv[1:])
