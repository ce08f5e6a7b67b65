/* test_inferregions.c - torchscriptinfer on the detections of another element
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A pixel says where in the frame it is: red is x, green y, blue the frame's number.
 * The fake shim answers with its input, 8x8 pixels, so that a tensor tells what was cut
 * out; or with boxes, classes.
 */
#include <glib/gstdio.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <math.h>

#include "fakemodel.h"
#include "torchscript.h"

#define WIDTH 64
#define HEIGHT 48
#define CAPS "video/x-raw, format=RGB, width=64, height=48, framerate=25/1"
#define EDGE 8

#define MODEL(rest) "{\"config\": \"{\\\"imgsz\\\": [8, 8]}\", " rest "}"
#define ECHO(rest) MODEL (rest "\"output\": {\"input\": 0}")
#define TENSOR(shape, values) "\"output\": {\"tensor\": {\"shape\": [" shape \
  "], \"values\": [" values "]}}"
#define BOX MODEL (TENSOR ("1, 1, 6", "2, 3, 6, 5, 0.5, 1"))
#define CLASSES MODEL (TENSOR ("1, 3", "0.25, 0.125, 0.625"))

static gchar *directory;
static const gchar *written;    /* the script of the model in it */

static const GstTorchscriptDetection page[] = {
  {8, 16, 16, 24, 0.9f, 5, "table"},
  {24, 8, 32, 16, 0.8f, 3, "figure"},
  {40, 32, 48, 40, 0.7f, 5, "table"},
};

static GstHarness *
start (const gchar * script, const gchar * settings)
{
  g_autofree gchar *path = g_build_filename (directory, "m.pt", NULL);
  g_autofree gchar *line = g_strdup_printf ("torchscriptinfer model=\"%s\" "
      "inference-on=detections device=cpu %s", path, settings);
  GstElement *infer;
  GstHarness *h;
  GstBus *bus = gst_bus_new ();

  /* A file that was written anew would be another model. */
  if (g_strcmp0 (written, script) != 0)
    fake_model_write (path, script);
  written = script;
  infer = gst_parse_launch (line, NULL);
  h = gst_harness_new_with_element (infer, "sink", "src");
  gst_object_unref (infer);
  gst_element_set_bus (h->element, bus);
  gst_object_unref (bus);
  gst_harness_set_src_caps_str (h, CAPS);
  return h;
}

static void
stop (GstHarness * h)
{
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

static GstBuffer *
new_frame (guint number)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, WIDTH * HEIGHT * 3, NULL);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (guint i = 0; i < WIDTH * HEIGHT; i++) {
    map.data[3 * i] = i % WIDTH;
    map.data[3 * i + 1] = i / WIDTH;
    map.data[3 * i + 2] = number;
  }
  gst_buffer_unmap (buffer, &map);
  GST_BUFFER_PTS (buffer) = number * 40 * GST_MSECOND;
  return buffer;
}

static GstTorchscriptDetectionMeta *
add (GstBuffer * frame, const GstTorchscriptDetection * found, guint n)
{
  return gst_buffer_add_torchscript_detection_meta (frame, "first", WIDTH,
      HEIGHT, 0, found, n);
}

static GstBuffer *
new_page (guint number, const GstTorchscriptDetection * found, guint n)
{
  GstBuffer *frame = new_frame (number);

  add (frame, found, n);
  return frame;
}

static void
push (GstHarness * h, GstBuffer * frame)
{
  g_assert_cmpint (gst_harness_push (h, frame), ==, GST_FLOW_OK);
}

static GstBuffer *
push_and_pull (GstHarness * h, GstBuffer * frame)
{
  push (h, frame);
  return gst_harness_pull (h);
}

/* The @n-th meta of the API, or NULL. */
static gpointer
get_meta (GstBuffer * buffer, GType api, guint n)
{
  gpointer state = NULL;
  GstMeta *meta;

  do
    meta = gst_buffer_iterate_meta_filtered (buffer, &state, api);
  while (meta != NULL && n-- > 0);
  return meta;
}

static const GstTorchscriptDetection *
get_detection (GstBuffer * buffer, guint meta, guint i)
{
  return gst_torchscript_detection_meta_get_detection (get_meta (buffer,
          GST_TORCHSCRIPT_DETECTION_META_API_TYPE, meta), i);
}

static guint64
get_count (GstHarness * h, const gchar * field, const gchar * of)
{
  GstStructure *stats;
  const GstStructure *inner;
  guint64 count = 0;

  g_object_get (h->element, "stats", &stats, NULL);
  inner = stats;
  if (of != NULL)
    inner = g_value_get_boxed (gst_structure_get_value (stats, field));
  gst_structure_get_uint64 (inner, of != NULL ? of : field, &count);
  gst_structure_free (stats);
  return count;
}

/* The pixels from x1, y1 to x2, y2, each inclusive, of frame @number. */
static void
check_cut (GstTorchscriptTensorMeta * meta, guint number, guint x1, guint y1,
    guint x2, guint y2)
{
  const guint corners[2][3] = { {x1, y1, number}, {x2, y2, number} };
  GstBuffer *data;
  const gfloat *values;
  GstMapInfo map;

  g_assert_nonnull (meta);
  data = gst_torchscript_tensor_get_data
      (gst_torchscript_tensor_meta_get_tensor (meta, 0));
  g_assert_true (gst_buffer_map (data, &map, GST_MAP_READ));
  g_assert_cmpuint (map.size, ==, 3 * EDGE * EDGE * sizeof (gfloat));
  values = (const gfloat *) map.data;
  for (guint c = 0; c < 3; c++) {
    g_assert_cmpfloat_with_epsilon (values[c * EDGE * EDGE] * 255,
        corners[0][c], 1e-3);
    g_assert_cmpfloat_with_epsilon (values[(c + 1) * EDGE * EDGE - 1] * 255,
        corners[1][c], 1e-3);
  }
  gst_buffer_unmap (data, &map);
}

/* A tensor for each of these detections, 8x8 pixels each, in their order. */
static void
check_tensors (GstBuffer * buffer, guint number,
    const GstTorchscriptDetection * found, guint n)
{
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, number * 40 * GST_MSECOND);
  g_assert_cmpuint (gst_buffer_get_n_meta (buffer,
          GST_TORCHSCRIPT_TENSOR_META_API_TYPE), ==, n);
  for (guint i = 0; i < n; i++) {
    GstTorchscriptTensorMeta *meta = get_meta (buffer,
        GST_TORCHSCRIPT_TENSOR_META_API_TYPE, i);

    check_cut (meta, number, found[i].x1, found[i].y1, found[i].x1 + EDGE - 1,
        found[i].y1 + EDGE - 1);
    g_assert_cmpuint (meta->parent_id, ==, get_detection (buffer, 0, i)->id);
  }
}

/* Frames of none, one and many regions come out in order, each with its own. */
static void
test_order (void)
{
  static const guint n_regions[] = { 0, 3, 0, 1, 20, 0, 2, 3, 0, 0 };
  GstHarness *h = start (ECHO ("\"delay_ms\": 2, "), "decoder=tensors "
      "max-in-flight=8 batch-size=4");
  GstTorchscriptDetection many[20];
  guint i, n_forwards = 0;

  for (i = 0; i < 20; i++)
    many[i] = (GstTorchscriptDetection) {
    2 *i, i, 2 * i + 8, i + 8, 1 - i / 32.f, 0};
  for (i = 0; i < G_N_ELEMENTS (n_regions); i++)
    push (h, new_page (i, many, n_regions[i]));
  for (i = 0; i < G_N_ELEMENTS (n_regions); i++) {
    GstBuffer *out = gst_harness_pull (h);

    check_tensors (out, i, many, n_regions[i]);
    gst_buffer_unref (out);
    n_forwards += n_regions[i];
  }
  g_assert_cmpuint (get_count (h, "in", NULL), ==, i);
  g_assert_cmpuint (get_count (h, "answered", NULL), ==, i);
  g_assert_cmpuint (get_count (h, "forward", "n"), ==, n_forwards);
  g_assert_cmpuint (get_count (h, "latency", "n"), ==, 5);
  stop (h);
}

/* More than a batch of one frame: full batches and a rest. */
static void
test_batches (void)
{
  GstHarness *h = start (ECHO (""), "decoder=tensors batch-size=4");
  GstTorchscriptDetection ten[10];
  GstBuffer *out;

  for (guint i = 0; i < 10; i++)
    ten[i] = (GstTorchscriptDetection) {
    3 *i, 2 * i, 3 * i + 8, 2 * i + 8, 0.5f, 0};
  out = push_and_pull (h, new_page (3, ten, 10));
  check_tensors (out, 3, ten, 10);
  gst_buffer_unref (out);
  g_assert_cmpuint (get_count (h, "batch-sizes", "4"), ==, 8);
  g_assert_cmpuint (get_count (h, "batch-sizes", "2"), ==, 2);
  stop (h);
}

/* Two streams, three frames, one batch. */
static void
test_batch_of_streams (void)
{
  static const gchar settings[] = "decoder=tensors batch-size=6 "
      "scheduling=throughput batch-timeout=1000";
  GstHarness *one = start (ECHO (""), settings);
  GstHarness *two = start (ECHO (""), settings);
  GstHarness *const order[] = { one, two, one };

  for (guint i = 0; i < 3; i++)
    push (order[i], new_page (i, page, i + 1));
  for (guint i = 0; i < 3; i++) {
    GstBuffer *out = gst_harness_pull (order[i]);

    check_tensors (out, i, page, i + 1);
    gst_buffer_unref (out);
  }
  g_assert_cmpuint (get_count (one, "batch-sizes", "6"), ==, 4);
  g_assert_cmpuint (get_count (two, "batch-sizes", "6"), ==, 2);
  stop (one);
  stop (two);
}

/* A frame of three parts is one frame: there is room for another, and it is waited
 * for. */
static void
test_batch_of_frames (void)
{
  GstHarness *h = start (ECHO (""), "decoder=tensors batch-size=6 "
      "scheduling=throughput batch-timeout=1000 max-in-flight=2");

  for (guint i = 0; i < 2; i++) {
    push (h, new_page (i, page, 3));
    g_usleep (50000);
  }
  for (guint i = 0; i < 2; i++) {
    GstBuffer *out = gst_harness_pull (h);

    check_tensors (out, i, page, 3);
    gst_buffer_unref (out);
  }
  g_assert_cmpuint (get_count (h, "batch-sizes", "6"), ==, 6);
  stop (h);
}

/* Its tensors are those of the detections at these places of the page. */
static void
check_chosen (const gchar * classes, const gchar * expected)
{
  GstHarness *h = start (ECHO (""), "decoder=tensors");
  GstBuffer *out;
  guint n = strlen (expected);

  g_object_set (h->element, "detection-classes", classes, NULL);
  out = push_and_pull (h, new_page (0, page, G_N_ELEMENTS (page)));
  g_assert_cmpuint (gst_buffer_get_n_meta (out,
          GST_TORCHSCRIPT_TENSOR_META_API_TYPE), ==, n);
  for (guint i = 0; i < n; i++) {
    GstTorchscriptTensorMeta *meta = get_meta (out,
        GST_TORCHSCRIPT_TENSOR_META_API_TYPE, i);

    g_assert_cmpuint (meta->parent_id, ==, get_detection (out, 0,
            g_ascii_digit_value (expected[i]))->id);
  }
  gst_buffer_unref (out);
  stop (h);
}

static void
test_classes (void)
{
  check_chosen (NULL, "012");
  check_chosen ("", "012");
  check_chosen ("table", "02");
  check_chosen ("3", "1");
  check_chosen (" figure, 5 ", "012");
  check_chosen ("nothing", "");
}

/* What the model sees of a box: x1, y1 and the last pixel x2, y2. */
static void
check_place (const gchar * settings, const GstTorchscriptDetection * d,
    guint x1, guint y1, guint x2, guint y2)
{
  g_autofree gchar *all = g_strconcat ("decoder=tensors ", settings, NULL);
  GstHarness *h = start (ECHO (""), all);
  GstBuffer *out = push_and_pull (h, new_page (7, d, 1));

  check_cut (get_meta (out, GST_TORCHSCRIPT_TENSOR_META_API_TYPE, 0), 7, x1, y1,
      x2, y2);
  gst_buffer_unref (out);
  stop (h);
}

/* As far as the frame, or the region of interest, goes. */
static void
test_margin (void)
{
  const GstTorchscriptDetection inside = { 20, 20, 24, 24 }, corner =
      { 0, -3, 6, 6 }, last = { 58.5f, 42.2f, 70, 48 }, broken =
      { 20.25f, 20.75f, 26.5f, 26.5f };

  check_place ("crop-margin=2", &inside, 18, 18, 25, 25);
  check_place ("crop-margin=2", &corner, 0, 0, 7, 7);
  check_place ("crop-margin=2", &last, 56, 40, 63, 47);
  check_place ("crop-margin=1", &broken, 19, 19, 27, 27);
  check_place ("crop-margin=4 roi=18,18,8,8", &inside, 18, 18, 25, 25);
}

/* Nothing of these can be looked at. */
static void
test_no_place (void)
{
  const GstTorchscriptDetection nowhere[] = {
    {-9, 0, 0, 8}, {64, 0, 70, 8}, {8, 8, 8, 16}, {NAN, 0, 8, 8}
  };
  GstHarness *h = start (ECHO (""), "decoder=tensors");
  GstBuffer *frame = new_page (0, nowhere, G_N_ELEMENTS (nowhere)), *out;

  /* For a frame of another size. */
  gst_buffer_add_torchscript_detection_meta (frame, "other", 32, 24, 0, page,
      3);
  out = push_and_pull (h, frame);
  check_tensors (out, 0, NULL, 0);
  gst_buffer_unref (out);
  g_assert_cmpuint (get_count (h, "answered", NULL), ==, 1);
  g_assert_cmpuint (get_count (h, "forward", "n"), ==, 0);
  stop (h);
}

static GstVideoRegionOfInterestMeta *
get_region (GstBuffer * buffer, guint i)
{
  return get_meta (buffer, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE, i);
}

/* In the frame's pixels, with the detections they were found in. */
static void
check_boxes (GstBuffer * out, guint first, guint second,
    const GstTorchscriptDetection * found, guint n)
{
  GstTorchscriptDetectionMeta *meta = get_meta (out,
      GST_TORCHSCRIPT_DETECTION_META_API_TYPE, second);

  g_assert_nonnull (meta);
  g_assert_cmpuint (gst_torchscript_detection_meta_get_n_detections (meta), ==,
      n);
  for (guint i = 0; i < n; i++) {
    const GstTorchscriptDetection *d =
        gst_torchscript_detection_meta_get_detection (meta, i);

    g_assert_cmpfloat (d->x1, ==, found[i].x1 + 2);
    g_assert_cmpfloat (d->y1, ==, found[i].y1 + 3);
    g_assert_cmpfloat (d->x2, ==, found[i].x1 + 6);
    g_assert_cmpfloat (d->y2, ==, found[i].y1 + 5);
    g_assert_cmpint (d->class_id, ==, 1);
    g_assert_cmpuint (d->parent_id, !=, 0);
    g_assert_cmpuint (d->parent_id, ==, get_detection (out, first, i)->id);
    g_assert_cmpuint (d->id, !=, d->parent_id);
  }
}

static void
test_boxes (void)
{
  GstHarness *h = start (BOX, "decoder=yolo-end2end meta=roi");
  GstBuffer *out = push_and_pull (h, new_page (0, page, 3));

  check_boxes (out, 0, 1, page, 3);
  for (guint i = 0; i < 3; i++) {
    const GstTorchscriptDetection *d = get_detection (out, 0, i);

    /* The first model's are what they were. */
    g_assert_cmpfloat (d->x1, ==, page[i].x1);
    g_assert_cmpstr (d->label, ==, page[i].label);
    g_assert_cmpuint (d->parent_id, ==, 0);
    g_assert_cmpuint (get_region (out, i)->parent_id, ==, d->id);
    g_assert_cmpuint (get_region (out, i)->id, ==,
        get_detection (out, 1, i)->id);
    g_assert_cmpuint (get_region (out, i)->x, ==, (guint) page[i].x1 + 2);
  }
  gst_buffer_unref (out);

  /* An answer, if one of nothing. */
  out = push_and_pull (h, new_page (1, NULL, 0));
  g_assert_cmpuint (gst_buffer_get_n_meta (out,
          GST_TORCHSCRIPT_DETECTION_META_API_TYPE), ==, 2);
  check_boxes (out, 0, 1, NULL, 0);
  gst_buffer_unref (out);
  stop (h);
}

/* Two elements one behind the other; the second knows the first one's regions, which
 * count by their own numbers. */
static void
test_mirrored_parents (void)
{
  GstHarness *h = start (BOX, "decoder=yolo-end2end meta=roi");
  GstBuffer *frame = new_page (0, page, 2), *out;

  for (guint i = 0; i < 2; i++)
    gst_buffer_add_video_region_of_interest_meta (frame, page[i].label,
        page[i].x1, page[i].y1, EDGE, EDGE)->id = 100 + i;
  out = push_and_pull (h, frame);
  g_assert_cmpuint (gst_buffer_get_n_meta (out,
          GST_TORCHSCRIPT_DETECTION_META_API_TYPE), ==, 2);
  check_boxes (out, 0, 1, page, 2);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (get_region (out, 2 + i)->parent_id, ==, 100 + i);
  gst_buffer_unref (out);
  stop (h);
}

/* Regions that nobody of ours has found become detections that can be named. */
static void
test_regions_of_others (void)
{
  GstHarness *h = start (BOX, "decoder=yolo-end2end meta=roi "
      "detection-classes=table");
  GstTorchscriptDetectionMeta *others;
  GstBuffer *frame = new_frame (0), *out;

  for (guint i = 0; i < 3; i++)
    gst_buffer_add_video_region_of_interest_meta (frame, page[i].label,
        page[i].x1, page[i].y1, EDGE, EDGE)->id = 100 + i;
  out = push_and_pull (h, frame);
  others = gst_buffer_get_torchscript_detection_meta (out);
  g_assert_cmpstr (others->model_name, ==, "others");
  g_assert_cmpuint (gst_torchscript_detection_meta_get_n_detections (others),
      ==, 2);
  check_boxes (out, 0, 1, (const GstTorchscriptDetection[]) {
        page[0], page[2]
      }, 2);
  g_assert_cmpint (get_region (out, 3)->parent_id, ==, 100);
  g_assert_cmpint (get_region (out, 4)->parent_id, ==, 102);
  gst_buffer_unref (out);
  stop (h);
}

static void
test_classes_of_detections (void)
{
  GstHarness *h = start (CLASSES, "decoder=classification meta=roi");
  GstBuffer *frame = new_page (0, page, 2), *out;

  gst_buffer_add_video_region_of_interest_meta (frame, page[1].label,
      page[1].x1, page[1].y1, EDGE, EDGE);
  out = push_and_pull (h, frame);
  g_assert_null (gst_buffer_get_torchscript_classification_meta_id (out, 0));
  for (guint i = 0; i < 2; i++) {
    GstTorchscriptClassificationMeta *meta =
        gst_buffer_get_torchscript_classification_meta_id (out,
        get_detection (out, 0, i)->id);

    g_assert_nonnull (meta);
    g_assert_cmpint (gst_torchscript_classification_meta_get_class (meta,
            0)->class_id, ==, 2);
  }
  {
    const GstStructure *param =
        gst_video_region_of_interest_meta_get_param (get_region (out, 0),
        "classification");
    gint id = -1;

    g_assert_nonnull (param);
    g_assert_true (gst_structure_get_int (param, "label_id", &id));
    g_assert_cmpint (id, ==, 2);
    g_assert_cmpstr (gst_structure_get_string (param, "model_name"), ==, "m");
  }
  gst_buffer_unref (out);
  stop (h);
}

/* A cell is a pixel of the tensor; 16x4 pixels are 8x2 of it, in its middle, and what
 * is above and below is padding. */
static void
test_masks (void)
{
  const GstTorchscriptDetection flat = { 16, 12, 32, 16, 0.5f, 0 };
  GstHarness *h = start (ECHO (""), "decoder=segmentation");
  GstBuffer *out = push_and_pull (h, new_page (40, &flat, 1));
  GstTorchscriptMaskMeta *meta = gst_buffer_get_torchscript_mask_meta (out);
  const guint16 *cells;

  g_assert_nonnull (meta);
  g_assert_cmpuint (meta->parent_id, ==, get_detection (out, 0, 0)->id);
  g_assert_cmpuint (meta->columns, ==, 8);
  g_assert_cmpuint (meta->rows, ==, 2);
  g_assert_cmpfloat (meta->x, ==, 16);
  g_assert_cmpfloat (meta->y, ==, 12);
  g_assert_cmpfloat (meta->width, ==, 16);
  g_assert_cmpfloat (meta->height, ==, 4);
  /* Blue, the frame's number, is the strongest of all. */
  cells = gst_torchscript_mask_meta_get_cells (meta);
  for (guint i = 0; i < 16; i++)
    g_assert_cmpuint (cells[i], ==, 2);
  gst_buffer_unref (out);
  stop (h);
}

/* Boxes that are carried on belong to the detections of their new frame. */
static void
test_reuse (void)
{
  GstHarness *h = start (BOX, "decoder=yolo-end2end on-late=reuse "
      "inference-interval=3");
  GstTorchscriptDetection moved[3];
  GstBuffer *out;

  memcpy (moved, page, sizeof page);
  moved[1].x1 += 9;
  moved[1].x2 += 9;
  out = push_and_pull (h, new_page (0, page, 3));
  check_boxes (out, 0, 1, page, 3);
  gst_buffer_unref (out);

  out = push_and_pull (h, new_page (1, page, 3));
  check_boxes (out, 0, 1, page, 3);
  gst_buffer_unref (out);

  out = push_and_pull (h, new_page (2, moved, 3));
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (get_detection (out, 1, i)->parent_id, ==,
        i == 1 ? 0 : get_detection (out, 0, i)->id);
  gst_buffer_unref (out);
  g_assert_cmpuint (get_count (h, "answered", NULL), ==, 1);
  g_assert_cmpuint (get_count (h, "reused", NULL), ==, 2);
  stop (h);
}

/* One moves too far to be known by its place, but a tracker of others knows it. */
static void
test_reuse_of_tracked (void)
{
  GstHarness *h = start (BOX, "decoder=yolo-end2end on-late=reuse "
      "inference-interval=2");
  GstTorchscriptDetection table = page[0];

  for (guint i = 0; i < 2; i++) {
    GstBuffer *frame, *out;

    table.x1 += 9 * i;
    table.x2 += 9 * i;
    frame = new_page (i, &table, 1);
    gst_video_region_of_interest_meta_add_param
        (gst_buffer_add_video_region_of_interest_meta (frame, table.label,
            table.x1, table.y1, EDGE, EDGE), gst_structure_new ("object_id",
            "id", G_TYPE_INT, 5, NULL));
    out = push_and_pull (h, frame);
    g_assert_cmpuint (get_detection (out, 1, 0)->parent_id, ==,
        get_detection (out, 0, 0)->id);
    gst_buffer_unref (out);
  }
  g_assert_cmpuint (get_count (h, "reused", NULL), ==, 1);
  stop (h);
}

static void
test_skip (void)
{
  GstHarness *h = start (BOX, "decoder=yolo-end2end on-late=skip "
      "inference-interval=2");
  guint i;

  for (i = 0; i < 4; i++) {
    GstBuffer *out = push_and_pull (h, new_page (i, page, 3));

    g_assert_cmpuint (gst_buffer_get_n_meta (out,
            GST_TORCHSCRIPT_DETECTION_META_API_TYPE), ==, i % 2 ? 1 : 2);
    gst_buffer_unref (out);
  }
  g_assert_cmpuint (get_count (h, "answered", NULL), ==, 2);
  g_assert_cmpuint (get_count (h, "skipped", NULL), ==, 2);
  stop (h);
}

/* It numbers what this model finds, and not what it looks at. */
static void
test_tracker (void)
{
  GstHarness *h = start (BOX, "decoder=yolo-end2end tracker=iou");
  guint i, k;

  for (i = 0; i < 2; i++) {
    GstBuffer *out = push_and_pull (h, new_page (i, page, 3));

    check_boxes (out, 0, 1, page, 3);
    for (k = 0; k < 3; k++) {
      g_assert_cmpuint (get_detection (out, 1, k)->track_id, ==, k + 1);
      g_assert_cmpuint (get_detection (out, 0, k)->track_id, ==, 0);
    }
    gst_buffer_unref (out);
  }
  stop (h);
}

/* Cells are no blocks of the page, and stay what they are. */
static void
test_page_structure (void)
{
  GstHarness *h = gst_harness_new ("pagestructure");
  const GstTorchscriptDetection blocks[] = {
    {8, 4, 40, 8, 0.9f, 1, "plain text", 11},
    {8, 12, 40, 30, 0.8f, 5, "table", 12},
    {8, 31, 40, 34, 0.7f, 6, "table_caption", 13},
  }, cells[] = {
    {9, 13, 20, 20, 0.6f, 1, "plain text", 21, 12},
    {9, 21, 20, 29, 0.5f, 6, "table_caption", 22, 12},
  };
  GstBuffer *frame = new_page (0, blocks, 3), *out;

  add (frame, cells, 2);
  gst_harness_set_src_caps_str (h, CAPS);
  out = push_and_pull (h, frame);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (get_detection (out, 0, i)->order, ==, i + 1);
  g_assert_cmpuint (get_detection (out, 0, 2)->parent_id, ==, 12);
  g_assert_cmpint (get_detection (out, 0, 2)->relation, ==,
      GST_TORCHSCRIPT_RELATION_CAPTION_OF);
  for (guint i = 0; i < 2; i++) {
    GstTorchscriptDetection cell = cells[i];

    cell.label = g_intern_string (cell.label);
    g_assert_cmpmem (get_detection (out, 1, i), sizeof cell, &cell,
        sizeof cell);
  }
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

/* The error of one part is that of the frame. */
static void
test_failure (void)
{
  GstHarness *h = start (ECHO ("\"run_error\": {\"status\": \"forward\", "
          "\"text\": \"no such crop\"}, \"fail_on_run\": 2, "),
      "decoder=tensors warmup=0 max-in-flight=2");
  GstBus *bus = gst_element_get_bus (h->element);
  GstMessage *message;

  push (h, new_page (0, page, 3));
  message = gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND,
      GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_unref (message);
  g_assert_cmpint (gst_harness_push (h, new_page (1, page, 3)), ==,
      GST_FLOW_ERROR);
  g_assert_cmpuint (get_count (h, "failed", NULL), ==, 1);
  gst_object_unref (bus);
  stop (h);
}

/* The card is full from the second part of frame 1 on: what it said of the first part
 * is forgotten, and the CPU answers all of the frame. */
#define FULL_CARD(rest) ECHO ("\"run_error\": {\"status\": \"memory\", " \
  "\"text\": \"the fake card is full\", \"device\": \"cuda:0\"}, " \
  "\"fail_on_run\": 3, \"fail_runs\": 1000, " rest)

#define ON_CARD "decoder=tensors device=cuda:0 on-error=cpu warmup=0 max-in-flight=4"

static void
pull_and_check (GstHarness * h, guint number, guint n)
{
  GstBuffer *out = gst_harness_pull (h);

  g_assert_nonnull (out);
  check_tensors (out, number, page, n);
  gst_buffer_unref (out);
}

static void
test_cpu_takes_over (void)
{
  static const guint n_regions[] = { 2, 3, 0, 1, 3 };
  GstHarness *h = start (FULL_CARD (""), ON_CARD);
  guint i;

  for (i = 0; i < 2; i++) {
    push (h, new_page (i, page, n_regions[i]));
    pull_and_check (h, i, n_regions[i]);
    g_assert_cmpuint (get_count (h, "on-cpu", NULL), ==, i);
  }
  for (; i < G_N_ELEMENTS (n_regions); i++)
    push (h, new_page (i, page, n_regions[i]));
  for (i = 2; i < G_N_ELEMENTS (n_regions); i++)
    pull_and_check (h, i, n_regions[i]);
  /* Nobody was asked about the frame without regions. */
  g_assert_cmpuint (get_count (h, "on-cpu", NULL), ==, 3);
  g_assert_cmpuint (get_count (h, "answered", NULL), ==, 5);
  g_assert_cmpuint (get_count (h, "failed", NULL), ==, 0);
  stop (h);
}

/* What the first model found goes on all the same. */
static void
test_cpu_cannot_take_over (void)
{
  GstHarness *h = start (FULL_CARD ("\"load_error\": {\"status\": "
          "\"memory\", \"text\": \"no room\", \"device\": \"cpu\"}, "),
      ON_CARD);
  GstBuffer *out;

  push (h, new_page (0, page, 2));
  pull_and_check (h, 0, 2);
  out = push_and_pull (h, new_page (1, page, 3));
  g_assert_null (gst_buffer_get_torchscript_tensor_meta (out));
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr (get_detection (out, 0, i)->label, ==, page[i].label);
  gst_buffer_unref (out);
  push (h, new_page (2, page, 0));
  pull_and_check (h, 2, 0);
  g_assert_cmpuint (get_count (h, "failed", NULL), ==, 1);
  g_assert_cmpuint (get_count (h, "answered", NULL), ==, 2);
  g_assert_cmpuint (get_count (h, "on-cpu", NULL), ==, 0);
  stop (h);
}

static void
test_flush (void)
{
  GstHarness *h = start (ECHO ("\"delay_ms\": 10, "), "decoder=tensors "
      "max-in-flight=8 batch-size=2");
  GstSegment segment;
  GstBuffer *out;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  for (guint round = 0; round < 5; round++) {
    for (guint i = 0; i < 5; i++)
      push (h, new_page (100 + i, page, i % 4));
    g_usleep (5000 * round);
    g_assert_true (gst_harness_push_event (h, gst_event_new_flush_start ()));
    g_assert_true (gst_harness_push_event (h, gst_event_new_flush_stop (TRUE)));
    g_assert_true (gst_harness_push_event (h,
            gst_event_new_segment (&segment)));
    while ((out = gst_harness_try_pull (h)) != NULL)
      gst_buffer_unref (out);
    out = push_and_pull (h, new_page (round, page, 3));
    check_tensors (out, round, page, 3);
    gst_buffer_unref (out);
  }
  stop (h);
}

/* What is on its way at the end comes before it. */
static void
test_end_of_stream (void)
{
  GstHarness *h = start (ECHO ("\"delay_ms\": 10, "), "decoder=tensors "
      "max-in-flight=8");
  GstEvent *event;

  for (guint i = 0; i < 4; i++)
    push (h, new_page (i, page, i));
  g_assert_true (gst_harness_push_event (h, gst_event_new_eos ()));
  for (guint i = 0; i < 4; i++) {
    GstBuffer *out = gst_harness_pull (h);

    check_tensors (out, i, page, i);
    gst_buffer_unref (out);
  }
  do {
    event = gst_harness_pull_event (h);
    g_assert_nonnull (event);
    gst_event_unref (event);
  } while (GST_EVENT_TYPE (event) != GST_EVENT_EOS);
  stop (h);
}

static void
note_loaded (GstElement * element, const gchar * name, guint number,
    gpointer loaded)
{
  g_atomic_int_set ((gint *) loaded, 1);
}

/* Frames on their way keep the old model, whatever its kind of answer. */
static void
test_swap (void)
{
  GstHarness *h = start (ECHO ("\"delay_ms\": 5, "), "decoder=tensors "
      "max-in-flight=4");
  g_autofree gchar *path = g_build_filename (directory, "b.pt", NULL);
  gint loaded = 0;
  guint i, n_pushed = 0;

  fake_model_write (path, BOX);
  g_signal_connect (h->element, "model-loaded", G_CALLBACK (note_loaded),
      &loaded);
  g_object_set (h->element, "model", path, "decoder", "yolo-end2end", NULL);
  while (!g_atomic_int_get (&loaded))
    push (h, new_page (n_pushed++ % 250, page, 3));
  push (h, new_page (n_pushed++ % 250, page, 3));
  for (i = 0; i + 1 < n_pushed; i++) {
    GstBuffer *out = gst_harness_pull (h);

    if (gst_buffer_get_torchscript_tensor_meta (out) != NULL)
      check_tensors (out, i % 250, page, 3);
    else
      check_boxes (out, 0, 1, page, 3);
    gst_buffer_unref (out);
  }
  {
    GstBuffer *out = gst_harness_pull (h);
    GstTorchscriptDetectionMeta *meta = get_meta (out,
        GST_TORCHSCRIPT_DETECTION_META_API_TYPE, 1);

    check_boxes (out, 0, 1, page, 3);
    g_assert_cmpuint (meta->model_number, ==, 1);
    gst_buffer_unref (out);
  }
  g_assert_cmpuint (get_count (h, "answered", NULL), ==, n_pushed);
  stop (h);
  g_remove (path);
}

/* Slivers and odd places, in every layout of pixels. */
static void
test_any_box (void)
{
  static const gchar *const formats[] = { "RGB", "BGRx", "GRAY8", "NV12",
    "I420"
  };
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  GstTorchscriptDetection boxes[60];

  for (guint f = 0; f < G_N_ELEMENTS (formats); f++) {
    g_autofree gchar *caps = g_strdup_printf ("video/x-raw, format=%s, "
        "width=63, height=47, framerate=25/1", formats[f]);
    g_autoptr (GstCaps) parsed = gst_caps_from_string (caps);
    GstHarness *h = start (ECHO (""), "decoder=tensors batch-size=8");
    GstVideoInfo info;
    GstBuffer *frame, *out;

    gst_harness_set_src_caps_str (h, caps);
    gst_video_info_from_caps (&info, parsed);
    for (guint i = 0; i < G_N_ELEMENTS (boxes); i++) {
      gfloat x = g_rand_int_range (random, 0, 63);
      gfloat y = g_rand_int_range (random, 0, 47);

      boxes[i] = (GstTorchscriptDetection) {
      x, y, x + g_rand_int_range (random, 1, 64), y +
            (i % 3 == 0 ? 1 : g_rand_int_range (random, 1, 48)), 0.5f, 0};
    }
    frame = gst_buffer_new_allocate (NULL, info.size, NULL);
    gst_buffer_memset (frame, 0, 128, info.size);
    gst_buffer_add_torchscript_detection_meta (frame, "first", 63, 47, 0, boxes,
        G_N_ELEMENTS (boxes));
    out = push_and_pull (h, frame);
    g_assert_cmpuint (gst_buffer_get_n_meta (out,
            GST_TORCHSCRIPT_TENSOR_META_API_TYPE), ==, G_N_ELEMENTS (boxes));
    gst_buffer_unref (out);
    stop (h);
  }
}

int
main (int argc, char **argv)
{
  g_autofree gchar *path = NULL;
  gint result;

  g_setenv ("FAKESHIM_DEVICES", "cpu,cuda:0", TRUE);
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  directory = g_dir_make_tmp ("inferregions-XXXXXX", NULL);
  g_test_add_func ("/regions/order", test_order);
  g_test_add_func ("/regions/batches", test_batches);
  g_test_add_func ("/regions/batch of streams", test_batch_of_streams);
  g_test_add_func ("/regions/batch of frames", test_batch_of_frames);
  g_test_add_func ("/regions/classes", test_classes);
  g_test_add_func ("/regions/margin", test_margin);
  g_test_add_func ("/regions/no place", test_no_place);
  g_test_add_func ("/regions/boxes", test_boxes);
  g_test_add_func ("/regions/mirrored parents", test_mirrored_parents);
  g_test_add_func ("/regions/of others", test_regions_of_others);
  g_test_add_func ("/regions/classification", test_classes_of_detections);
  g_test_add_func ("/regions/masks", test_masks);
  g_test_add_func ("/regions/reuse", test_reuse);
  g_test_add_func ("/regions/reuse of tracked", test_reuse_of_tracked);
  g_test_add_func ("/regions/skip", test_skip);
  g_test_add_func ("/regions/tracker", test_tracker);
  g_test_add_func ("/regions/page structure", test_page_structure);
  g_test_add_func ("/regions/failure", test_failure);
  g_test_add_func ("/regions/cpu takes over", test_cpu_takes_over);
  g_test_add_func ("/regions/cpu cannot take over", test_cpu_cannot_take_over);
  g_test_add_func ("/regions/flush", test_flush);
  g_test_add_func ("/regions/end of stream", test_end_of_stream);
  g_test_add_func ("/regions/swap", test_swap);
  g_test_add_func ("/regions/any box", test_any_box);
  result = g_test_run ();
  path = g_build_filename (directory, "m.pt", NULL);
  g_remove (path);
  g_rmdir (directory);
  g_free (directory);
  return result;
}
