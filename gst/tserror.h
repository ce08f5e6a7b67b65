/* tserror.h - the errors of everything below the elements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who detects an error writes the whole message: the file, what was found, what
 * was expected, what to do.  Who passes it on adds nothing.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  TS_ERROR_NOT_FOUND,           /* a file or directory is not there */
  TS_ERROR_READ,                /* it is there and cannot be read */
  TS_ERROR_FORMAT,              /* it is not what its place says it is */
  TS_ERROR_CONFIG,              /* a setting is unknown, missing or out of range */
  TS_ERROR_LIBTORCH,            /* the shim or libtorch cannot be opened */
  TS_ERROR_DEVICE,              /* the device is unknown or does not work (any more) */
  TS_ERROR_FORWARD,             /* the module failed while it ran */
  TS_ERROR_OUTPUT,              /* its output does not fit the decoder */
  TS_ERROR_MEMORY
} TsErrorCode;

#define TS_ERROR (ts_error_quark ())
GQuark ts_error_quark (void);

G_END_DECLS
