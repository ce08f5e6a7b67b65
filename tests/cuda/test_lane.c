/* test_lane.c - frames on a card, against the same frames on the CPU
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The CPU's tensors are those that tests/frame/ compares with OpenCV.
 */
#include <math.h>
#include <string.h>

#include "../shim/shimtest.h"
#include "tsdecoder.h"
#include "tsshimframe.h"
#include "tstensorizer.h"

#define SLACK 64

static const TsShimApi *api;

/* An image of random bytes with strides of its own. */
typedef struct
{
  TsImage image;
  guint8 *memory;
} Picture;

static gint
n_planes (TsPixelFormat format)
{
  return format == TS_PIXEL_NV12 ? 2 : format == TS_PIXEL_I420 ? 3 : 1;
}

static gsize
row_bytes (TsPixelFormat format, gint plane, gint width)
{
  const gint sizes[] = { 3, 3, 4, 4, 4, 4, 1, 1, 1 };

  if (plane == 0)
    return (gsize) width *sizes[format];
  return (gsize) (width + 1) / 2 * (format == TS_PIXEL_NV12 ? 2 : 1);
}

static void
picture_init (Picture * self, TsPixelFormat format, gint width, gint height,
    gboolean pinned)
{
  gsize size = (gsize) width * height * 8 + 64 * 1024, offset = 0;
  guint32 state = (guint32) (width * 31 + height * 7 + format);

  self->memory = pinned ? api->host_alloc ("cuda:0", size) : g_malloc (size);
  for (gsize i = 0; i < size; i++)
    self->memory[i] = (state = state * 1664525u + 1013904223u) >> 24;
  self->image = (TsImage) {
  format, width, height};
  for (gint i = 0; i < n_planes (format); i++) {
    self->image.plane[i] = self->memory + offset;
    self->image.stride[i] = (gint) row_bytes (format, i, width) + 5 + 3 * i;
    offset += (gsize) self->image.stride[i] * (i ? (height + 1) / 2 : height);
  }
  g_assert_cmpuint (offset, <=, size);
}

static void
picture_clear (Picture * self, gboolean pinned)
{
  if (pinned)
    api->host_free (self->memory);
  else
    g_free (self->memory);
}

static TsShimModule *
load (const gchar * name, TsShimDtype dtype, const gchar * op_lib)
{
  g_autofree gchar *path = shim_test_path (name);
  const gchar *op_libs[] = { op_lib, NULL };
  TsShimLoadOptions options = { path, "cuda:0", NULL, 1, dtype,
    op_lib ? op_libs : NULL
  };

  return shim_test_load_with (&options);
}

/* The first of the process: nothing has asked for memory of the card yet. */
static void
test_no_weights (void)
{
  TsShimModule *module = load ("identity.pt", TS_SHIM_FLOAT32, NULL);
  TsShimUse use;

  api->use (module, &use);
  g_assert_cmpint (use.weight_bytes, ==, 0);
  g_assert_cmpint (use.device_bytes, ==, 0);
  api->module_free (module);
}

static TsShimLane *
new_lane_like (TsShimModule * module, const TsShimLane * like)
{
  gchar error[SHIM_TEST_ERROR_SIZE] = "";
  TsShimLane *lane = NULL;

  if (api->lane_new (module, like, &lane, error, sizeof error) != TS_SHIM_OK)
    g_error ("%s", error);
  return lane;
}

static TsShimLane *
new_lane (TsShimModule * module)
{
  return new_lane_like (module, NULL);
}

static const TsShimValue *
run_lane (TsShimLane * lane, const TsFrameInput * input, const TsFrame * frames,
    guint n)
{
  g_autofree TsShimFrame *in = g_new (TsShimFrame, n);
  gchar error[SHIM_TEST_ERROR_SIZE] = "";
  const TsShimValue *value = NULL;
  TsShimInput shape;

  ts_shim_input_init (&shape, input, &frames[0].letterbox);
  for (guint i = 0; i < n; i++)
    ts_shim_frame_init (&in[i], &frames[i]);
  if (api->lane_run (lane, &shape, in, n, input->keep, &value, error,
          sizeof error) != TS_SHIM_OK)
    g_error ("%s", error);
  return value;
}

/* Tensors */

/* The same on the CPU, of @input->dtype. */
static void
make_expected (const TsFrameInput * input, const TsFrame * frame, guint8 * out)
{
  const TsLetterbox *box = &frame->letterbox;
  gsize n = (gsize) input->format->channels * box->tensor_width
      * box->tensor_height;
  g_autofree gfloat *pixels = g_new (gfloat, n);
  TsTensorizer *tensorizer = ts_tensorizer_new (input->format);

  ts_tensorizer_run (tensorizer, frame->image, box, pixels);
  ts_dtype_from_float (input->dtype, pixels, n, out);
  ts_tensorizer_free (tensorizer);
}

static void
assert_same (const TsFrameInput * input, const TsFrame * frames, guint n,
    const TsShimTensor * found)
{
  gsize size = (gsize) input->format->channels
      * frames[0].letterbox.tensor_width * frames[0].letterbox.tensor_height
      * ts_dtype_size (input->dtype);
  g_autofree guint8 *expected = g_malloc (size * n);

  for (guint i = 0; i < n; i++)
    make_expected (input, &frames[i], expected + i * size);
  g_assert_cmpint (found->shape[0], ==, n);
  for (gsize i = 0; i < size * n; i++)
    if (((const guint8 *) found->data)[i] != expected[i])
      g_error ("%dx%d, pixel format %d, %s: byte %" G_GSIZE_FORMAT " of %"
          G_GSIZE_FORMAT " differs", frames[0].image->width,
          frames[0].image->height, frames[0].image->format,
          ts_dtype_name (input->dtype), i, size * n);
}

static void
check_tensor (TsShimLane * lane, const TsTensorFormat * format, TsDtype dtype,
    const TsInputSize * size, const TsImage * image)
{
  const TsFrameInput input = { format, dtype, 0 };
  TsFrame frame = { image };

  ts_letterbox_init (&frame.letterbox, size, image->width, image->height);
  assert_same (&input, &frame, 1, api->value_tensor (run_lane (lane, &input,
              &frame, 1)));
}

static const TsTensorFormat formats[] = {
  {TS_LAYOUT_NCHW, FALSE, 3, 114, {1 / 255.f, 1 / 255.f, 1 / 255.f}},
  {TS_LAYOUT_NHWC, TRUE, 3, 0, {1 / 58.f, 1 / 57.f, 1 / 55.f},
      {-2.1f, -2.f, -1.8f}},
  {TS_LAYOUT_NCHW, FALSE, 1, 255, {1 / 255.f}},
};

static const TsInputSize sizes[] = {
  {TS_RESIZE_LETTERBOX, 640, 640, 0},
  {TS_RESIZE_LETTERBOX, 640, 640, 32},
  {TS_RESIZE_STRETCH, 224, 96, 0},
};

static void
check_picture (TsShimLane * lane, TsPixelFormat pixels, gint width, gint height,
    gboolean pinned)
{
  Picture picture;

  picture_init (&picture, pixels, width, height, pinned);
  for (guint f = 0; f < G_N_ELEMENTS (formats); f++)
    for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
      picture.image.matrix = (TsColorMatrix) ((f + s) % 3);
      picture.image.full_range = (f + s) % 2;
      check_tensor (lane, &formats[f], (TsDtype) s, &sizes[s], &picture.image);
    }
  picture_clear (&picture, pinned);
}

/* Float32, float16 and bfloat16; every size of every kind of scaling. */
static void
test_tensors (void)
{
  const gint edges[][2] = { {1920, 1080}, {640, 640}, {101, 67}, {1, 1}, {2, 3},
  {1280, 1281}, {320, 160}
  };
  TsShimModule *module = load ("identity.pt", TS_SHIM_FLOAT32, NULL);
  TsShimLane *lane = new_lane (module);

  for (gint format = TS_PIXEL_RGB; format <= TS_PIXEL_I420; format++)
    for (guint i = 0; i < G_N_ELEMENTS (edges); i++)
      check_picture (lane, (TsPixelFormat) format, edges[i][0], edges[i][1],
          (format + i) % 2);
  api->lane_free (lane);
  api->module_free (module);
}

/* Frames of several sizes and formats in one batch, again and again. */
static void
test_batch (void)
{
  const gint edges[][2] = { {640, 480}, {1280, 960}, {64, 48}, {320, 240} };
  const TsFrameInput input = { &formats[0], TS_DTYPE_FLOAT32, 0 };
  TsShimModule *module = load ("identity.pt", TS_SHIM_FLOAT32, NULL);
  TsShimLane *lane = new_lane (module);
  Picture pictures[4];
  TsFrame frames[4];

  for (guint i = 0; i < 4; i++) {
    picture_init (&pictures[i], (TsPixelFormat) (2 * i), edges[i][0],
        edges[i][1], i % 2);
    frames[i].image = &pictures[i].image;
    ts_letterbox_init (&frames[i].letterbox, &sizes[0], edges[i][0],
        edges[i][1]);
  }
  for (guint n = 4; n > 0; n--)
    for (guint run = 0; run < 6; run++)
      assert_same (&input, frames, n, api->value_tensor (run_lane (lane,
                  &input, frames, n)));
  for (guint i = 0; i < 4; i++)
    picture_clear (&pictures[i], i % 2);
  api->lane_free (lane);
  api->module_free (module);
}

/* Heads */

static void
decode_head (const TsShimTensor * head, guint item, TsResult * result)
{
  g_autoptr (GError) error = NULL;
  const TsDecodeParams params = {.score_threshold = 0.1f,.max_detections = 300
  };
  TsOutput output = { head->data, head->n_dims };

  memcpy (output.shape, head->shape, sizeof output.shape);
  ts_result_init (result);
  ts_decoder_find ("yolov10", NULL)->decode (&output, item, &params, result,
      &error);
  g_assert_no_error (error);
}

/* What the decoder makes of the kept columns is what it makes of all. */
static void
assert_same_boxes (const TsShimTensor * kept, const TsShimTensor * all, guint n)
{
  for (guint item = 0; item < n; item++) {
    g_auto (TsResult) found = { NULL }, expected = { NULL };

    decode_head (kept, item, &found);
    decode_head (all, item, &expected);
    g_assert_cmpuint (expected.boxes->len, >, 0);
    g_assert_cmpmem (found.boxes->data, found.boxes->len * sizeof (TsBox),
        expected.boxes->data, expected.boxes->len * sizeof (TsBox));
  }
}

static void
check_head (TsShimLane * lane, const TsInputSize * size, gint width,
    gint height, guint n)
{
  const TsFrameInput input = { &formats[0], TS_DTYPE_FLOAT32, 300 };
  gchar error[SHIM_TEST_ERROR_SIZE] = "";
  TsShimValue *answer = NULL;
  const TsShimTensor *kept;
  Picture picture;
  TsFrame frames[3];

  picture_init (&picture, TS_PIXEL_RGB, width, height, FALSE);
  for (guint i = 0; i < n; i++) {
    frames[i].image = &picture.image;
    ts_letterbox_init (&frames[i].letterbox, size, width, height);
  }
  kept = api->value_tensor (run_lane (lane, &input, frames, n));
  g_assert_cmpint (kept->shape[2], ==, 300);
  g_assert_cmpint (api->lane_answer (lane, &answer, error, sizeof error), ==,
      TS_SHIM_OK);
  g_assert_cmpint (api->value_tensor (answer)->shape[2], ==,
      (gint64) size->width * size->height);
  assert_same_boxes (kept, api->value_tensor (answer), n);
  api->value_free (answer);
  picture_clear (&picture, FALSE);
}

/* Bytes have many equal scores; sizes so that the columns fill no whole block. */
static void
test_heads (void)
{
  const TsInputSize large = { TS_RESIZE_STRETCH, 160, 136, 0 };
  const TsInputSize small = { TS_RESIZE_STRETCH, 31, 11, 0 };
  TsShimModule *module = load ("head.pt", TS_SHIM_FLOAT32, NULL);
  TsShimLane *lane = new_lane (module);

  for (guint run = 0; run < 6; run++)
    for (guint n = 3; n > 0; n--) {
      check_head (lane, &large, 160, 136, n);
      check_head (lane, &large, 53, 29, n);
    }
  check_head (lane, &small, 31, 11, 2);
  api->lane_free (lane);
  api->module_free (module);
}

/* Graphs */

static TsShimValue *
answer_of_cpu (const gchar * name, const TsFrameInput * input,
    const TsFrame * frame)
{
  const TsLetterbox *box = &frame->letterbox;
  gsize n = (gsize) 3 * box->tensor_width * box->tensor_height;
  g_autofree gfloat *pixels = g_new (gfloat, n);
  TsShimTensor tensor = shim_test_tensor (pixels, 4, 1, 3, box->tensor_height,
      box->tensor_width);
  TsShimModule *module = shim_test_load (name);
  TsShimValue *value;

  make_expected (input, frame, (guint8 *) pixels);
  value = shim_test_run (module, &tensor);
  api->module_free (module);
  return value;
}

static void
assert_close (const TsShimTensor * found, const TsShimTensor * expected,
    gdouble tolerance)
{
  gsize n = 1;

  g_assert_cmpint (found->n_dims, ==, expected->n_dims);
  for (gint i = 0; i < found->n_dims; i++) {
    g_assert_cmpint (found->shape[i], ==, expected->shape[i]);
    n *= found->shape[i];
  }
  for (gsize i = 0; i < n; i++)
    if (fabs (((const gfloat *) found->data)[i]
            - ((const gfloat *) expected->data)[i]) > tolerance)
      g_error ("%g in place of %g", ((const gfloat *) found->data)[i],
          ((const gfloat *) expected->data)[i]);
}

/* Runs a module on three frames in turn, as often as a graph takes to be made, and
 * compares with the CPU. */
static void
check_module (const gchar * name, const gchar * op_lib, gdouble tolerance,
    const gchar * note)
{
  const TsFrameInput input = { &formats[0], TS_DTYPE_FLOAT32, 0 };
  const TsInputSize size = { TS_RESIZE_STRETCH, 96, 64, 0 };
  TsShimModule *module = load (name, TS_SHIM_FLOAT32, op_lib);
  TsShimLane *lane = new_lane (module);

  for (guint i = 0; i < 9; i++) {
    TsShimValue *expected = NULL;
    const TsShimValue *found;
    Picture picture;
    TsFrame frame;

    picture_init (&picture, TS_PIXEL_RGB, 96, 64 + 8 * (i % 3), FALSE);
    if (i % 3 == 2)
      memset (picture.memory, 200, 96 * 80 * 4);
    frame.image = &picture.image;
    ts_letterbox_init (&frame.letterbox, &size, 96, picture.image.height);
    expected = answer_of_cpu (op_lib ? "identity.pt" : name, &input, &frame);
    found = run_lane (lane, &input, &frame, 1);
    if (op_lib)
      for (guint k = 0; k < 3 * 96 * 64; k++)
        ((gfloat *) api->value_tensor (expected)->data)[k] += 1.f;
    assert_close (api->value_tensor (found), api->value_tensor (expected),
        tolerance);
    api->value_free (expected);
    picture_clear (&picture, FALSE);
  }
  g_test_message ("%s: %s", name, api->lane_note (lane));
  shim_test_assert_contains (api->lane_note (lane), note);
  api->lane_free (lane);
  api->module_free (module);
}

static void
test_graphs (void)
{
  check_module ("activated.pt", NULL, 1e-4, "as a CUDA graph");
  check_module ("unnamed_device.pt", NULL, 1e-4, "as a CUDA graph");
  check_module ("boxes_raw.pt", NULL, 1e-4, "as a CUDA graph");
}

/* What no graph can hold runs call by call, and does the others no harm. */
static void
test_no_graphs (void)
{
  check_module ("branches.pt", NULL, 1e-6, "call by call");
  check_module ("boxes_e2e.pt", NULL, 1e-4, "call by call");
  check_module ("activated.pt", NULL, 1e-4, "as a CUDA graph");
}

/* A wait that only CUDA itself notices, in the middle of the capture. */
static void
test_failed_capture (void)
{
  for (guint i = 0; i < 2; i++) {
    check_module ("waits.pt", g_getenv ("TS_TEST_WAITING_OP"), 1e-6,
        "call by call");
    check_module ("activated.pt", NULL, 1e-4, "as a CUDA graph");
  }
}

/* Half precision against float32; stated in docs/benchmarks/cuda.md. */
static void
test_half (void)
{
  const TsFrameInput exact = { &formats[0], TS_DTYPE_FLOAT32, 0 };
  const TsFrameInput input = { &formats[0], TS_DTYPE_FLOAT16, 0 };
  const TsInputSize size = { TS_RESIZE_STRETCH, 96, 64, 0 };
  TsShimModule *module = load ("activated.pt", TS_SHIM_FLOAT16, NULL);
  TsShimLane *lane = new_lane (module);
  TsShimValue *expected;
  const TsShimTensor *found;
  gfloat *numbers;
  Picture picture;
  TsFrame frame;
  gsize n = 7 * 48 * 32;

  picture_init (&picture, TS_PIXEL_NV12, 200, 100, FALSE);
  frame.image = &picture.image;
  ts_letterbox_init (&frame.letterbox, &size, 200, 100);
  expected = answer_of_cpu ("activated.pt", &exact, &frame);
  found = api->value_tensor (run_lane (lane, &input, &frame, 1));
  g_assert_cmpint (found->dtype, ==, TS_SHIM_FLOAT16);
  numbers = g_new (gfloat, n);
  ts_dtype_to_float (TS_DTYPE_FLOAT16, found->data, n, numbers);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (fabs (numbers[i]
            - ((gfloat *) api->value_tensor (expected)->data)[i]), <, 0.02);
  g_free (numbers);
  api->value_free (expected);
  picture_clear (&picture, FALSE);
  api->lane_free (lane);
  api->module_free (module);
}

/* Two lanes of one module, each in a thread of its own. */
static gpointer
run_many (gpointer data)
{
  TsShimLane *lane = data;

  for (guint i = 0; i < 40; i++) {
    const TsInputSize size = { TS_RESIZE_STRETCH, 160, 136, 0 };

    check_head (lane, &size, 160 - (gint) (i % 2), 136, 1 + i % 3);
  }
  api->lane_free (lane);
  return NULL;
}

static void
test_lanes (void)
{
  TsShimModule *module = load ("head.pt", TS_SHIM_FLOAT32, NULL);
  TsShimLane *first = new_lane (module);
  const TsInputSize size = { TS_RESIZE_STRETCH, 160, 136, 0 };
  GThread *threads[3];

  check_head (first, &size, 160, 136, 2);
  for (guint i = 0; i < 3; i++)
    threads[i] = g_thread_new ("lane", run_many, i == 0 ? first :
        new_lane_like (module, i == 1 ? first : NULL));
  for (guint i = 0; i < 3; i++)
    g_thread_join (threads[i]);
  api->module_free (module);
}

/* Errors */

static void
test_mixed_devices (void)
{
  g_autofree gchar *path = shim_test_path ("stays_behind.pt");
  const TsFrameInput input = { &formats[0], TS_DTYPE_FLOAT32, 0 };
  TsShimModule *module = load ("stays_behind.pt", TS_SHIM_FLOAT32, NULL);
  TsShimLane *lane = new_lane (module);
  gchar error[SHIM_TEST_ERROR_SIZE] = "";
  const TsShimValue *value = NULL;
  TsShimInput shape;
  TsShimFrame in;
  Picture picture;
  TsFrame frame;

  picture_init (&picture, TS_PIXEL_RGB, 64, 64, FALSE);
  frame.image = &picture.image;
  ts_letterbox_init (&frame.letterbox, &sizes[0], 64, 64);
  ts_shim_input_init (&shape, &input, &frame.letterbox);
  ts_shim_frame_init (&in, &frame);
  g_assert_cmpint (api->lane_run (lane, &shape, &in, 1, 0, &value, error,
          sizeof error), ==, TS_SHIM_ERROR_FORWARD);
  shim_test_assert_contains (error, path);
  shim_test_assert_contains (error, "stays on another device than cuda:0");
  shim_test_assert_contains (error, "export it anew");
  g_test_message ("%s", error);
  picture_clear (&picture, FALSE);
  api->lane_free (lane);
  api->module_free (module);
}

static void
test_lane_on_cpu (void)
{
  TsShimModule *module = shim_test_load ("identity.pt");
  gchar error[SHIM_TEST_ERROR_SIZE] = "";
  TsShimLane *lane = NULL;

  g_assert_cmpint (api->lane_new (module, NULL, &lane, error, sizeof error), ==,
      TS_SHIM_ERROR_DEVICE);
  g_assert_null (lane);
  shim_test_assert_contains (error, "is on cpu");
  api->module_free (module);
}

/* The constant "cpu" of a traced graph is pointed at the card at load. */
static void
test_traced_device (void)
{
  TsShimModule *module = load ("traced_device.pt", TS_SHIM_FLOAT32, NULL);
  gfloat data[] = { 1, 1, 1 };
  const gfloat expected[] = { 1, 2, 3 };
  TsShimTensor input = shim_test_tensor (data, 2, 1, 3);
  TsShimValue *value = shim_test_run (module, &input);

  shim_test_assert_floats (value, expected, 3);
  api->value_free (value);
  api->module_free (module);
}

int
main (int argc, char **argv)
{
  gchar error[SHIM_TEST_ERROR_SIZE] = "";

  g_test_init (&argc, &argv, NULL);
  api = shim_test_api ();
  if (!api->lane_new
      || api->check_device ("cuda:0", error, sizeof error) != TS_SHIM_OK) {
    g_print ("skipped: %s\n", *error ? error : "this shim has no CUDA kernels");
    return 77;
  }
  g_test_add_func ("/cuda/no-weights", test_no_weights);
  g_test_add_func ("/cuda/tensors", test_tensors);
  g_test_add_func ("/cuda/batch", test_batch);
  g_test_add_func ("/cuda/heads", test_heads);
  g_test_add_func ("/cuda/traced-device", test_traced_device);
  g_test_add_func ("/cuda/half", test_half);
  g_test_add_func ("/cuda/graphs", test_graphs);
  g_test_add_func ("/cuda/no-graphs", test_no_graphs);
  g_test_add_func ("/cuda/failed-capture", test_failed_capture);
  g_test_add_func ("/cuda/lanes", test_lanes);
  g_test_add_func ("/cuda/mixed-devices", test_mixed_devices);
  g_test_add_func ("/cuda/lane-on-cpu", test_lane_on_cpu);
  return g_test_run ();
}
