"""The way to Kafka that docs/formats.md shows, with kcat.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_kafka.py TESTS PUSH_FRAMES SOURCE_ROOT

Debian has no Kafka broker; librdkafka brings a mock cluster, which acknowledges
messages as a broker does. What arrives cannot be read back from it.
"""
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, sys.argv[1] + "/publish")
import broker
import frames

PUSH_FRAMES = sys.argv[2]
DOCS = pathlib.Path(sys.argv[3]) / "docs" / "formats.md"


def documented_command():
    return re.search(r"\| (kcat -P .*)\n", DOCS.read_text()).group(1).split()


def publish(*settings):
    """kcat's exit status, not 0 if a message was not acknowledged."""
    writer = frames.start(PUSH_FRAMES, 50, "d", "detectionjson location=-")
    kcat = subprocess.run([*documented_command(), *settings], stdin=writer.stdout, timeout=60,
                          stderr=subprocess.DEVNULL)
    writer.stdout.close()
    writer.wait()
    return kcat.returncode


class Kafka(unittest.TestCase):
    def test_the_documented_command(self):
        self.assertEqual(publish("-X", "test.mock.num.brokers=1"), 0)

    def test_a_broker_that_is_not_there(self):
        self.assertNotEqual(publish("-b", "127.0.0.1:1", "-X", "message.timeout.ms=500"), 0)


if __name__ == "__main__":
    broker.need("kcat")
    unittest.main(argv=sys.argv[:1])
