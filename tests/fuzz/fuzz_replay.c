/* fuzz_replay.c - files of detections: JSON Lines and COCO
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>
#include <stdlib.h>

#include "fuzz.h"
#include "replayfile.h"

static void
check_answer (const TsReplayAnswer * answer)
{
  for (guint i = 0; i < answer->detections->len; i++) {
    const GstTorchscriptDetection *d = &g_array_index (answer->detections,
        GstTorchscriptDetection, i);

    /* NaN and -1: unknown. */
    if (d->score < 0 || d->score > 1 || d->class_id < -1
        || !isfinite (d->x1 + d->y1) || !isfinite (d->x2 - d->y2))
      abort ();
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) answers = NULL;
  guint n_skipped;

  answers = ts_replay_file_read (fuzz_file (data, size), &n_skipped, &error);
  fuzz_check_error (answers != NULL, error);
  for (guint i = 0; answers != NULL && i < answers->len; i++)
    check_answer (answers->pdata[i]);
  return 0;
}
