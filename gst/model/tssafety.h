/* tssafety.h - what a module may do, and how long
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* All zero: a module that only computes, in this process, without limits. */
typedef struct
{
  gboolean unsafe_operators;    /* let a module call operators that do more than
                                   compute */
  const gchar *trusted_keys;    /* file of public keys, one of which must have
                                   signed the model; or NULL */
} TsSafety;

G_END_DECLS
