/* test_rowtest.c - rows in the order of their scores, compared in any order
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>
#include <string.h>

#include "tsrowtest.h"

#define N_ROWS 4
#define SIZE (N_ROWS * 6)

static const gfloat kRows[SIZE] = {
  10, 10, 50, 60, 0.9, 1,
  20, 10, 50, 60, 0.7, 0,
  30, 10, 50, 60, 0.6999, 2,
  40, 10, 50, 60, 0.3, 1,
};

static gboolean
is_near (gfloat found, gfloat expected)
{
  return fabs ((gdouble) found - expected) <= 0.01;
}

static gboolean
agrees_of (const gfloat * found, const gfloat * expected, gint64 batch)
{
  const TsOutput output = { found, 3, {batch, N_ROWS / batch, 6} };

  return ts_row_test_agrees (&output, expected, is_near);
}

static void
swap_rows (gfloat * rows, gint a, gint b)
{
  gfloat kept[6];

  memcpy (kept, rows + a * 6, sizeof kept);
  memcpy (rows + a * 6, rows + b * 6, sizeof kept);
  memcpy (rows + b * 6, kept, sizeof kept);
}

static void
test_order (void)
{
  gfloat rows[SIZE];

  memcpy (rows, kRows, sizeof rows);
  g_assert_true (agrees_of (rows, kRows, 1));
  swap_rows (rows, 1, 2);
  g_assert_true (agrees_of (rows, kRows, 1));
  g_assert_true (agrees_of (kRows, rows, 1));
  /* Of two pictures, whose rows are not each other's. */
  g_assert_true (agrees_of (kRows, kRows, 2));
  g_assert_false (agrees_of (rows, kRows, 2));
}

static void
check_number (gint i, gfloat wrong)
{
  gfloat rows[SIZE];

  memcpy (rows, kRows, sizeof rows);
  rows[i] = wrong;
  g_assert_false (agrees_of (rows, kRows, 1));
  g_assert_false (agrees_of (kRows, rows, 1));
}

/* Of every row but the last, whose place another may have taken. */
static void
test_numbers (void)
{
  for (gint i = 0; i < SIZE - 6; i++) {
    check_number (i, kRows[i] + 0.5f);
    check_number (i, NAN);
  }
  check_number (SIZE - 2, NAN);
}

static void
test_last_row (void)
{
  gfloat rows[SIZE];

  memcpy (rows, kRows, sizeof rows);
  rows[3 * 6] = 1;              /* another box, as good as the last one */
  g_assert_true (agrees_of (rows, kRows, 1));
  rows[3 * 6 + 4] = 0.32;
  g_assert_true (agrees_of (rows, kRows, 1));
  rows[3 * 6 + 4] = 0.34;       /* this one cannot have been overlooked */
  g_assert_false (agrees_of (rows, kRows, 1));
  g_assert_false (agrees_of (kRows, rows, 1));
}

static void
test_other_shapes (void)
{
  const TsOutput flat = { kRows, 2, {N_ROWS, 6} };
  const TsOutput wide = { kRows, 3, {1, 3, 8} };

  g_assert_false (ts_row_test_agrees (&flat, kRows, is_near));
  g_assert_false (ts_row_test_agrees (&wide, kRows, is_near));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rowtest/order", test_order);
  g_test_add_func ("/rowtest/numbers", test_numbers);
  g_test_add_func ("/rowtest/last-row", test_last_row);
  g_test_add_func ("/rowtest/other-shapes", test_other_shapes);
  return g_test_run ();
}
