/* tstapsnone.c - tstaps.h where the compiler has no permutations of bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tstaps.h"

gboolean
ts_taps_are_supported (void)
{
  return FALSE;
}

void
ts_taps_resample (const TsTaps * self, const guint8 * line, gint n_channels,
    gint16 * const out[3])
{
  g_assert_not_reached ();
}

void
ts_taps_convert_chroma (const TsTaps * taps, const TsYuv * yuv,
    const guint8 * cb, const guint8 * cr, TsTapChroma * out)
{
  g_assert_not_reached ();
}

void
ts_taps_resample_yuv (const TsTaps * taps, const TsYuv * yuv,
    const guint8 * line, const TsTapChroma * chroma, gint16 * const out[3])
{
  g_assert_not_reached ();
}

void
ts_taps_write_row (const TsRowPair * pair, const TsRowPlan * row,
    gboolean stream, gfloat * out)
{
  g_assert_not_reached ();
}

void
ts_taps_finish (void)
{
  g_assert_not_reached ();
}
