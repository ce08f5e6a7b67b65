"""Prints what a model finds in the frames of a file.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: detections.py MODEL IMAGE
"""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstTorchscript", "1.0")
from gi.repository import Gst, GstTorchscript  # noqa: E402


def print_detections(pad, info):
    """Called by the streaming thread for each frame that leaves torchscriptinfer."""
    meta = GstTorchscript.buffer_get_torchscript_detection_meta(info.get_buffer())
    for i in range(meta.get_n_detections()):
        d = meta.get_detection(i)
        print(f"{d.label}: {d.score:.2f} at {d.x1:.0f},{d.y1:.0f} to {d.x2:.0f},{d.y2:.0f}")
    return Gst.PadProbeReturn.OK


Gst.init(None)
pipeline = Gst.parse_launch(
    "filesrc name=file ! decodebin ! torchscriptinfer name=infer ! fakesink")
infer = pipeline.get_by_name("infer")
infer.set_property("model", sys.argv[1])
infer.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, print_detections)
pipeline.get_by_name("file").set_property("location", sys.argv[2])
pipeline.set_state(Gst.State.PLAYING)
message = pipeline.get_bus().timed_pop_filtered(
    Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
pipeline.set_state(Gst.State.NULL)
if message.type == Gst.MessageType.ERROR:
    sys.exit(message.parse_error()[0].message)
