/* test_torchscriptinfer.c - torchscriptinfer on real modules of a few kilobytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/models/README.md says what each module computes.
 */
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include "gsttorchscriptdetectionmeta.h"

/* Red, green, blue of the quarters of the test picture: top left, top right,
 * bottom left, bottom right. */
static const guint8 quarters[4][3] = {
  {250, 20, 130}, {30, 240, 60}, {90, 70, 245}, {200, 190, 10}
};

static gchar *
model_path (const gchar * name)
{
  return g_build_filename (TEST_MODELS_DIR, name, NULL);
}

static GstElement *
new_infer (const gchar * model, const gchar * decoder)
{
  GstElement *infer = gst_element_factory_make ("torchscriptinfer", NULL);
  g_autofree gchar *path = model_path (model);
  GstBus *bus = gst_bus_new ();

  fail_unless (infer != NULL);
  g_object_set (infer, "model", path, "decoder", decoder, "device", "cpu",
      "score-threshold", 0.0, NULL);
  gst_element_set_bus (infer, bus);
  gst_object_unref (bus);
  return infer;
}

/* Owned by the harness alone, in the end. */
static GstHarness *
new_harness (GstElement * infer, const gchar * format, gint width, gint height)
{
  GstHarness *h = gst_harness_new_with_element (infer, "sink", "src");
  GstCaps *caps = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING,
      format, "width", G_TYPE_INT, width, "height", G_TYPE_INT, height,
      "framerate", GST_TYPE_FRACTION, 0, 1, NULL);

  gst_object_unref (infer);
  gst_harness_set_src_caps (h, caps);
  return h;
}

/* Messages on the bus hold the element, which holds the bus. */
static void
tear_down (GstHarness * h)
{
  GstBus *bus = gst_element_get_bus (h->element);

  gst_bus_set_flushing (bus, TRUE);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

/* The error on the element's bus, or NULL. */
static GError *
pop_error (GstElement * infer)
{
  GstBus *bus = gst_element_get_bus (infer);
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  GError *error = NULL;

  if (message != NULL) {
    gst_message_parse_error (message, &error, NULL);
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  return error;
}

static void
paint_quarters (GstVideoFrame * rgba)
{
  gint width = GST_VIDEO_FRAME_WIDTH (rgba);
  gint height = GST_VIDEO_FRAME_HEIGHT (rgba);
  gint x, y;

  for (y = 0; y < height; y++) {
    guint8 *row = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (rgba, 0) +
        y * GST_VIDEO_FRAME_PLANE_STRIDE (rgba, 0);

    for (x = 0; x < width; x++) {
      memcpy (row + 4 * x, quarters[2 * (y >= height / 2) + (x >= width / 2)],
          3);
      row[4 * x + 3] = 255;
    }
  }
}

/* A buffer of @info's format with rows padded on both sides, so that neither
 * strides nor offsets are what the caps alone would say. */
static GstBuffer *
new_padded_buffer (GstVideoInfo * info)
{
  GstVideoAlignment align;
  GstBuffer *buffer;

  gst_video_alignment_reset (&align);
  align.padding_left = 16;
  align.padding_right = 48;
  align.padding_top = 2;
  fail_unless (gst_video_info_align (info, &align));
  buffer = gst_buffer_new_allocate (NULL, info->size, NULL);
  gst_buffer_memset (buffer, 0, 0xa5, -1);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
      info->finfo->format, info->width, info->height, info->finfo->n_planes,
      info->offset, info->stride);
  return buffer;
}

/* The test picture in any format, converted by libgstvideo. */
static GstBuffer *
new_picture (GstHarness * h, gboolean padded)
{
  GstCaps *caps = gst_pad_get_current_caps (h->srcpad);
  GstBuffer *rgba_buffer, *buffer;
  GstVideoInfo rgba_info, info;
  GstVideoConverter *converter;
  GstVideoFrame rgba, frame;

  fail_unless (gst_video_info_from_caps (&info, caps));
  gst_caps_unref (caps);
  gst_video_info_set_format (&rgba_info, GST_VIDEO_FORMAT_RGBA, info.width,
      info.height);
  rgba_info.fps_n = info.fps_n;
  rgba_info.fps_d = info.fps_d;
  converter = gst_video_converter_new (&rgba_info, &info, NULL);
  rgba_buffer = gst_buffer_new_allocate (NULL, rgba_info.size, NULL);
  buffer = padded ? new_padded_buffer (&info)
      : gst_buffer_new_allocate (NULL, info.size, NULL);

  fail_unless (gst_video_frame_map (&rgba, &rgba_info, rgba_buffer,
          GST_MAP_WRITE));
  fail_unless (gst_video_frame_map (&frame, &info, buffer, GST_MAP_WRITE));
  paint_quarters (&rgba);
  gst_video_converter_frame (converter, &rgba, &frame);
  gst_video_frame_unmap (&frame);
  gst_video_frame_unmap (&rgba);
  gst_video_converter_free (converter);
  gst_buffer_unref (rgba_buffer);
  return buffer;
}

/* What channel @channel of quarter @quarter should read as, 0..1. */
static gfloat
expected_score (const gchar * format, gint quarter, gint channel)
{
  const guint8 *rgb = quarters[quarter];

  if (g_str_equal (format, "GRAY8"))    /* BT.601 luma, full range */
    return (0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2]) / 255;
  return rgb[channel] / 255.0f;
}

/* boxes_e2e.pt answers with row 3 * quarter + channel; class is the channel,
 * and the box tells the quarter. */
static void
check_quarters (GstBuffer * buffer, const gchar * format, gint width,
    gint height)
{
  GstTorchscriptDetectionMeta *meta =
      gst_buffer_get_torchscript_detection_meta (buffer);
  /* 8-bit Y'CbCr holds a colour to about two levels. */
  const gfloat tolerance = 3.0f / 255;
  guint i;

  fail_unless (meta != NULL);
  fail_unless_equals_int (meta->frame_width, width);
  fail_unless_equals_int (meta->frame_height, height);
  fail_unless_equals_int (gst_torchscript_detection_meta_get_n_detections
      (meta), 12);
  for (i = 0; i < 12; i++) {
    const GstTorchscriptDetection *d =
        gst_torchscript_detection_meta_get_detection (meta, i);
    gint right = d->x1 > width / 4, bottom = d->y1 > height / 4;
    gfloat score = expected_score (format, 2 * bottom + right, d->class_id);

    fail_unless (ABS (d->x1 - right * width / 2.0f) < 0.01);
    fail_unless (ABS (d->y1 - bottom * height / 2.0f) < 0.01);
    fail_unless (ABS (d->x2 - (right + 1) * width / 2.0f) < 0.01);
    fail_unless (ABS (d->y2 - (bottom + 1) * height / 2.0f) < 0.01);
    fail_unless (ABS (d->score - score) <= tolerance,
        "%s: quarter %d, channel %d: %f, expected %f", format,
        2 * bottom + right, d->class_id, d->score, score);
  }
}

static const gchar *const formats[] = {
  "RGB", "BGR", "RGBx", "BGRx", "xRGB", "xBGR", "RGBA", "BGRA", "ARGB", "ABGR",
  "GRAY8", "NV12", "I420"
};

GST_START_TEST (test_formats_and_strides)
{
  const gchar *format = formats[__i__ / 2];
  GstHarness *h = new_harness (new_infer ("boxes_e2e.pt", "yolo-end2end"),
      format, 128, 128);
  GstBuffer *buffer = gst_harness_push_and_pull (h, new_picture (h, __i__ % 2));

  check_quarters (buffer, format, 128, 128);
  gst_buffer_unref (buffer);
  tear_down (h);
}

GST_END_TEST;

GST_START_TEST (test_video_passes_untouched)
{
  GstHarness *h = new_harness (new_infer ("boxes_e2e.pt", "yolo-end2end"),
      "NV12", 64, 64);
  GstBuffer *in = new_picture (h, FALSE), *out;
  GstBuffer *copy = gst_buffer_copy_deep (in);
  GstReferenceTimestampMeta *foreign;
  GstCaps *reference = gst_caps_new_empty_simple ("timestamp/x-test");
  GstMapInfo map;

  GST_BUFFER_PTS (in) = 7 * GST_SECOND;
  GST_BUFFER_DURATION (in) = GST_SECOND / 25;
  GST_BUFFER_OFFSET (in) = 42;
  gst_buffer_add_reference_timestamp_meta (in, reference, 99, 1);
  out = gst_harness_push_and_pull (h, in);

  fail_unless (out == in);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (out), 7 * GST_SECOND);
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (out), GST_SECOND / 25);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (out), 42);
  foreign = gst_buffer_get_reference_timestamp_meta (out, reference);
  fail_unless (foreign != NULL && foreign->timestamp == 99);
  fail_unless (gst_buffer_map (copy, &map, GST_MAP_READ));
  fail_unless (gst_buffer_memcmp (out, 0, map.data, map.size) == 0);
  gst_buffer_unmap (copy, &map);
  gst_caps_unref (reference);
  gst_buffer_unref (copy);
  gst_buffer_unref (out);
  tear_down (h);
}

GST_END_TEST;

/* A buffer that somebody else holds too gets no metas behind his back, and its
 * pixels are not copied either. */
GST_START_TEST (test_shared_buffer_keeps_its_memory)
{
  GstHarness *h = new_harness (new_infer ("boxes_e2e.pt", "yolo-end2end"),
      "RGB", 64, 64);
  GstBuffer *in = new_picture (h, FALSE), *out;

  out = gst_harness_push_and_pull (h, gst_buffer_ref (in));
  fail_unless (out != in);
  fail_unless (gst_buffer_peek_memory (out, 0) == gst_buffer_peek_memory (in,
          0));
  fail_unless (gst_buffer_get_torchscript_detection_meta (in) == NULL);
  check_quarters (out, "RGB", 64, 64);
  gst_buffer_unref (in);
  gst_buffer_unref (out);
  tear_down (h);
}

GST_END_TEST;

GST_START_TEST (test_results_are_numbered_and_mirrored)
{
  GstHarness *h = new_harness (new_infer ("config.pt", "yolo-end2end"),
      "RGB", 64, 64);
  GstTorchscriptDetectionMeta *meta;
  GstBuffer *out;
  guint i;

  for (i = 0; i < 3; i++) {
    out = gst_harness_push_and_pull (h, new_picture (h, FALSE));
    meta = gst_buffer_get_torchscript_detection_meta (out);
    fail_unless_equals_uint64 (meta->result_number, i);
    fail_unless_equals_string (meta->model_name, "config");
    /* The names come from the file's own config.txt. */
    fail_unless_equals_string (gst_torchscript_detection_meta_get_detection
        (meta, 0)->label, "red");
    fail_unless_equals_int (gst_buffer_get_n_meta (out,
            GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE), 12);
    gst_buffer_unref (out);
  }
  tear_down (h);
}

GST_END_TEST;

static guint
n_detections (GstHarness * h)
{
  GstBuffer *out = gst_harness_push_and_pull (h, new_picture (h, FALSE));
  guint n = gst_torchscript_detection_meta_get_n_detections
      (gst_buffer_get_torchscript_detection_meta (out));

  gst_buffer_unref (out);
  return n;
}

GST_START_TEST (test_thresholds_change_while_playing)
{
  GstElement *infer = new_infer ("boxes_e2e.pt", "yolo-end2end");
  GstHarness *h = new_harness (infer, "RGB", 64, 64);

  fail_unless_equals_int (n_detections (h), 12);
  /* Five of the twelve levels in quarters[] are above 0.7 * 255. */
  g_object_set (infer, "score-threshold", 0.7, NULL);
  fail_unless_equals_int (n_detections (h), 5);
  g_object_set (infer, "max-detections", 2, NULL);
  fail_unless_equals_int (n_detections (h), 2);
  g_object_set (infer, "score-threshold", 1.0, NULL);
  fail_unless_equals_int (n_detections (h), 0);
  g_object_set (infer, "score-threshold", 0.0, "max-detections", 0, NULL);
  fail_unless_equals_int (n_detections (h), 12);
  tear_down (h);
}

GST_END_TEST;

GST_START_TEST (test_caps_change)
{
  GstHarness *h = new_harness (new_infer ("boxes_e2e.pt", "yolo-end2end"),
      "RGB", 64, 64);
  GstBuffer *out;

  fail_unless_equals_int (n_detections (h), 12);
  gst_harness_set_src_caps_str (h,
      "video/x-raw,format=I420,width=320,height=320,framerate=30/1");
  out = gst_harness_push_and_pull (h, new_picture (h, FALSE));
  check_quarters (out, "I420", 320, 320);
  gst_buffer_unref (out);
  tear_down (h);
}

GST_END_TEST;

static const struct
{
  const gchar *format;
  gint width, height;
} extreme_sizes[] = {
  {"RGB", 1, 1}, {"NV12", 1, 1}, {"I420", 1, 5000}, {"GRAY8", 5000, 1},
  {"NV12", 3, 5001}, {"GRAY8", 8000, 8000}, {"NV12", 8000, 8000}
};

GST_START_TEST (test_extreme_sizes)
{
  GstHarness *h = new_harness (new_infer ("boxes_e2e.pt", "yolo-end2end"),
      extreme_sizes[__i__].format, extreme_sizes[__i__].width,
      extreme_sizes[__i__].height);
  GstBuffer *out = gst_harness_push_and_pull (h, new_picture (h, FALSE));

  fail_unless (out != NULL);
  fail_unless (gst_buffer_get_torchscript_detection_meta (out) != NULL);
  gst_buffer_unref (out);
  tear_down (h);
}

GST_END_TEST;

GST_START_TEST (test_empty_frame_is_refused_by_caps)
{
  GstElement *infer = new_infer ("boxes_e2e.pt", "yolo-end2end");
  GstPad *pad = gst_element_get_static_pad (infer, "sink");
  GstCaps *caps = gst_caps_from_string ("video/x-raw,format=RGB,width=0,"
      "height=0,framerate=0/1");

  fail_if (gst_pad_query_accept_caps (pad, caps));
  gst_caps_unref (caps);
  gst_object_unref (pad);
  gst_object_unref (infer);
}

GST_END_TEST;

/* A value that is not the default. */
static void
make_other_value (GParamSpec * spec, GValue * value)
{
  if (G_IS_PARAM_SPEC_STRING (spec)) {
    g_value_set_string (value, "/some/where");
  } else if (G_IS_PARAM_SPEC_BOOLEAN (spec)) {
    g_param_value_set_default (spec, value);
    g_value_set_boolean (value, !g_value_get_boolean (value));
  } else if (G_IS_PARAM_SPEC_ENUM (spec)) {
    GEnumClass *enums = G_PARAM_SPEC_ENUM (spec)->enum_class;
    gint first = enums->values[0].value;

    g_value_set_enum (value, first != G_PARAM_SPEC_ENUM (spec)->default_value ?
        first : enums->values[1].value);
  } else {
    GValue one = G_VALUE_INIT;

    /* 1 and 3 lie in every range of numbers here. */
    g_value_init (&one, G_TYPE_INT);
    g_value_set_int (&one, 1);
    fail_unless (g_value_transform (&one, value), "%s", spec->name);
    if (g_param_value_defaults (spec, value)) {
      g_value_set_int (&one, 3);
      fail_unless (g_value_transform (&one, value), "%s", spec->name);
    }
  }
  fail_if (g_param_value_defaults (spec, value), "%s", spec->name);
}

static void
check_round_trip (GstElement * infer, GParamSpec * spec)
{
  GValue set = G_VALUE_INIT, got = G_VALUE_INIT;

  g_value_init (&set, spec->value_type);
  g_value_init (&got, spec->value_type);
  make_other_value (spec, &set);
  g_object_set_property (G_OBJECT (infer), spec->name, &set);
  g_object_get_property (G_OBJECT (infer), spec->name, &got);
  fail_unless (g_param_values_cmp (spec, &set, &got) == 0, "%s", spec->name);
  g_value_unset (&set);
  g_value_unset (&got);
}

GST_START_TEST (test_properties_round_trip)
{
  GstElement *infer = gst_element_factory_make ("torchscriptinfer", NULL);
  guint i, n, own = 0;
  GParamSpec **specs;

  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (infer), &n);
  for (i = 0; i < n; i++) {
    if (specs[i]->owner_type != G_OBJECT_TYPE (infer)
        || !(specs[i]->flags & G_PARAM_WRITABLE))
      continue;
    check_round_trip (infer, specs[i]);
    own++;
  }
  fail_unless (own > 15);
  g_free (specs);
  gst_object_unref (infer);
}

GST_END_TEST;

GST_START_TEST (test_method_and_labels)
{
  GstElement *infer = new_infer ("config.pt", "yolo-end2end");
  g_autofree gchar *dir = g_dir_make_tmp ("infer-XXXXXX", NULL);
  g_autofree gchar *labels = g_build_filename (dir, "labels.txt", NULL);
  GstHarness *h;
  GstBuffer *out;

  fail_unless (g_file_set_contents (labels, "rot\ngr\303\274n\n", -1, NULL));
  g_object_set (infer, "labels", labels, "method", "forward", NULL);
  h = new_harness (infer, "RGB", 64, 64);
  out = gst_harness_push_and_pull (h, new_picture (h, FALSE));
  /* The best detection is red, the next one blue, which has no name here. */
  fail_unless_equals_string (gst_torchscript_detection_meta_get_detection
      (gst_buffer_get_torchscript_detection_meta (out), 0)->label, "rot");
  fail_unless (gst_torchscript_detection_meta_get_detection
      (gst_buffer_get_torchscript_detection_meta (out), 1)->label == NULL);
  gst_buffer_unref (out);
  tear_down (h);
  g_remove (labels);
  g_rmdir (dir);
}

GST_END_TEST;

/* Errors that are there before any frame: the state change fails and the bus
 * says why. */
static const struct
{
  const gchar *model, *property, *value;
  const gchar *words[4];        /* all of these stand in the message */
} start_errors[] = {
  {NULL, NULL, NULL, {"model", "mlpkg", ".pt"}},
  {"absent.pt", NULL, NULL, {"absent.pt", "no such"}},
  {"README.md", NULL, NULL, {"README.md", "TorchScript"}},
  {".", NULL, NULL, {"metadata.json"}},
  {"empty.pt", NULL, NULL, {"empty.pt", "empty"}},
  {"truncated.pt", NULL, NULL, {"truncated.pt"}},
  {"random.pt", NULL, NULL, {"random.pt", "TorchScript"}},
  {"checkpoint.pt", NULL, NULL, {"checkpoint.pt", "pickled checkpoint",
          "torch.jit"}},
  {"checkpoint_legacy.pt", NULL, NULL, {"checkpoint_legacy.pt",
          "pickled checkpoint", "torch.jit"}},
  {"boxes_e2e.pt", "device", "gpu", {"gpu", "auto", "cpu", "cuda:N"}},
  {"boxes_e2e.pt", "device", "cuda:x", {"cuda:x", "cuda:N"}},
  {"boxes_e2e.pt", "decoder", "yolo", {"yolo", "yolov10", "yolo-end2end"}},
  {"boxes_e2e.pt", "decoder", NULL, {"decoder", "yolov10", "yolo-end2end"}},
  {"boxes_e2e.pt", "method", "detect", {"detect", "forward"}},
  {"boxes_e2e.pt", "labels", "/nowhere/labels.txt", {"/nowhere/labels.txt"}},
};

GST_START_TEST (test_error_at_start)
{
  GstElement *infer = new_infer ("boxes_e2e.pt", "yolo-end2end");
  const gchar *property = start_errors[__i__].property;
  g_autofree gchar *path = NULL;
  GError *error;
  guint i;

  if (start_errors[__i__].model != NULL)
    path = model_path (start_errors[__i__].model);
  g_object_set (infer, "model", path, NULL);
  if (property != NULL)
    g_object_set (infer, property, start_errors[__i__].value, NULL);

  fail_unless (gst_element_set_state (infer, GST_STATE_PAUSED) ==
      GST_STATE_CHANGE_FAILURE);
  error = pop_error (infer);
  fail_unless (error != NULL, "case %d: nothing on the bus", __i__);
  for (i = 0; i < 4 && start_errors[__i__].words[i] != NULL; i++)
    fail_unless (strstr (error->message, start_errors[__i__].words[i]) != NULL,
        "case %d: '%s' is not in: %s", __i__, start_errors[__i__].words[i],
        error->message);
  g_error_free (error);

  /* Set right, the same element starts. */
  g_free (path);
  path = model_path ("boxes_e2e.pt");
  g_object_set (infer, "model", path, "device", "cpu", "decoder",
      "yolo-end2end", "method", NULL, "labels", NULL, NULL);
  tear_down (new_harness (infer, "RGB", 64, 64));
}

GST_END_TEST;

/* Nothing tells that this file takes 64 x 64 only. */
GST_START_TEST (test_size_is_found)
{
  GstElement *infer = new_infer ("fixed_size.pt", "yolo-end2end");
  GstHarness *h;

  g_object_set (infer, "warmup", __i__, NULL);
  h = new_harness (infer, "RGB", 128, 64);
  fail_unless_equals_int (n_detections (h), 1);
  tear_down (h);
}

GST_END_TEST;

/* Errors that only a frame, or the frame size, brings out. */
static const struct
{
  const gchar *model, *decoder;
  const gchar *words[4];
} frame_errors[] = {
  {"raises.pt", "yolo-end2end", {"raises.pt", "this module always fails"}},
  {"mismatch.pt", "yolo-end2end", {"mismatch.pt"}},
  {"wrong_rank.pt", "yolo-end2end", {"[4]", "6]", "yolo-end2end"}},
  {"boxes_e2e.pt", "yolov10", {"boxes_e2e.pt", "yolov10", "0 to 1"}},
  {"boxes_raw.pt", "yolo-end2end", {"[1, 7, 400]", "6]"}},
  {"string_output.pt", "yolo-end2end", {"string"}},
  {"dict_output.pt", "yolo-end2end", {"dict", "boxes", "scores"}},
  {"tuple_output.pt", "yolo-end2end", {"2"}},
  {"object_output.pt", "yolo-end2end", {"Thing"}},
  {"two_inputs.pt", "yolo-end2end", {"two_inputs.pt"}},
  {"nan_output.pt", "yolo-end2end", {"nan_output.pt", "nan", "[0, 0, 2]"}},
  {"inf_output.pt", "yolo-end2end", {"inf_output.pt", "inf",
          "[0, 0, 2]"}},
};

GST_START_TEST (test_error_in_a_frame)
{
  /* With a warm-up the error comes with the caps, without one with the frame. */
  guint warmup = __i__ % 2;
  gint n = __i__ / 2;
  GstElement *infer = new_infer (frame_errors[n].model,
      frame_errors[n].decoder);
  g_autofree gchar *good = model_path ("boxes_e2e.pt");
  GstHarness *h;
  GError *error;
  guint i;

  g_object_set (infer, "warmup", warmup, NULL);
  h = new_harness (infer, "RGB", 64, 64);
  fail_unless (gst_harness_push (h, new_picture (h, FALSE)) != GST_FLOW_OK);
  error = pop_error (infer);
  fail_unless (error != NULL, "%s: nothing on the bus", frame_errors[n].model);
  for (i = 0; i < 4 && frame_errors[n].words[i] != NULL; i++)
    fail_unless (strstr (error->message, frame_errors[n].words[i]) != NULL,
        "%s: '%s' is not in: %s", frame_errors[n].model,
        frame_errors[n].words[i], error->message);
  g_error_free (error);

  gst_object_ref (infer);
  tear_down (h);
  gst_element_set_state (infer, GST_STATE_NULL);
  g_object_set (infer, "model", good, "decoder", "yolo-end2end", NULL);
  h = new_harness (infer, "RGB", 64, 64);
  fail_unless_equals_int (n_detections (h), 12);
  tear_down (h);
}

GST_END_TEST;

/* The caps event is sticky: it comes again before each event and buffer. */
GST_START_TEST (test_refused_caps_are_one_error)
{
  GstElement *infer = new_infer ("raises.pt", "yolo-end2end");
  GstHarness *h = new_harness (infer, "RGB", 64, 64);
  GError *error;

  gst_harness_push (h, new_picture (h, FALSE));
  gst_harness_push (h, new_picture (h, FALSE));
  error = pop_error (infer);
  fail_unless (error != NULL);
  g_error_free (error);
  fail_unless (pop_error (infer) == NULL);

  /* Another size gets another chance. */
  gst_harness_set_src_caps_str (h,
      "video/x-raw,format=RGB,width=32,height=32,framerate=0/1");
  error = pop_error (infer);
  fail_unless (error != NULL);
  g_error_free (error);
  tear_down (h);
}

GST_END_TEST;

/* An empty string is how gst-launch-1.0 says "unset". */
GST_START_TEST (test_empty_settings_are_unset)
{
  GstElement *infer = new_infer ("boxes_e2e.pt", "yolo-end2end");
  GstHarness *h;

  g_object_set (infer, "device", "", "labels", "", "method", "", NULL);
  h = new_harness (infer, "RGB", 64, 64);
  fail_unless_equals_int (n_detections (h), 12);
  tear_down (h);
}

GST_END_TEST;

/* A crop that is only written beside the frame would not reach the model; but
 * upstream need not pack a frame that has strides of its own. */
GST_START_TEST (test_crop_is_left_to_upstream)
{
  GstHarness *h = new_harness (new_infer ("boxes_e2e.pt", "yolo-end2end"),
      "RGB", 64, 64);
  GstCaps *caps = gst_pad_get_current_caps (h->srcpad);
  GstQuery *query = gst_query_new_allocation (caps, TRUE);

  gst_harness_add_propose_allocation_meta (h, GST_VIDEO_META_API_TYPE, NULL);
  gst_harness_add_propose_allocation_meta (h, GST_VIDEO_CROP_META_API_TYPE,
      NULL);
  n_detections (h);             /* settles what GstBaseTransform itself says */
  fail_unless (gst_pad_peer_query (h->srcpad, query));
  fail_unless (gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE,
          NULL));
  fail_if (gst_query_find_allocation_meta (query, GST_VIDEO_CROP_META_API_TYPE,
          NULL));
  gst_query_unref (query);
  gst_caps_unref (caps);
  tear_down (h);
}

GST_END_TEST;

GST_START_TEST (test_short_buffer_is_an_error)
{
  GstElement *infer = new_infer ("boxes_e2e.pt", "yolo-end2end");
  GstHarness *h = new_harness (infer, "RGB", 64, 64);
  GError *error;

  fail_unless (gst_harness_push (h, gst_buffer_new_allocate (NULL, 100,
              NULL)) == GST_FLOW_ERROR);
  error = pop_error (infer);
  fail_unless (error != NULL && strstr (error->message, "64x64") != NULL
      && strstr (error->message, "100") != NULL);
  g_error_free (error);
  tear_down (h);
}

GST_END_TEST;

GST_START_TEST (test_hundred_starts)
{
  GstElement *infer = new_infer ("boxes_e2e.pt", "yolo-end2end");
  GstBus *bus = gst_element_get_bus (infer);
  guint i;

  for (i = 0; i < 100; i++) {
    fail_unless (gst_element_set_state (infer, GST_STATE_PAUSED) !=
        GST_STATE_CHANGE_FAILURE);
    fail_unless (gst_element_set_state (infer, GST_STATE_READY) ==
        GST_STATE_CHANGE_SUCCESS);
  }
  gst_element_set_state (infer, GST_STATE_NULL);
  gst_bus_set_flushing (bus, TRUE);     /* its messages hold the element */
  gst_object_unref (infer);
  ASSERT_OBJECT_REFCOUNT (bus, "bus", 1);
  gst_object_unref (bus);
}

GST_END_TEST;

static Suite *
infer_suite (void)
{
  Suite *suite = suite_create ("torchscriptinfer");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_loop_test (tc, test_formats_and_strides, 0,
      2 * G_N_ELEMENTS (formats));
  tcase_add_test (tc, test_video_passes_untouched);
  tcase_add_test (tc, test_shared_buffer_keeps_its_memory);
  tcase_add_test (tc, test_results_are_numbered_and_mirrored);
  tcase_add_test (tc, test_thresholds_change_while_playing);
  tcase_add_test (tc, test_caps_change);
  tcase_add_loop_test (tc, test_extreme_sizes, 0, G_N_ELEMENTS (extreme_sizes));
  tcase_add_test (tc, test_empty_frame_is_refused_by_caps);
  tcase_add_test (tc, test_properties_round_trip);
  tcase_add_test (tc, test_method_and_labels);
  tcase_add_loop_test (tc, test_error_at_start, 0, G_N_ELEMENTS (start_errors));
  tcase_add_loop_test (tc, test_size_is_found, 0, 2);
  tcase_add_loop_test (tc, test_error_in_a_frame, 0,
      2 * G_N_ELEMENTS (frame_errors));
  tcase_add_test (tc, test_refused_caps_are_one_error);
  tcase_add_test (tc, test_empty_settings_are_unset);
  tcase_add_test (tc, test_crop_is_left_to_upstream);
  tcase_add_test (tc, test_short_buffer_is_an_error);
  tcase_add_test (tc, test_hundred_starts);
  return suite;
}

GST_CHECK_MAIN (infer);
