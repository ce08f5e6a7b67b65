/* tsprobe.c - finds the sizes of input that a module takes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsprobe.h"

#include <string.h>

#include "tsinputs.h"

#define GREY 128
#define BUDGET_US (10 * G_USEC_PER_SEC)

/* What exports commonly hold, the most common first. */
static const gint edges[] = {
  640, 224, 1024, 320, 512, 416, 300, 256, 384, 1280, 800, 448, 299, 336, 960,
  608, 480, 192, 128, 112, 96, 64, 32, 28
};

typedef struct
{
  gint width, height, channels;
} Guess;

/* The whole way of a frame, as sizes may be an input of their own. */
static gboolean
takes (const TsModelSpec * spec, TsEngine * engine, const Guess * guess)
{
  g_autofree guint8 *row = g_malloc (guess->width);
  /* One row stands for all of them. */
  TsImage image = { TS_PIXEL_GRAY8, guess->width, guess->height, {row}, {0} };
  g_autoptr (TsInputs) inputs = NULL;
  TsModelSpec changed = *spec;
  gsize n_inputs, n_listed;
  const TsTensor *tensors;

  memset (row, GREY, guess->width);
  changed.keeps_size = TRUE;
  changed.format.channels = guess->channels;
  inputs = ts_inputs_new (&changed);
  if (!ts_inputs_fill (inputs, &image, NULL))
    return FALSE;
  tensors = ts_inputs_get (inputs, &n_inputs, &n_listed);
  return ts_engine_run (engine, tensors, n_inputs, n_listed, NULL);
}

/* The declared size in full comes first: it may be that only "size_divisor" is
 * wrong.  Then all sizes with its channels, then those with the others. */
static guint
list_guesses (const TsModelSpec * spec, Guess * guesses)
{
  const gint channels = spec->format.channels;
  guint n = 0;

  guesses[n++] = (Guess) {
  spec->size.width, spec->size.height, channels};
  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < G_N_ELEMENTS (edges); i++) {
      gint edge = edges[i];

      if (pass == 0 && edge == spec->size.width && edge == spec->size.height)
        continue;
      guesses[n++] = (Guess) {
      edge, edge, pass == 0 ? channels : 4 - channels};
    }
  return n;
}

static gchar *
describe (const Guess * guess)
{
  return g_strdup_printf ("%d x %d with %d channel%s", guess->width,
      guess->height, guess->channels, guess->channels > 1 ? "s" : "");
}

static void
adopt (TsModelSpec * spec, const Guess * guess, gchar ** note)
{
  g_autofree gchar *size = describe (guess);

  spec->size.width = guess->width;
  spec->size.height = guess->height;
  spec->size.size_divisor = 0;
  spec->format.channels = guess->channels;
  spec->size_known = TRUE;
  *note = g_strdup_printf ("%s: an input of %s was found by trying, as nothing "
      "says which size it takes", spec->path, size);
}

static void
add_to_error (GString * works, guint n_tried, GError ** error)
{
  gchar *text = (*error)->message;

  (*error)->message = works->len ?
      g_strdup_printf ("%s; of %u sizes tried, the module takes %s: say so in "
      "\"size\" and \"num_channels\" of a package, without \"size_divisor\"",
      text, n_tried, works->str) :
      g_strdup_printf ("%s; none of %u sizes tried works, with 3 channels or 1",
      text, n_tried);
  g_free (text);
}

/* Only a bare file leaves the channels open: a package's default is 3. */
gboolean
ts_probe_size (TsModelSpec * spec, TsEngine * engine, gchar ** note,
    GError ** error)
{
  const gint64 end = g_get_monotonic_time () + BUDGET_US;
  g_autoptr (GString) works = g_string_new (NULL);
  Guess guesses[2 * G_N_ELEMENTS (edges) + 1];
  guint i, n = list_guesses (spec, guesses);

  for (i = 0; i < n && g_get_monotonic_time () < end; i++) {
    g_autofree gchar *size = describe (&guesses[i]);

    if (!takes (spec, engine, &guesses[i]))
      continue;
    if (!spec->size_known && !spec->keeps_size && (!spec->package
            || guesses[i].channels == spec->format.channels)) {
      adopt (spec, &guesses[i], note);
      g_clear_error (error);
      return TRUE;
    }
    g_string_append_printf (works, "%s%s", works->len ? ", " : "", size);
  }
  add_to_error (works, i, error);
  return FALSE;
}
