/* decode_file.c - decodes raw floats from a file, for tests in Python
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * decode-file DECODER THRESHOLD MAX FILE B H W: one box a line.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tsdecoder.h"

int
main (int argc, char **argv)
{
  g_auto (TsResult) result = { NULL };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *data = NULL;
  TsDecodeParams params = { (gfloat) atof (argv[2]), 0.45f, atoi (argv[3]) };
  TsOutput output = { NULL, 3, {atoi (argv[5]), atoi (argv[6]),
          atoi (argv[7])}
  };

  if (!g_file_get_contents (argv[4], &data, NULL, &error))
    g_error ("%s", error->message);
  ts_result_init (&result);
  output.data = (const gfloat *) (gpointer) data;
  if (!ts_decoder_find (argv[1], NULL)->decode (&output, 0, &params, &result,
          &error))
    g_error ("%s", error->message);
  for (guint i = 0; i < result.boxes->len; i++) {
    TsBox *b = &g_array_index (result.boxes, TsBox, i);

    printf ("%.9g %.9g %.9g %.9g %.9g %d\n", b->box[0], b->box[1], b->box[2],
        b->box[3], b->score, b->class_id);
  }
  return 0;
}
