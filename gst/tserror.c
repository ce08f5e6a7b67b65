/* tserror.c - the error domain
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tserror.h"

/* *INDENT-OFF* */
G_DEFINE_QUARK (ts-error-quark, ts_error)
/* *INDENT-ON* */
