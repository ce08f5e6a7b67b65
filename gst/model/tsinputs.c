/* tsinputs.c - a frame to the arguments of a module
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsinputs.h"

#include <stdlib.h>
#include <string.h>

#include "../frame/tstensorizer.h"
#include "tserror.h"

/* Of the frames' memory: what rows of whole cache lines need to be written without
 * being read before. */
#define ALIGNMENT 64

struct _TsInputs
{
  const TsModelSpec *spec;
  TsTensorizer *tensorizer;
  TsLetterbox letterbox;        /* of the last frame */
  GArray *letterboxes;          /* of the batch's (TsLetterbox) */
  gfloat *pixels;               /* the frames as float32 */
  gpointer converted;           /* the same in spec->dtype; NULL: not needed */
  gsize n_pixels;               /* there is room for */
  TsTensor *tensors;
  gpointer *memory;             /* of all tensors but the frame */
  guint n;
};

static void
init_tensor (TsInputs * self, guint i, const TsInputSpec * input)
{
  TsTensor *tensor = &self->tensors[i];

  if (input->source == TS_INPUT_FRAME)
    return;
  tensor->dtype = input->dtype;
  tensor->n_dims = input->n_dims;
  memcpy (tensor->shape, input->shape, sizeof tensor->shape);
  tensor->data = self->memory[i] = g_malloc0 (ts_tensor_n_elements (tensor)
      * ts_dtype_size (tensor->dtype) + 1);
  if (input->source == TS_INPUT_CONSTANT)
    ts_dtype_from_float (tensor->dtype, input->values,
        ts_tensor_n_elements (tensor), self->memory[i]);
}

TsInputs *
ts_inputs_new (const TsModelSpec * spec)
{
  TsInputs *self = g_new0 (TsInputs, 1);

  self->spec = spec;
  self->tensorizer = ts_tensorizer_new (&spec->format);
  self->letterboxes = g_array_new (FALSE, TRUE, sizeof (TsLetterbox));
  self->n = spec->inputs->len;
  self->tensors = g_new0 (TsTensor, self->n);
  self->memory = g_new0 (gpointer, self->n);
  for (guint i = 0; i < self->n; i++)
    init_tensor (self, i, &g_array_index (spec->inputs, TsInputSpec, i));
  return self;
}

void
ts_inputs_free (TsInputs * self)
{
  if (!self)
    return;
  for (guint i = 0; i < self->n; i++)
    g_free (self->memory[i]);
  g_free (self->memory);
  g_free (self->tensors);
  g_array_unref (self->letterboxes);
  g_clear_pointer (&self->tensorizer, ts_tensorizer_free);
  free (self->pixels);
  g_free (self->converted);
  g_free (self);
}

static gfloat *
try_alloc_pixels (gsize n)
{
  if (n > G_MAXSIZE / sizeof (gfloat) - ALIGNMENT)
    return NULL;
  return aligned_alloc (ALIGNMENT,
      (n * sizeof (gfloat) / ALIGNMENT + 1) * ALIGNMENT);
}

static gboolean
reserve (TsInputs * self, gsize n, GError ** error)
{
  gboolean converts = self->spec->dtype != TS_DTYPE_FLOAT32;

  if (n <= self->n_pixels)
    return TRUE;
  g_clear_pointer (&self->pixels, free);
  g_clear_pointer (&self->converted, g_free);
  self->pixels = try_alloc_pixels (n);
  if (converts)
    self->converted = g_try_malloc_n (n, ts_dtype_size (self->spec->dtype));
  self->n_pixels = n;
  if (self->pixels && (self->converted || !converts))
    return TRUE;
  self->n_pixels = 0;
  g_set_error (error, TS_ERROR, TS_ERROR_MEMORY,
      "%s: no memory for an input of %" G_GSIZE_FORMAT
      " numbers; use a smaller input or free memory", self->spec->path, n);
  return FALSE;
}

void
ts_inputs_place (const TsModelSpec * spec, gint width, gint height,
    TsLetterbox * letterbox)
{
  const TsInputSize as_it_is = { TS_RESIZE_STRETCH, width, height, 0 };

  ts_letterbox_init (letterbox, spec->keeps_size ? &as_it_is : &spec->size,
      width, height);
}

static void
place_frame (TsInputs * self, gint width, gint height)
{
  TsLetterbox *box = &self->letterbox;

  if (box->source_width != width || box->source_height != height)
    ts_inputs_place (self->spec, width, height, box);
}

/* A list holds images without the batch dimension. */
static void
set_frame_shape (const TsInputs * self, guint n_items, TsTensor * tensor)
{
  gboolean is_nchw = self->spec->format.layout == TS_LAYOUT_NCHW;
  gint64 channels = self->spec->format.channels;
  gint64 height = self->letterbox.tensor_height;
  gint64 width = self->letterbox.tensor_width;
  const gint64 nchw[4] = { n_items, channels, height, width };
  const gint64 nhwc[4] = { n_items, height, width, channels };
  gint skipped = self->spec->input_form == TS_INPUT_FORM_LIST;

  tensor->n_dims = 4 - skipped;
  memcpy (tensor->shape, (is_nchw ? nchw : nhwc) + skipped,
      tensor->n_dims * sizeof (gint64));
}

static void
fill_pixels (TsInputs * self, const TsImage * image, guint item, gsize n)
{
  TsDtype dtype = self->spec->dtype;
  gfloat *pixels = self->pixels + item * n;

  ts_tensorizer_run (self->tensorizer, image, &self->letterbox, pixels);
  if (self->converted)
    ts_dtype_from_float (dtype, pixels, n, (guint8 *) self->converted
        + item * n * ts_dtype_size (dtype));
}

static gboolean
fill_frame (TsInputs * self, const TsImage * image, guint item, guint n_items,
    TsTensor * tensor, GError ** error)
{
  gsize n = (gsize) self->spec->format.channels
      * self->letterbox.tensor_width * self->letterbox.tensor_height;

  if (item == 0 && !reserve (self, n * n_items, error))
    return FALSE;
  fill_pixels (self, image, item, n);
  tensor->dtype = self->spec->dtype;
  tensor->data = self->converted ? self->converted : self->pixels;
  set_frame_shape (self, n_items, tensor);
  return TRUE;
}

static void
fill_sizes (TsInputs * self, TsInputSource source, guint i)
{
  const TsLetterbox *box = &self->letterbox;
  gfloat values[2] = { box->source_height, box->source_width };

  if (source == TS_INPUT_ORIGINAL_SIZE_WH) {
    values[0] = box->source_width;
    values[1] = box->source_height;
  } else if (source == TS_INPUT_INPUT_SIZE) {
    values[0] = box->tensor_height;
    values[1] = box->tensor_width;
  } else if (source == TS_INPUT_SCALE_FACTOR) {
    values[0] = (gfloat) box->resized_height / box->source_height;
    values[1] = (gfloat) box->resized_width / box->source_width;
  }
  ts_dtype_from_float (self->tensors[i].dtype, values, 2, self->memory[i]);
}

gboolean
ts_inputs_fill (TsInputs * self, const TsImage * image, GError ** error)
{
  place_frame (self, image->width, image->height);
  for (guint i = 0; i < self->n; i++) {
    TsInputSource source =
        g_array_index (self->spec->inputs, TsInputSpec, i).source;

    if (source == TS_INPUT_FRAME) {
      if (!fill_frame (self, image, 0, 1, &self->tensors[i], error))
        return FALSE;
    } else if (source != TS_INPUT_CONSTANT) {
      fill_sizes (self, source, i);
    }
  }
  return TRUE;
}

void
ts_inputs_place_item (TsInputs * self, const TsImage * image, guint item,
    guint n_items)
{
  place_frame (self, image->width, image->height);
  if (self->letterboxes->len < n_items)
    g_array_set_size (self->letterboxes, n_items);
  g_array_index (self->letterboxes, TsLetterbox, item) = self->letterbox;
}

gboolean
ts_inputs_fill_item (TsInputs * self, const TsImage * image, guint item,
    guint n_items, GError ** error)
{
  ts_inputs_place_item (self, image, item, n_items);
  return fill_frame (self, image, item, n_items, &self->tensors[0], error);
}

const TsLetterbox *
ts_inputs_get_item_letterbox (const TsInputs * self, guint item)
{
  return &g_array_index (self->letterboxes, TsLetterbox, item);
}

const TsLetterbox *
ts_inputs_get_letterbox (const TsInputs * self)
{
  return &self->letterbox;
}

const TsTensor *
ts_inputs_get (const TsInputs * self, gsize * n_inputs, gsize * n_listed)
{
  *n_inputs = self->n;
  *n_listed = 0;
  if (self->spec->input_form == TS_INPUT_FORM_LIST)
    *n_listed = 1;
  else if (self->spec->input_form == TS_INPUT_FORM_TENSOR_LIST)
    *n_listed = self->n;
  return self->tensors;
}
