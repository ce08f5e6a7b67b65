"""Each format against an independent reading of it.

SPDX-License-Identifier: LGPL-2.1-or-later

Usage: test_formats.py SOURCE_ROOT PUSH_FRAMES
"""
import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

import jsonschema
import numpy as np

import frames

ROOT = pathlib.Path(sys.argv[1])
PUSH_FRAMES = sys.argv[2]
PAGE = "{http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15}"
ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"


def comma_locale():
    """A locale that writes 0,5, made for this test: Debian installs none."""
    folder = tempfile.mkdtemp()
    done = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", folder + "/de_DE.UTF-8"],
                          stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        raise unittest.SkipTest("localedef has no de_DE to make a locale from")
    return dict(os.environ, LOCPATH=folder, LC_ALL="de_DE.UTF-8")


class Formats(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name) / "out"

    def write(self, name, metas, n=2, elements="", path=None, **arguments):
        done = frames.run(PUSH_FRAMES, n, metas, f"{elements} detectionjson format={name} "
                          f"location={path or self.path}", **arguments)
        self.assertEqual((done.status, done.errors), (0, []))
        return done

    def text(self):
        return self.path.read_bytes().decode("utf-8")

    def jsonl(self, metas, **arguments):
        self.write("jsonl", metas, **arguments)
        schema = json.loads((ROOT / "docs" / "detections.schema.json").read_text())
        jsonschema.Draft7Validator.check_schema(schema)
        lines = [json.loads(line) for line in self.text().splitlines()]
        for line in lines:
            jsonschema.validate(line, schema)
        return lines

    def test_the_schema_refuses_what_is_no_line(self):
        schema = json.loads((ROOT / "docs" / "detections.schema.json").read_text())
        good = self.jsonl("d", n=1)[0]
        for spoil in (lambda o: o.pop("model"), lambda o: o.update(page=0),
                      lambda o: o.update(extra=1), lambda o: o.update(classes=[]),
                      lambda o: o["detections"][0]["box"].pop(),
                      lambda o: o["detections"][0].update(order=0),
                      lambda o: o["detections"][0].update(relation="near")):
            bad = json.loads(json.dumps(good))
            spoil(bad)
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(bad, schema)

    def test_jsonl_detections(self):
        lines = self.jsonl("d")
        self.assertEqual(len(lines), 2)
        for i, line in enumerate(lines):
            self.assertEqual({k: v for k, v in line.items() if k != "detections"},
                             {"result": i, "model": "pages", "pts": i * 1000000, "page": i + 1,
                              "source": None, "width": 100, "height": 80})
            for k, d in enumerate(line["detections"]):
                self.assertEqual((d["class_id"], d["label"], d["score"], tuple(d["box"])),
                                 (frames.CLASS_IDS[k], frames.LABELS[k], frames.SCORES[k],
                                  frames.BOXES[k]))
                self.assertEqual((d["id"], d.get("order", 0)), (21 + k, frames.ORDERS[k]))
            for key, values in (("relation", {0: "caption_of"}), ("parent_id", {0: 23}),
                                ("track_id", {2: 9})):
                self.assertEqual([d.get(key) for d in line["detections"]],
                                 [values.get(k) for k in range(5)])

    def test_jsonl_of_all_kinds(self):
        detections, nothing, classes, mask = self.jsonl("decm", n=1)
        self.assertEqual(nothing["detections"], [])
        self.assertEqual(classes["classes"],
                         [{"class_id": 7, "label": "cat", "score": 0.875},
                          {"class_id": 1, "label": None, "score": 0.125}])
        self.assertEqual(mask["mask"]["box"], [0, 0, 100, 100])
        cells = np.concatenate([np.full(n, c) for c, n in mask["mask"]["runs"]])
        np.testing.assert_array_equal(cells, [0, 0, 5, 5, 0, 0, 0, 300])

    def test_tags_name_source_and_page(self):
        tags = r'taginject tags="location=\"file:///tmp/a%20b.png\",track-number=(uint)7" !'
        lines = self.jsonl("e", elements=tags)
        self.assertEqual([(o["source"], o["page"]) for o in lines],
                         [("/tmp/a b.png", 7), ("/tmp/a b.png", 8)])

    def test_dlstreamer(self):
        self.write("dlstreamer", "dc", n=1)
        frame = json.loads(self.text())
        self.assertEqual(frame["resolution"], {"width": 100, "height": 80})
        self.assertEqual(frame["timestamp"], 0)
        self.assertNotIn("source", frame)
        for k, o in enumerate(frame["objects"]):
            x1, y1, x2, y2 = frames.BOXES[k]
            label = frames.LABELS[k] or ""
            d = o["detection"]
            self.assertEqual((o["roi_type"], d["label"], d["label_id"], d["confidence"]),
                             (label, label, frames.CLASS_IDS[k], frames.SCORES[k]))
            np.testing.assert_allclose(
                [d["bounding_box"][key] for key in ("x_min", "y_min", "x_max", "y_max")],
                [x1 / 100, y1 / 80, x2 / 100, y2 / 80], rtol=1e-6)
            self.assertEqual([o["x"], o["y"], o["w"], o["h"]],
                             [round(x1), round(y1), round(x2 - x1), round(y2 - y1)])
            self.assertEqual(o["region_id"], k + 1)
        self.assertEqual(frame["tensors"][0],
                         {"confidence": 0.875, "label": "cat", "label_id": 7,
                          "model_name": "animals", "name": "classification"})

    def test_dlstreamer_frames_without_answers_and_masks_give_nothing(self):
        self.write("dlstreamer", "m")
        self.assertEqual(self.text(), "")

    def test_jsonl_of_others(self):
        """Without the size of the frame nobody knows where they are."""
        for caps, models in ((f"{frames.CAPS} !", ["pages", "others"]), ("", ["pages"])):
            lines = self.jsonl("rd", n=1, elements=caps)
            self.assertEqual([line["model"] for line in lines], models)

    def test_jsonl_second_stage(self):
        page, cells, sizes, parts = self.jsonl("ds", n=1)
        self.assertEqual([d["id"] for d in page["detections"]], [21, 22, 23, 24, 25])
        self.assertEqual([(d["id"], d["parent_id"]) for d in cells["detections"]],
                         [(31, 23), (32, 23)])
        self.assertEqual((sizes["parent_id"], sizes["classes"][0]["label"]), (22, "large"))
        self.assertEqual((parts["parent_id"], parts["mask"]["box"]), (23, [10, 20, 90, 59]))

    def test_dlstreamer_second_stage(self):
        self.write("dlstreamer", "ds", n=1)
        frame = json.loads(self.text())
        objects = frame["objects"]
        self.assertEqual([o.get("parent_id") for o in objects], 5 * [None] + [3, 3])
        self.assertEqual(objects[5]["parent_id"], objects[2]["region_id"])
        self.assertEqual([o.get("classification") for o in objects], [
            None, {"confidence": 0.625, "label": "large", "label_id": 2,
                   "model": {"name": "sizes"}}] + 5 * [None])
        self.assertNotIn("tensors", frame)

    def test_parts_are_no_regions_of_a_page(self):
        for name in ("page-xml", "alto"):
            texts = []
            for metas in ("d", "ds"):
                self.write(name, metas, n=1)
                texts.append(re.sub("<(Created|LastChange)>.*", "", self.text()))
            self.assertEqual(*texts)

    def test_csv_second_stage(self):
        self.write("csv", "ds", n=1)
        with open(self.path, newline="") as file:
            rows = list(csv.DictReader(file))[5:]
        self.assertTrue(all(None not in r and None not in r.values() for r in rows))
        self.assertEqual([(r["kind"], r["id"], r["parent_id"], r["order"]) for r in rows],
                         [("detection", "31", "23", ""), ("detection", "32", "23", ""),
                          ("class", "", "22", ""), ("mask", "", "23", "")])

    def test_coco(self):
        self.write("coco", "d")
        results = json.loads(self.text())
        self.assertEqual([r["image_id"] for r in results], 5 * [1] + 5 * [2])
        for k, r in enumerate(results[:5]):
            x1, y1, x2, y2 = frames.BOXES[k]
            self.assertEqual(r, {"image_id": 1, "category_id": frames.CLASS_IDS[k],
                                 "bbox": [x1, y1, x2 - x1, y2 - y1],
                                 "score": frames.SCORES[k]})

    def test_coco_of_nothing_is_an_empty_array(self):
        self.write("coco", "ec")
        self.assertEqual(json.loads(self.text()), [])

    def test_coco_masks(self):
        self.write("coco", "m", n=1)
        cells = np.array([[0, 0, 5, 5], [0, 0, 0, 300]])
        # cells of 25 x 50 pixels, cut off at the frame's 80 rows
        expected = np.kron(cells, np.ones((50, 25), int))[:80]
        results = json.loads(self.text())
        self.assertEqual([r["category_id"] for r in results], [0, 5, 300])
        for r in results:
            counts = r["segmentation"]["counts"]
            runs = [np.full(n, i % 2) for i, n in enumerate(counts)]
            height, width = r["segmentation"]["size"]
            found = np.concatenate(runs).reshape(width, height).T
            np.testing.assert_array_equal(found, expected == r["category_id"])

    def test_csv(self):
        self.write("csv", "dcm", n=1)
        with open(self.path, newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([r["kind"] for r in rows], 5 * ["detection"] + 2 * ["class"] + 3 * ["mask"])
        for k, r in enumerate(rows[:5]):
            self.assertEqual(r["label"], frames.LABELS[k] or "")
            self.assertEqual([float(r[c]) for c in ("x1", "y1", "x2", "y2")],
                             list(frames.BOXES[k]))
            self.assertEqual(r["order"], str(frames.ORDERS[k] or ""))
            self.assertEqual(r["id"], str(21 + k))
        self.assertEqual((rows[0]["relation"], rows[0]["parent_id"]), ("caption_of", "23"))
        self.assertEqual([r["track_id"] for r in rows[:5]], ["", "", "9", "", ""])
        self.assertEqual((rows[5]["label"], rows[5]["score"], rows[5]["x1"]), ("cat", "0.875", ""))
        self.assertEqual([[r[c] for c in ("class_id", "x1", "y1", "x2", "y2")] for r in rows[7:]],
                         [["0", "0", "0", "75", "80"], ["5", "50", "0", "100", "50"],
                          ["300", "75", "50", "100", "80"]])
        self.assertTrue(all(None not in r and None not in r.values() for r in rows))

    def document(self, name):
        self.write(name, "d", n=1, path=self.path)
        subprocess.run(["xmllint", "--noout", self.path], check=True)
        return ElementTree.parse(self.path).getroot()

    def test_page_xml(self):
        root = self.document("page-xml")
        self.assertEqual([e.tag for e in root], [PAGE + "Metadata", PAGE + "Page"])
        self.assertEqual([e.tag for e in root[0]],
                         [PAGE + t for t in ("Creator", "Created", "LastChange")])
        page = root[1]
        self.assertEqual(page.attrib, {"imageFilename": "page-1", "imageWidth": "100",
                                       "imageHeight": "80"})
        self.assertEqual([e.tag[len(PAGE):] for e in page],
                         ["ReadingOrder", "Relations", "TextRegion", "ImageRegion",
                          "TextRegion", "TextRegion", "TextRegion"])
        regions = {e.get("id"): e for e in page if e.get("id")}
        order = [regions[e.get("regionRef")].get("custom") for e in page[0][0]]
        self.assertEqual(order, [f"label {{name:{n};}}"
                                 for n in ("title", "figure", "figure_caption")])
        self.assertEqual([e.get("index") for e in page[0][0]], ["0", "1", "2"])
        relation = page[1][0]
        self.assertEqual(relation.attrib, {"id": "rel0", "type": "link", "custom": "caption_of"})
        self.assertEqual([regions[e.get("regionRef")].tag for e in relation],
                         [PAGE + "TextRegion", PAGE + "ImageRegion"])
        self.assertEqual([e.get("type") for e in regions.values()],
                         ["heading", None, "caption", "paragraph", "paragraph"])
        coords = [e.find(PAGE + "Coords") for e in regions.values()]
        self.assertEqual(coords[1].attrib, {"points": "10,20 90,20 90,59 10,59", "conf": "0.75"})
        # outside of the page there are no points
        self.assertEqual(coords[3].get("points"), "0,72 100,72 100,80 0,80")

    def test_page_xml_and_its_schema(self):
        """OCR-D's copy of the schema, where somebody has installed it."""
        try:
            import ocrd_validators
            from lxml import etree
        except ImportError:
            self.skipTest("ocrd_validators is not installed")
        self.document("page-xml")
        path = pathlib.Path(ocrd_validators.__file__).parent / "page.xsd"
        etree.XMLSchema(etree.parse(str(path))).assertValid(etree.parse(str(self.path)))

    def test_alto(self):
        root = self.document("alto")
        self.assertEqual([e.tag[len(ALTO):] for e in root],
                         ["Description", "Tags", "ReadingOrder", "Layout"])
        self.assertEqual(root[0].findtext(ALTO + "MeasurementUnit"), "pixel")
        tags = {e.get("ID"): e.get("LABEL") for e in root[1]}
        self.assertEqual(sorted(tags.values()),
                         ["", "a, \"b\" <&>\ufffd\ufffd\u00e4", "figure", "figure_caption", "title"])
        page = root[3][0]
        self.assertEqual((page.get("WIDTH"), page.get("HEIGHT"), page.get("PHYSICAL_IMG_NR")),
                         ("100", "80", "1"))
        blocks = {e.get("ID"): e for e in page.iter() if e.get("TAGREFS")}
        self.assertEqual([tags[blocks[e.get("REF")].get("TAGREFS")] for e in root[2][0]],
                         ["title", "figure", "figure_caption"])
        group = page[0][1]
        self.assertEqual((group.tag, group.get("TYPE")), (ALTO + "ComposedBlock", "group"))
        self.assertEqual([e.tag for e in group], [ALTO + "Illustration", ALTO + "TextBlock"])
        self.assertEqual([group.get(k) for k in ("HPOS", "VPOS", "WIDTH", "HEIGHT")],
                         ["10", "20", "80", "50"])
        ids = [e.get("ID") for e in root.iter() if e.get("ID")]
        self.assertEqual(len(ids), len(set(ids)))

    def test_pages_get_files_of_their_own(self):
        for name in ("page-xml", "alto"):
            self.write(name, "e", n=3, path=f"{self.folder.name}/{name}-%03d.xml")
            for page in (1, 2, 3):
                root = ElementTree.parse(f"{self.folder.name}/{name}-00{page}.xml").getroot()
                images = [e.get("imageFilename") or e.text for e in root.iter()
                          if e.get("imageFilename") or e.tag.endswith("fileName")]
                self.assertEqual(images, [f"page-{page}"])

    def test_a_second_page_needs_a_number_in_the_name(self):
        done = frames.run(PUSH_FRAMES, 2, "e",
                          f"detectionjson format=alto location={self.path}")
        self.assertEqual(done.status, 1)
        self.assertIn("%03d", done.errors[0])
        self.assertEqual(len(ElementTree.parse(self.path).getroot().findall(f".//{ALTO}Page")), 1)

    def test_a_decimal_comma_changes_nothing(self):
        environment = comma_locale()
        for name in ("jsonl", "dlstreamer", "coco", "csv", "alto"):
            with self.subTest(format=name):
                self.write(name, "dcm", n=1)
                plain = self.text()
                self.write(name, "dcm", n=1, env=environment)
                self.assertEqual(self.text(), plain)

    def test_element_messages(self):
        done = frames.run(PUSH_FRAMES, 2, "dc", "detectionjson post-messages=true")
        self.assertEqual((done.status, done.errors), (0, []))
        self.assertEqual(len(done.messages), 4)
        self.assertTrue(done.messages[3].startswith("detectionjson, timestamp=(guint64)1000000, "
                                                    "stream-time=(guint64)1000000"))
        self.assertIn("page=(uint)2", done.messages[3])
        self.assertIn(r'data=(string)"\{\"result\":1\,\"model\":\"animals\"',
                      done.messages[3].replace("\\\\", "\\"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
