/* tsremote.h - the shim's ABI over another process
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A module lives in a process of its own, which can do little but compute
 * (tssandbox.h).  If it ends, or does not answer in time, one call fails, and the next
 * one starts it again.
 */
#pragma once

#include <glib.h>
#include <torchscript_shim.h>

G_BEGIN_DECLS

typedef struct
{
  guint load_timeout_ms, run_timeout_ms;        /* 0: none */
  guint max_restarts;
  guint64 max_bytes;            /* of memory, for module and forward; 0: three
                                   quarters of the machine's */
} TsRemoteOptions;

/* The table, once a process can be started and has opened the shim.  load() of it has
 * no limits; describe() and prepare_process() are not there.  Calls for one module wait
 * for each other.  Errors: as ts_shim_open(). */
const TsShimApi *ts_remote_open (GError ** error);

/* load() with limits. */
TsShimStatus ts_remote_load (const TsShimLoadOptions * options,
    const TsRemoteOptions * limits, TsShimModule ** module, char *error,
    size_t error_size);

G_END_DECLS
