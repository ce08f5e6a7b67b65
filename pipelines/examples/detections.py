"""Prints what a model finds in the frames of a file.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: detections.py MODEL IMAGE
"""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstTorchscript", "1.0")
from gi.repository import Gst, GstTorchscript  # noqa: E402

Gst.init(None)
pipeline = Gst.parse_launch(
    "filesrc name=file ! decodebin ! torchscriptinfer name=infer ! appsink name=sink sync=false")
pipeline.get_by_name("infer").set_property("model", sys.argv[1])
pipeline.get_by_name("file").set_property("location", sys.argv[2])
sink = pipeline.get_by_name("sink")
pipeline.set_state(Gst.State.PLAYING)

while (sample := sink.emit("pull-sample")) is not None:
    meta = GstTorchscript.buffer_get_torchscript_detection_meta(sample.get_buffer())
    for i in range(meta.get_n_detections()):
        d = meta.get_detection(i)
        print(f"{d.label}: {d.score:.2f} at {d.x1:.0f},{d.y1:.0f} to {d.x2:.0f},{d.y2:.0f}")

error = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
pipeline.set_state(Gst.State.NULL)
if error is not None:
    sys.exit(error.parse_error()[0].message)
