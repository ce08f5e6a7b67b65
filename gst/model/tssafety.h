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
  gboolean isolated;            /* module and forward in a process of their own */
  guint forward_timeout_ms;     /* 0: none */

  /* Of the process. */
  guint load_timeout_ms;        /* 0: none */
  guint max_restarts;
  guint memory_limit_mb;        /* 0: three quarters of the machine's memory */
} TsSafety;

G_END_DECLS
