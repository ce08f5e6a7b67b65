/* fuzz_frame.c - frames of any size and format to tensors, boxes back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdlib.h>

#include "fuzz.h"
#include "tsroi.h"
#include "tstensorizer.h"

#define MAX_EDGE 100

/* Each plane ends where its last row ends, so that a sanitizer sees one byte too
 * many. */
static void
make_planes (TsImage * image, guint padding, guint8 * planes[3])
{
  static const gint pixel_size[] = { 3, 3, 4, 4, 4, 4, 1, 1, 1 };
  gint w = image->width, h = image->height;
  gint cw = (w + 1) / 2, ch = (h + 1) / 2;
  gint row[3] = { w * pixel_size[image->format], 0, 0 };
  gint rows[3] = { h, ch, ch };

  if (image->format == TS_PIXEL_NV12)
    row[1] = 2 * cw;
  if (image->format == TS_PIXEL_I420)
    row[1] = row[2] = cw;
  for (guint i = 0; i < 3 && row[i] > 0; i++) {
    gsize size = (gsize) (row[i] + padding) * (rows[i] - 1) + row[i];

    image->stride[i] = row[i] + (gint) padding;
    image->plane[i] = planes[i] = g_malloc (size);
    for (gsize n = 0; n < size; n++)
      planes[i][n] = (guint8) (n * 37 + i);
  }
}

/* A region, if one lies in the frame. */
static void
crop (TsImage * image, FuzzBytes * bytes)
{
  gint x = (gint16) fuzz_short (bytes), y = (gint16) fuzz_short (bytes);
  guint width = fuzz_short (bytes), height = fuzz_short (bytes);
  g_autofree gchar *text = g_strdup_printf ("%d,%d,%u,%u", x, y, width, height);
  TsRoi roi;

  if (ts_roi_place (text, image->width, image->height, &roi, NULL))
    ts_image_crop (image, &roi);
}

static void
check_box (const TsLetterbox * letterbox, FuzzBytes * bytes)
{
  gfloat box[4] = { fuzz_short (bytes) - 999.f, fuzz_short (bytes) - 999.f,
    fuzz_short (bytes), fuzz_short (bytes)
  };

  ts_letterbox_unmap (letterbox, box);
  for (guint i = 0; i < 4; i++) {
    gint edge = i % 2 ? letterbox->source_height : letterbox->source_width;

    if (!(box[i] >= 0 && box[i] <= edge))
      abort ();
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  FuzzBytes bytes = { data, size };
  TsTensorFormat format = {
    .layout = fuzz_byte (&bytes) % 2,.bgr = fuzz_byte (&bytes) % 2,
    .channels = fuzz_byte (&bytes) % 2 ? 3 : 1,.pad_value = 114,
    .scale = {1 / 255.f, 1 / 255.f, 1 / 255.f},
  };
  TsImage image = {
    .format = fuzz_byte (&bytes) % (TS_PIXEL_I420 + 1),
    .width = 1 + fuzz_short (&bytes) % MAX_EDGE,
    .height = 1 + fuzz_short (&bytes) % MAX_EDGE,
    .matrix = fuzz_byte (&bytes) % 3,.full_range = fuzz_byte (&bytes) % 2,
  };
  gint divisor = fuzz_byte (&bytes) % 33;
  gint unit = MAX (divisor, 1);
  TsInputSize wanted = {
    .mode = fuzz_byte (&bytes) % 2,.size_divisor = divisor,
    .width = unit * (1 + fuzz_short (&bytes) % (MAX_EDGE / unit)),
    .height = unit * (1 + fuzz_short (&bytes) % (MAX_EDGE / unit)),
  };
  g_autoptr (TsTensorizer) tensorizer = ts_tensorizer_new (&format);
  guint8 *planes[3] = { NULL, };
  g_autofree gfloat *tensor = NULL;
  TsLetterbox letterbox;
  gsize n;

  make_planes (&image, fuzz_byte (&bytes) % 70, planes);
  crop (&image, &bytes);
  ts_letterbox_init (&letterbox, &wanted, image.width, image.height);
  n = (gsize) format.channels * letterbox.tensor_width
      * letterbox.tensor_height;
  tensor = g_new (gfloat, n);
  ts_tensorizer_run (tensorizer, &image, &letterbox, tensor);
  for (gsize i = 0; i < n; i++)
    if (!(tensor[i] >= 0.f && tensor[i] <= 1.f))
      abort ();
  check_box (&letterbox, &bytes);
  for (guint i = 0; i < 3; i++)
    g_free (planes[i]);
  return 0;
}
