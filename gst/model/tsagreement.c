/* tsagreement.c - whether two forms of a module say the same
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsagreement.h"

#include <math.h>
#include <string.h>

static gsize
count (const TsOutput * output)
{
  gsize n = 1;

  for (gint i = 0; i < output->n_dims; i++)
    n *= output->shape[i];
  return n;
}

static gboolean
is_close (gfloat a, gfloat b)
{
  if (isnan (a) || isnan (b) || isinf (a) || isinf (b))
    return (isnan (a) && isnan (b)) || a == b;
  return fabs ((gdouble) a - b) <=
      TS_AGREEMENT_TOLERANCE * (1. + fabs ((gdouble) b));
}

gboolean
ts_agreement_numbers (const TsOutput * found, const TsOutput * expected)
{
  gsize n = count (expected), n_close = 0;

  if (found->n_dims != expected->n_dims || memcmp (found->shape,
          expected->shape, expected->n_dims * sizeof (gint64)) != 0)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    n_close += is_close (found->data[i], expected->data[i]);
  return n_close * 100. >= n * (gdouble) TS_AGREEMENT_PERCENT;
}

static gdouble
get_area (const gfloat box[4])
{
  return fmax (box[2] - box[0], 0) * fmax (box[3] - box[1], 0);
}

static gdouble
get_iou (const gfloat a[4], const gfloat b[4])
{
  const gfloat both[4] = {
    MAX (a[0], b[0]), MAX (a[1], b[1]), MIN (a[2], b[2]), MIN (a[3], b[3])
  };
  gdouble shared = get_area (both);
  gdouble all = get_area (a) + get_area (b) - shared;

  return all > 0 ? shared / all : 0;
}

static gboolean
is_partner (const TsBox * a, const TsBox * b)
{
  return a->class_id == b->class_id
      && fabs ((gdouble) a->score - b->score) <= TS_AGREEMENT_SCORE
      && get_iou (a->box, b->box) >= TS_AGREEMENT_IOU;
}

/* Whether each of @boxes has a partner of its own among @others. */
static gboolean
have_partners (GArray * boxes, GArray * others, gdouble threshold)
{
  g_autofree gboolean *taken = g_new0 (gboolean, others->len + 1);

  for (guint i = 0; i < boxes->len; i++) {
    const TsBox *box = &g_array_index (boxes, TsBox, i);
    guint k = 0;

    while (k < others->len && (taken[k]
            || !is_partner (box, &g_array_index (others, TsBox, k))))
      k++;
    taken[k] = TRUE;
    if (k == others->len && box->score > threshold + TS_AGREEMENT_SCORE)
      return FALSE;
  }
  return TRUE;
}

gboolean
ts_agreement_boxes (GArray * found, GArray * expected, gdouble threshold)
{
  return have_partners (found, expected, threshold)
      && have_partners (expected, found, threshold);
}
