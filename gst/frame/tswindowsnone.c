/* tswindowsnone.c - tswindows.h where the compiler has no AVX2
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tswindows.h"

const TsWindowFuncs *
ts_window_funcs_get (void)
{
  return NULL;
}
