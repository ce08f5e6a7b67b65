/* lines.h - how the programs of the benchmark are asked and answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A program prints one JSON line once it is ready.  For each line that then comes
 * in, a number of frames, it prints the milliseconds of each as a JSON array; one
 * that has several frames on their way at a time, the mean of all.
 */
#pragma once

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

/* Resident kilobytes, "VmRSS" or "VmHWM". */
static inline gint
read_memory_kb (const gchar * name)
{
  g_autofree gchar *text = NULL;
  g_autofree gchar *pattern = g_strdup_printf ("%s:\\s*(\\d+)", name);
  g_autofree gchar *number = NULL;
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  if (!g_file_get_contents ("/proc/self/status", &text, NULL, NULL)
      || !g_regex_match (regex, text, 0, &match))
    return 0;
  number = g_match_info_fetch (match, 1);
  return atoi (number);
}

static inline void
answer_lines (gdouble (*run) (gpointer user), gpointer user)
{
  gchar line[32];

  while (fgets (line, sizeof line, stdin)) {
    gint n = atoi (line);

    for (gint i = 0; i < n; i++)
      printf ("%s%.3f", i ? ", " : "[", run (user));
    puts ("]");
    fflush (stdout);
  }
}

/* @run: n frames, as fast as they go. */
static inline void
answer_rates (void (*run) (gpointer user, gint n), gpointer user)
{
  gchar line[32];

  while (fgets (line, sizeof line, stdin)) {
    gint n = atoi (line);
    gint64 start = g_get_monotonic_time ();

    run (user, n);
    printf ("[%.3f]\n", (g_get_monotonic_time () - start) / 1000. / n);
    fflush (stdout);
  }
}
