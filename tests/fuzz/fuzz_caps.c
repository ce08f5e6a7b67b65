/* fuzz_caps.c - caps from upstream, and boxes to cut out of their frames
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Numbers for the region, the boxes and the sizes, then the caps as text.
 */
#include <stdlib.h>
#include <string.h>

#include "framecrop.h"
#include "fuzz.h"
#include "tsroi.h"
#include "tstensorizer.h"
#include "videoimage.h"

#define MAX_PIXELS 40000

typedef struct
{
  gfloat box[4];
  guint margin, width, height;  /* of the pieces; 0: as the box says */
  gint input_width, input_height;
  gchar roi[64];
} Numbers;

static void
read_numbers (FuzzBytes * bytes, Numbers * numbers)
{
  gint roi[4];

  for (guint i = 0; i < 4; i++)
    numbers->box[i] = fuzz_byte (bytes) % 2 ? fuzz_float (bytes) :
        (fuzz_short (bytes) - 1000) / 8.f;
  numbers->margin = fuzz_short (bytes);
  numbers->width = fuzz_byte (bytes);
  numbers->height = fuzz_byte (bytes);
  numbers->input_width = 1 + fuzz_byte (bytes);
  numbers->input_height = 1 + fuzz_byte (bytes);
  for (guint i = 0; i < 4; i++)
    roi[i] = (gint16) fuzz_short (bytes);
  g_snprintf (numbers->roi, sizeof numbers->roi, "%d,%d,%d,%d", roi[0], roi[1],
      roi[2], roi[3]);
}

static gboolean
read_caps (FuzzBytes * bytes, GstVideoInfo * info)
{
  g_autofree gchar *text = g_strndup ((const gchar *) bytes->data, bytes->size);
  g_autoptr (GstCaps) known = gst_caps_from_string
      (GST_VIDEO_CAPS_MAKE (TS_VIDEO_FORMATS));
  g_autoptr (GstCaps) caps = gst_caps_from_string (text);

  return caps != NULL && gst_caps_is_fixed (caps)
      && gst_caps_can_intersect (caps, known)
      && gst_video_info_from_caps (info, caps)
      && (guint64) info->width * info->height <= MAX_PIXELS
      && info->size <= 16 * MAX_PIXELS;
}

/* A region has no place in some frames, which is told. */
static void
make_tensor (const GstVideoFrame * frame, const Numbers * numbers)
{
  const TsTensorFormat format = {.channels = 3,.scale = {1, 1, 1} };
  const TsInputSize size = { TS_RESIZE_LETTERBOX, numbers->input_width,
    numbers->input_height
  };
  g_autoptr (TsTensorizer) tensorizer = ts_tensorizer_new (&format);
  g_autofree gfloat *tensor = g_new (gfloat, 3 * 256 * 256);
  g_autoptr (GError) error = NULL;
  TsLetterbox letterbox;
  TsImage image;
  TsRoi roi;

  if (!ts_roi_place (numbers->roi, frame->info.width, frame->info.height, &roi,
          &error)) {
    fuzz_check_error (FALSE, error);
    ts_roi_place (NULL, frame->info.width, frame->info.height, &roi, NULL);
  }
  ts_image_from_video_frame (&image, frame);
  ts_image_crop (&image, &roi);
  ts_letterbox_init (&letterbox, &size, image.width, image.height);
  ts_tensorizer_run (tensorizer, &image, &letterbox, tensor);
}

static void
cut_out (const GstVideoFrame * frame, const Numbers * numbers)
{
  GstVideoRectangle rectangle, fitted;
  GstVideoInfo info;
  GstVideoFrame piece;
  GstBuffer *buffer;
  gint width, height;

  if (!ts_frame_crop_get_rectangle (&frame->info, numbers->box, numbers->margin,
          &rectangle))
    return;
  ts_frame_crop_get_size (&rectangle, numbers->width, numbers->height, &width,
      &height);
  if ((guint64) width * height > 4 * MAX_PIXELS
      || !gst_video_info_set_interlaced_format (&info,
          GST_VIDEO_INFO_FORMAT (&frame->info),
          GST_VIDEO_INFO_INTERLACE_MODE (&frame->info), width, height))
    return;
  fitted = ts_frame_crop_fit (&rectangle, width, height);
  buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  g_assert_true (gst_video_frame_map (&piece, &info, buffer, GST_MAP_WRITE));
  ts_frame_crop_copy (frame, &rectangle, &piece, &fitted);
  gst_video_frame_unmap (&piece);
  gst_buffer_unref (buffer);
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  FuzzBytes bytes = { data, size };
  GstVideoFrame frame;
  GstVideoInfo info;
  GstBuffer *buffer;
  Numbers numbers;

  if (!gst_is_initialized ())
    gst_init (NULL, NULL);
  read_numbers (&bytes, &numbers);
  if (!read_caps (&bytes, &info))
    return 0;
  buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  gst_buffer_memset (buffer, 0, 99, info.size);
  if (gst_video_frame_map (&frame, &info, buffer, GST_MAP_READ)) {
    make_tensor (&frame, &numbers);
    cut_out (&frame, &numbers);
    gst_video_frame_unmap (&frame);
  }
  gst_buffer_unref (buffer);
  return 0;
}
