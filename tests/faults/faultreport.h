/* faultreport.h - what a test of a fault has seen, for docs/reliability.md
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What happened in the tries of one fault. */
typedef struct
{
  const gchar *fault;           /* "short reads of the model's files" */
  const gchar *outcome;         /* "the model opens as ever" */
  guint64 tries;
  guint64 failures;             /* calls that were made to fail */
  guint64 lost;                 /* what should have come through and did not */
} FaultReport;

/* Writes @report as a line of JSON to the directory that FAULT_REPORT_DIR names, if
 * it is set.  Aborts the test if something was lost, or if there was no try. */
void fault_report (const FaultReport * report);

/* Seconds that a test of chance may take: FAULT_SECONDS, or @short_run. */
guint fault_seconds (guint short_run);

/* From here on the process ends, with a message, unless this is called again within
 * @seconds: nothing may wait for ever.  0 ends the watch. */
void fault_watch (guint seconds);

G_END_DECLS
