/* metascale.c - what the metas do when a frame is scaled
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "metascale.h"

GST_DEBUG_CATEGORY_STATIC (torchscript_meta_debug);
#define GST_CAT_DEFAULT torchscript_meta_debug

/* Borders up to this many pixels are a size that was rounded. */
#define MAX_ROUNDING_PX 1.0

static void
init_debug (void)
{
  static gsize done = 0;

  if (g_once_init_enter (&done)) {
    GST_DEBUG_CATEGORY_INIT (torchscript_meta_debug, "torchscriptmeta", 0,
        "answers of models on buffers");
    g_once_init_leave (&done, 1);
  }
}

/* The part of @to, in pixels, that a picture of @from's shape leaves free when
 * it is fitted into @to. */
static gdouble
border_px (const GstVideoInfo * from, const GstVideoInfo * to)
{
  gdouble from_dar = (gdouble) from->width * from->par_n /
      ((gdouble) from->height * from->par_d);
  gdouble to_par = (gdouble) to->par_n / to->par_d;
  gdouble fitted_height = to->width * to_par / from_dar;
  gdouble fitted_width = to->height * from_dar / to_par;

  return MAX (to->height - fitted_height, to->width - fitted_width);
}

gboolean
gst_torchscript_meta_can_scale (const gchar * what, guint frame_width,
    guint frame_height, const GstVideoMetaTransform * trans)
{
  const GstVideoInfo *in = trans->in_info, *out = trans->out_info;

  init_debug ();

  if (in->width != (gint) frame_width
      || in->height != (gint) frame_height) {
    GST_WARNING ("dropping the %s: the frame is %ux%u, the one scaled is "
        "%dx%d", what, frame_width, frame_height, in->width, in->height);
    return FALSE;
  }
  if (border_px (in, out) >= MAX_ROUNDING_PX + 1e-6) {
    GST_WARNING ("dropping the %s: scaling %dx%d (pixels %d:%d) to %dx%d "
        "(pixels %d:%d) changes the aspect ratio, and whether the picture was "
        "stretched or got borders is not known; keep the aspect ratio or put "
        "the scaler in front of the inference", what, in->width, in->height,
        in->par_n, in->par_d, out->width, out->height, out->par_n, out->par_d);
    return FALSE;
  }
  return TRUE;
}
