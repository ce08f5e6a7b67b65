/* fuzz_decode.c - decoders, given any shapes and numbers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>
#include <stdlib.h>

#include "fuzz.h"
#include "tsdecoder.h"

#define MAX_NUMBERS 4096

/* Shapes of few numbers; the bytes that are left fill them over and over. */
static void
make_output (FuzzBytes * bytes, TsOutput * output)
{
  gint64 n = 1;

  output->n_dims = fuzz_byte (bytes) % 5;
  for (gint i = 0; i < output->n_dims; i++) {
    output->shape[i] = fuzz_byte (bytes) % 32;
    if (n * output->shape[i] > MAX_NUMBERS)
      output->shape[i] = 1;
    n *= output->shape[i];
  }
}

static gfloat *
make_numbers (FuzzBytes * bytes)
{
  gfloat *numbers = g_new (gfloat, MAX_NUMBERS);
  FuzzBytes again = *bytes;

  for (gsize i = 0; i < MAX_NUMBERS; i++) {
    if (again.size == 0)
      again = *bytes;
    numbers[i] = fuzz_byte (&again) % 4 ? fuzz_byte (&again) / 255.f
        : fuzz_float (&again);
  }
  return numbers;
}

static gboolean
is_finite (const gfloat box[4])
{
  return isfinite (box[0]) && isfinite (box[1]) && isfinite (box[2])
      && isfinite (box[3]);
}

static void
check_boxes (const TsResult * result, const TsDecodeParams * params)
{
  for (guint i = 0; i < result->boxes->len; i++) {
    const TsBox *box = &g_array_index (result->boxes, TsBox, i);

    if (!(box->score >= 0 && box->score <= 1) || box->class_id < 0
        || !is_finite (box->box))
      abort ();
  }
  if (result->boxes->len > (guint) params->max_detections)
    abort ();
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  const TsDecoder *const *decoders = ts_decoder_list ();
  TsOutput outputs[TS_DECODE_MAX_ROLES] = { {NULL,}, };
  g_autofree gfloat *numbers = NULL;
  FuzzBytes bytes = { data, size };
  g_autoptr (GError) error = NULL;
  g_auto (TsResult) result = { NULL, };
  TsDecodeParams params;
  guint which = fuzz_byte (&bytes), n = 0;
  gboolean done;

  while (decoders[n] != NULL)
    n++;
  params = (TsDecodeParams) {
  .score_threshold = fuzz_byte (&bytes) / 255.f,.iou_threshold =
        fuzz_byte (&bytes) / 255.f,.max_detections =
        1 + fuzz_short (&bytes),.input_width =
        1 + fuzz_short (&bytes),.input_height =
        1 + fuzz_short (&bytes),.first_class =
        fuzz_byte (&bytes) % 3 - 1,.activation = fuzz_byte (&bytes) % 3,};
  for (guint i = 0; i < TS_DECODE_MAX_ROLES; i++)
    make_output (&bytes, &outputs[i]);
  numbers = make_numbers (&bytes);
  for (guint i = 0; i < TS_DECODE_MAX_ROLES; i++)
    outputs[i].data = numbers;

  ts_result_init (&result);
  done = decoders[which % n]->decode (outputs, 0, &params, &result, &error);
  fuzz_check_error (done, error);
  if (done)
    check_boxes (&result, &params);
  return 0;
}
