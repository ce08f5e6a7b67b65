"""detectionreplay: what is attached again, and what is said of files that are wrong.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import json
import pathlib
import subprocess
import tempfile
import unittest

WIDTH, HEIGHT, FRAME_NS = 64, 48, 40_000_000


def detection(label="table", score=0.75, box=(1.5, 2, 30.25, 40), class_id=5):
    return {"class_id": class_id, "label": label, "score": score, "box": list(box)}


def line(number, *detections, **fields):
    return dict({"result": number, "model": "m", "pts": number * FRAME_NS, "width": WIDTH,
                 "height": HEIGHT, "detections": list(detections)}, **fields)


class Replay(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.file = self.dir / "in.json"

    def run_pipeline(self, *options, flags=("-q",)):
        return subprocess.run(
            ["gst-launch-1.0", *flags, "videotestsrc", "num-buffers=4", "!",
             f"video/x-raw,width={WIDTH},height={HEIGHT},framerate=25/1", "!",
             "detectionreplay", *options, "!", "detectionjson", f"location={self.dir}/out",
             "!", "fakesink"], text=True, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def replay(self, text, *options):
        """What detectionjson writes of the frames that `text` was replayed onto."""
        self.file.write_text(text)
        done = self.run_pipeline(f"location={self.file}", *options)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        return [json.loads(entry) for entry in (self.dir / "out").read_text().splitlines()]

    def check(self, written, expected):
        """Each line has what was expected of it, whatever else it has."""
        def common(entry, like):
            return {key: [common(d, w) for d, w in zip(entry[key], like[key])]
                    if key == "detections" else entry[key] for key in like}
        self.assertEqual(len(written), len(expected))
        for entry, like in zip(written, expected):
            self.assertEqual(len(entry["detections"]), len(like["detections"]))
            self.assertEqual(common(entry, like), like)

    def fail_to_replay(self, text, message):
        self.file.write_text(text)
        done = self.run_pipeline(f"location={self.file}")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(message, done.stdout)

    def test_lines(self):
        lines = [line(0, detection(), detection(None, 0.5)), line(1), line(1, model="other"),
                 line(3, detection("Überschrift \"1\"", 0.1, (0, 0, 64, 48), 0))]
        self.check(self.replay("\n".join(json.dumps(entry) for entry in lines)), lines)

    def test_objects_without_class_number_or_score(self):
        """As others attach them; COCO has no place for the first."""
        lines = [line(0, detection("cat", None, class_id=-1), detection("dog", 0.5))]
        self.check(self.replay(json.dumps(lines[0]), "!", "detectionjson", "format=coco",
                               f"location={self.dir}/coco"), lines)
        results = json.loads((self.dir / "coco").read_text())
        self.assertEqual([(r["category_id"], r["score"]) for r in results], [(5, 0.5)])

    def test_what_detections_are_to_each_other(self):
        caption = dict(detection("caption"), id=7001, parent_id=7002, track_id=3, order=2,
                       relation="caption_of")
        lines = [line(0, caption, dict(detection(), id=7002, order=1))]
        self.check(self.replay(json.dumps(lines[0])), lines)

    def test_order_of_the_file_does_not_matter_between_frames(self):
        lines = [line(2, detection()), line(0, model="a"), line(0, model="b")]
        self.check(self.replay("\n\n".join(json.dumps(entry) for entry in lines) + "\n"),
                   lines[1:] + lines[:1])

    def test_page_is_counted_from_one(self):
        written = self.replay(json.dumps(line(9, detection(), page=3)))
        self.check(written, [line(9, detection(), pts=2 * FRAME_NS)])

    def test_by_time(self):
        lines = [line(7, detection(), pts=2 * FRAME_NS), line(0, pts=5), line(1, pts=None)]
        written = self.replay("\n".join(json.dumps(entry) for entry in lines), "match=time")
        self.check(written, lines[:1])

    def test_coco_results(self):
        written = self.replay(json.dumps([
            {"image_id": 3, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.25},
            {"image_id": 1, "category_id": 0, "bbox": [0, 0, 10, 20], "score": 0.5},
            {"image_id": 3, "category_id": 2, "bbox": [5, 6, 7, 8], "score": 0.75}], indent=1))
        self.check(written, [
            line(0, detection(None, 0.5, (0, 0, 10, 20), 0), model="coco"),
            line(2, detection(None, 0.75, (5, 6, 12, 14), 2),
                 detection(None, 0.25, (1, 2, 4, 6), 1), model="coco")])

    def test_coco_data_set(self):
        for indent in None, 2:
            written = self.replay(json.dumps({
                "images": [{"id": 17, "file_name": "a.png", "width": WIDTH, "height": HEIGHT},
                           {"id": 4, "file_name": "b.png"}],
                "categories": [{"id": 3, "name": "figure"}],
                "annotations": [{"id": 1, "image_id": 4, "category_id": 3, "iscrowd": 0,
                                 "bbox": [1, 2, 3, 4]}]}, indent=indent))
            self.check(written, [line(0, model="coco"), line(
                1, detection("figure", 1, (1, 2, 4, 6), 3), model="coco")])

    def test_other_answers_are_counted(self):
        self.file.write_text(json.dumps(line(0, detection())) + '\n{"result":0,"mask":{}}\n')
        done = self.run_pipeline(f"location={self.file}", flags=())
        self.assertEqual(done.returncode, 0)
        self.assertIn("1 lines hold classes or masks", done.stdout)

    def test_errors_name_the_line(self):
        good = json.dumps(line(0, detection())) + "\n"
        no_box = detection()
        del no_box["box"]
        for bad, message in (
                ("{", "in.json:2: is no valid JSON"),
                ("[]", "in.json:2: holds []"),
                ('{"detections":7}', 'in.json:2: "detections" is 7'),
                ('{"result":-1,"detections":[]}', 'in.json:2: "result" is -1'),
                (json.dumps(line(0, detection(), 5)), 'in.json:2: "detections[1].'),
                (json.dumps(line(0, detection(box=(1, 2, 3)))),
                 'in.json:2: "detections[0].box" is [1,2,3], expected four numbers'),
                (json.dumps(line(0, no_box)), 'in.json:2: "detections[0].box"'),
                (json.dumps(line(0, dict(detection(), relation="of"))),
                 'in.json:2: "detections[0].relation" is "of"'),
                (json.dumps(line(0, dict(detection(), class_id=2 ** 64 - 1))),
                 'in.json:2: holds the integer 18446744073709551615'),
                (json.dumps(line(0, detection(score=2))),
                 'in.json:2: "detections[0].score" is 2')):
            with self.subTest(bad=bad):
                self.fail_to_replay(good + bad + "\n", message)

    def test_errors_name_the_place_in_coco(self):
        result = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.25}
        for bad, message in (
                ([result, dict(result, bbox=[1])], '"annotations[1].bbox" is [1]'),
                ([dict(result, image_id=0)], '"annotations[0].image_id" is 0, expected the'),
                ({"images": [], "annotations": [result]}, '"annotations[0].image_id" is 1'),
                ({"images": [{}], "annotations": []}, '"images[0].id"')):
            with self.subTest(bad=bad):
                self.fail_to_replay(json.dumps(bad, indent=1), message)
        self.fail_to_replay('[\n{"image_id": 1,\n"category_id" 1}]', ":3:")

    def test_another_frame_size(self):
        self.fail_to_replay(json.dumps(line(0)) + "\n" + json.dumps(line(1, width=65)),
                            "in.json:2: is for a frame of 65x48 pixels, but frame 1 has 64x48")

    def test_no_file(self):
        done = self.run_pipeline(f"location={self.dir}/absent")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("absent: there is no such file", done.stdout)
        self.assertIn("location property is not set", self.run_pipeline().stdout)


if __name__ == "__main__":
    unittest.main()
