/* tswire.h - messages between the plugin and the process that runs a model
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A message is its length, a serialised GVariant, and file descriptors that come
 * with it.  GVariant takes any bytes without harm, so that neither side needs to
 * trust the other.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TS_WIRE_MAX_FDS 2

/* The descriptor that the process finds its end of the socket at. */
#define TS_WIRE_FD 3

/* The first message of the process: it opened the shim, or why it could not; what
 * runtime() and runtime_warning() say, "" for NULL. */
#define TS_WIRE_HELLO "(bayayay)"

/* Requests are a letter and what belongs to it. */
#define TS_WIRE_REQUEST "(yv)"
#define TS_WIRE_CHECK_DEVICE 'd'
#define TS_WIRE_LOAD 'l'
#define TS_WIRE_RUN 'r'
#define TS_WIRE_PREPARE 'p'
#define TS_WIRE_SETTLE 's'

/* Each is answered by a TsShimStatus, the text of an error, and what it gives. */
#define TS_WIRE_ANSWER "(iayv)"

/* check_device(): the device. */
#define TS_WIRE_DEVICE "ay"

/* load(): path, device, method ("" for NULL), threads, dtype, unsafe_operators,
 * tunable, the operator libraries, weights_path, the weights (as TS_WIRE_TENSOR, in the second
 * descriptor; the first is the model's bytes), whether there are weights, the most
 * bytes of memory.  Gives config() and what use() tells. */
#define TS_WIRE_OPTIONS "(ayayayiuiiaayaya(ay(uaxt))bt)"

#define TS_WIRE_LOADED "(ay(uixx))"

/* dtype, shape, offset in the shared memory. */
#define TS_WIRE_TENSOR "(uaxt)"

/* run_listed(): the inputs, how many are listed.  With it, when they are new, come the
 * inputs' shared memory and the outputs'.  Gives a value: TS_WIRE_TENSOR, "x" (an
 * integer), "d" (a number), "ay" (text), "av" (a list), "a(ayv)" (a dict) or "()". */
#define TS_WIRE_INPUTS "(a(uaxt)u)"

/* prepare(): the fields of a TsShimVariant; gives those of a TsShimUse.  settle() has
 * nothing. */
#define TS_WIRE_VARIANT "(iiiiiui)"
#define TS_WIRE_USE "(uixx)"
#define TS_WIRE_NOTHING "()"

typedef enum
{
  TS_WIRE_DONE,
  TS_WIRE_CLOSED,               /* nobody is there, or what came is no such message */
  TS_WIRE_LATE
} TsWireResult;

/* Sends @message (floating: takes it) until @deadline (g_get_monotonic_time(); 0: for
 * ever), as the other side may not read. */
TsWireResult ts_wire_send (int socket, GVariant * message, const int *fds,
    guint n_fds, gint64 deadline);

/* Waits for a message of @type, until @deadline (0: for ever).  @fds, NULL or with room for TS_WIRE_MAX_FDS, gets the descriptors, the rest
 * -1; the caller closes them. */
TsWireResult ts_wire_receive (int socket, const gchar * type, gint64 deadline,
    GVariant ** message, int *fds);

G_END_DECLS
