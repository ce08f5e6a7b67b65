"""Runs a pipeline and serves the numbers of its models to Prometheus.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: metrics.py [--address ADDRESS] [--port PORT] PIPELINE
The pipeline is written as for gst-launch-1.0. The first line printed is the address of
the numbers, in Prometheus' text format. Ctrl-C ends the stream, and a second one stops
at once.
"""
import argparse
import http.server
import os
import resource
import signal
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

STAGES = ("map", "tensor", "upload", "wait", "forward", "decode", "attach")
OUTCOMES = ("answered", "skipped", "reused", "failed")
QUANTILES = {"p50": "0.5", "p95": "0.95", "p99": "0.99"}
CLIENT_SECONDS = 5
END_SECONDS = 5


def write_labels(labels):
    def escape(text):
        return str(text).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

    text = ",".join(f'{name}="{escape(value)}"' for name, value in labels.items())
    return "{" + text + "}" if text else ""


class Families:
    """Samples by their metric, as each must stand together under one heading."""

    def __init__(self):
        self.families = {}

    def add(self, name, kind, text, value, suffix="", **labels):
        lines = self.families.setdefault(
            name, [f"# HELP {name} {text}", f"# TYPE {name} {kind}"])
        lines.append(f"{name}{suffix}{write_labels(labels)} {value}")

    def add_times(self, name, text, times, **labels):
        """A structure of nanoseconds as a summary in seconds."""
        n = times.get_value("n")
        for part, quantile in QUANTILES.items():
            seconds = times.get_value(part) / 1e9 if n else "NaN"
            self.add(name, "summary", text, seconds, **labels, quantile=quantile)
        self.add(name, "summary", text, times.get_value("mean") * n / 1e9, "_sum", **labels)
        self.add(name, "summary", text, n, "_count", **labels)

    def to_text(self):
        return "".join("\n".join(lines) + "\n" for lines in self.families.values())


def add_frames(families, element, stats):
    families.add("torchscript_frames_in_total", "counter", "Frames that came.",
                 stats.get_value("in"), element=element)
    for outcome in OUTCOMES:
        families.add("torchscript_frames_total", "counter", "Frames by what became of them.",
                     stats.get_value(outcome), element=element, outcome=outcome)
    for stage in STAGES:
        families.add_times("torchscript_stage_seconds", "Time of each step of a frame.",
                           stats.get_value(stage), element=element, stage=stage)
    families.add_times("torchscript_latency_seconds",
                       "From a frame's coming in to its answer.",
                       stats.get_value("latency"), element=element)
    families.add("torchscript_queued_frames", "gauge", "Frames inside the element.",
                 stats.get_value("queued"), element=element)
    sizes = stats.get_value("batch-sizes")
    for i in range(sizes.n_fields()):
        size = sizes.nth_field_name(i)
        families.add("torchscript_batched_frames_total", "counter",
                     "Frames by the size of their batch.", sizes.get_value(size),
                     element=element, size=size)


def add_model(families, element, stats):
    if not stats.has_field("model"):
        return
    families.add("torchscript_model_info", "gauge", "What the element runs.", 1,
                 element=element, **{name: stats.get_value(name) for name in
                                     ("model", "device", "precision", "runtime")})
    for field, text in (("model-number", "How often the model was changed."),
                        ("users", "Elements that share the model."),
                        ("lanes", "Threads that run the model."),
                        ("waiting", "Frames of all elements that wait for the model."),
                        ("threads", "Threads of the CPU for one forward pass."),
                        ("weight-bytes", "Memory of the model's weights."),
                        ("device-bytes", "Memory of the device, of all models.")):
        if stats.has_field(field):
            name = "torchscript_" + field.replace("-", "_")
            families.add(name, "gauge", text, stats.get_value(field), element=element)


def add_process(families):
    usage = resource.getrusage(resource.RUSAGE_SELF)
    with open("/proc/self/statm") as statm:
        pages = int(statm.read().split()[1])
    families.add("process_resident_memory_bytes", "gauge", "Resident memory.",
                 pages * resource.getpagesize())
    families.add("process_open_fds", "gauge", "Open file descriptors.",
                 len(os.listdir("/proc/self/fd")))
    families.add("process_cpu_seconds_total", "counter", "Time of processors.",
                 usage.ru_utime + usage.ru_stime)


def find_elements(pipeline):
    found = []
    pipeline.iterate_recurse().foreach(found.append)
    return [element for element in found if element.get_factory() is not None
            and element.get_factory().get_name() == "torchscriptinfer"]


def collect(pipeline):
    families = Families()
    for element in find_elements(pipeline):
        stats = element.get_property("stats")
        add_frames(families, element.get_name(), stats)
        add_model(families, element.get_name(), stats)
    add_process(families)
    return families.to_text()


def make_server(address, port, pipeline):
    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = CLIENT_SECONDS

        def do_GET(self):
            if self.path.partition("?")[0] != "/metrics":
                self.send_error(404, "the numbers are at /metrics")
                return
            body = collect(pipeline).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    # One client after the other: whoever asks, it is one thread.
    return http.server.HTTPServer((address, port), Handler)


class Player:
    def __init__(self, pipeline):
        self.pipeline, self.loop, self.error = pipeline, GLib.MainLoop(), None
        self.is_ending = False
        bus = pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::eos", lambda *_: self.loop.quit())
        bus.connect("message::error", self.on_error)
        for number in (signal.SIGINT, signal.SIGTERM):
            GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, self.on_signal)

    def on_error(self, bus, message):
        error, detail = message.parse_error()
        self.error = f"{message.src.get_name()}: {error.message}"
        self.loop.quit()

    def on_signal(self):
        if self.is_ending:
            self.loop.quit()
        self.is_ending = True
        self.pipeline.send_event(Gst.Event.new_eos())
        GLib.timeout_add_seconds(END_SECONDS, self.loop.quit)
        return GLib.SOURCE_CONTINUE

    def run(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)


def main():
    parser = argparse.ArgumentParser(description="serves the numbers of a pipeline's models")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9464, help="0: any that is free")
    parser.add_argument("pipeline", nargs="+", help="as for gst-launch-1.0")
    options = parser.parse_args()
    Gst.init(None)
    try:
        pipeline = Gst.parse_launch(" ".join(options.pipeline))
        server = make_server(options.address, options.port, pipeline)
    except (GLib.Error, OSError) as error:
        sys.exit(str(error))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    print(f"http://{options.address}:{server.server_port}/metrics", flush=True)
    player = Player(pipeline)
    player.run()
    server.shutdown()
    thread.join()
    server.server_close()
    sys.exit(player.error)


if __name__ == "__main__":
    main()
