"""Brokers that a test starts and stops, on a free port of the loopback device.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import pathlib
import shutil
import socket
import subprocess
import sys
import time


def need(*programs):
    """Skips the whole test if a broker is not installed."""
    for program in programs:
        if shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
            print(f"skipped: {program} is not installed")
            sys.exit(77)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A server process that listens on self.port."""

    def __init__(self, command, folder):
        self.command = [str(c) for c in command]
        self.folder = pathlib.Path(folder)
        self.process = None

    def start(self, port):
        self.port = port
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        for _ in range(200):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError((self.folder / "server.log").read_text())

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None
