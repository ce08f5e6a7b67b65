/* tensorize.c - runs the tensorizer on raw pixels, for test_tensorizer.py
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Serves requests from standard input until its end, so that one tensorizer
 * meets many kinds of frames.  A request is the struct below in native byte
 * order and then the planes.  The answer is tensor height and width (gint32)
 * and the floats.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tstensorizer.h"

typedef struct
{
  gint32 tensor_layout, bgr, channels, pad_value;
  gfloat scale[3], offset[3];
  gint32 resize_mode, input_width, input_height, size_divisor;
  gint32 pixel_format, width, height, matrix, full_range;
  gint32 stride[3], size[3];    /* bytes a row, bytes of a plane */
} Request;

static void
read_exactly (void *data, gsize size)
{
  if (size > 0 && fread (data, size, 1, stdin) != 1) {
    fprintf (stderr, "tensorize: the request ends too early\n");
    exit (1);
  }
}

/* Each plane in an allocation of its own size, so that the address sanitizer
 * sees any step over its end. */
static void
read_image (const Request * request, TsImage * image, guint8 * planes[3])
{
  gint i;

  image->format = request->pixel_format;
  image->width = request->width;
  image->height = request->height;
  image->matrix = request->matrix;
  image->full_range = request->full_range;
  for (i = 0; i < 3; i++) {
    planes[i] = g_malloc (request->size[i]);
    read_exactly (planes[i], request->size[i]);
    image->plane[i] = planes[i];
    image->stride[i] = request->stride[i];
  }
}

static void
answer (TsTensorizer * tensorizer, const Request * request,
    const TsImage * image)
{
  TsInputSize size = { request->resize_mode, request->input_width,
    request->input_height, request->size_divisor
  };
  TsLetterbox box;
  gfloat *tensor;
  gsize count;

  ts_letterbox_init (&box, &size, image->width, image->height);
  count = (gsize) request->channels * box.tensor_width * box.tensor_height;
  /* As a network's input is. */
  tensor = g_aligned_alloc (count, sizeof (gfloat), 64);
  ts_tensorizer_run (tensorizer, image, &box, tensor);
  fwrite (&box.tensor_height, sizeof (gint32), 1, stdout);
  fwrite (&box.tensor_width, sizeof (gint32), 1, stdout);
  fwrite (tensor, sizeof (gfloat), count, stdout);
  fflush (stdout);
  g_aligned_free (tensor);
}

static void
serve (const Request * request, TsTensorizer ** tensorizer,
    TsTensorFormat * format)
{
  TsTensorFormat wanted;
  guint8 *planes[3];
  TsImage image;
  gint i;

  /* Compared as bytes below, so those between the fields count. */
  memset (&wanted, 0, sizeof wanted);
  wanted.layout = request->tensor_layout;
  wanted.bgr = request->bgr;
  wanted.channels = request->channels;
  wanted.pad_value = request->pad_value;
  memcpy (wanted.scale, request->scale, sizeof wanted.scale);
  memcpy (wanted.offset, request->offset, sizeof wanted.offset);
  if (*tensorizer == NULL || memcmp (&wanted, format, sizeof wanted) != 0) {
    ts_tensorizer_free (*tensorizer);
    *tensorizer = ts_tensorizer_new (&wanted);
    *format = wanted;
  }
  read_image (request, &image, planes);
  answer (*tensorizer, request, &image);
  for (i = 0; i < 3; i++)
    g_free (planes[i]);
}

int
main (void)
{
  TsTensorizer *tensorizer = NULL;
  TsTensorFormat format;
  Request request;

  while (fread (&request, sizeof request, 1, stdin) == 1)
    serve (&request, &tensorizer, &format);
  ts_tensorizer_free (tensorizer);
  return 0;
}
