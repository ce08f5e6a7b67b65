/* letterbox.c - placement and way back against a table, see test_letterbox.py
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads lines of numbers from standard input:
 *   mode width height divisor  source_width source_height
 *   tensor_width tensor_height resized_width resized_height left top
 *   x1 y1 x2 y2 (tensor pixels)  x1 y1 x2 y2 (source pixels)
 */
#include <math.h>
#include <stdio.h>

#include "tsletterbox.h"

typedef struct
{
  gint mode;
  TsInputSize size;
  gint source_width, source_height;
  gint expected[6];
  gfloat box[4], expected_box[4];
} Case;

static gboolean
read_case (Case * c)
{
  gint *e = c->expected, n;
  gfloat *b = c->box, *f = c->expected_box;

  n = scanf ("%d %d %d %d %d %d", &c->mode, &c->size.width, &c->size.height,
      &c->size.size_divisor, &c->source_width, &c->source_height);
  n += scanf ("%d %d %d %d %d %d", e, e + 1, e + 2, e + 3, e + 4, e + 5);
  n += scanf ("%f %f %f %f", b, b + 1, b + 2, b + 3);
  n += scanf ("%f %f %f %f", f, f + 1, f + 2, f + 3);
  c->size.mode = c->mode;
  return n == 20;
}

static gboolean
check_placement (const Case * c, const TsLetterbox * box)
{
  const gint got[6] = { box->tensor_width, box->tensor_height,
    box->resized_width, box->resized_height, box->left, box->top
  };
  gint i;

  for (i = 0; i < 6; i++)
    if (got[i] != c->expected[i]) {
      printf ("%dx%d in %dx%d / %d (mode %d): value %d is %d, expected %d\n",
          c->source_width, c->source_height, c->size.width, c->size.height,
          c->size.size_divisor, c->mode, i, got[i], c->expected[i]);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_unmap (const Case * c, const TsLetterbox * box)
{
  gfloat corners[4] = { c->box[0], c->box[1], c->box[2], c->box[3] };
  gint i;

  ts_letterbox_unmap (box, corners);
  for (i = 0; i < 4; i++) {
    gfloat expected = c->expected_box[i];

    if (!(fabsf (corners[i] - expected) <= 1e-6f * MAX (1.f, expected))) {
      printf ("%dx%d in %dx%d / %d (mode %d): corner %d is %.9g, "
          "expected %.9g\n", c->source_width, c->source_height,
          c->size.width, c->size.height, c->size.size_divisor, c->mode, i,
          corners[i], expected);
      return FALSE;
    }
  }
  return TRUE;
}

int
main (void)
{
  gint cases = 0, failures = 0;
  TsLetterbox box;
  Case c;

  for (; read_case (&c); cases++) {
    ts_letterbox_init (&box, &c.size, c.source_width, c.source_height);
    if (!check_placement (&c, &box) || !check_unmap (&c, &box))
      failures++;
  }
  printf ("%d cases, %d failures\n", cases, failures);
  return failures > 0 || cases == 0;
}
