/* gstdetectionjson.c - element that writes detections as JSON Lines
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-detectionjson
 * @title: detectionjson
 *
 * Passes buffers through untouched and writes each #GstTorchscriptDetectionMeta
 * on them as one line of JSON (JSON Lines, UTF-8). A frame that went through two
 * models gives two lines; a buffer that no model has answered to gives none; an
 * answer without detections gives a line with an empty list. A line is in the
 * file before its buffer goes on.
 *
 * |[
 * {"result":0,"model":"doclayout","pts":0,"width":990,"height":1400,"detections":[{"class_id":0,"label":"title","score":0.93,"box":[102.5,80.25,884,131]}]}
 * ]|
 *
 * * `result`: integer, running number of the model's answer, from 0 at each
 *   start of the inference element
 * * `model`: string, the model's name
 * * `pts`: integer, presentation time in nanoseconds, or null
 * * `width`, `height`: integers, size in pixels of the frame the boxes refer to
 * * `detections`: array, best score first
 *   * `class_id`: integer, from 0
 *   * `label`: string, name of the class, or null
 *   * `score`: number, 0 to 1
 *   * `box`: array of four numbers, left, top, right and bottom edge in pixels of
 *     the frame; the top left pixel spans 0 to 1
 *
 * A #GstTorchscriptClassificationMeta gives a line with `classes` in place of
 * `width`, `height` and `detections`: an array of `class_id`, `label` and
 * `score`, best score first. A #GstTorchscriptMaskMeta gives one with `mask` in
 * place of `detections`: `columns` and `rows` of the class map and its place in
 * the frame as `box`; the map itself is not written.
 *
 * ## Example
 * |[
 * gst-launch-1.0 -q filesrc location=page.png ! pngdec ! torchscriptinfer model=doclayout.mlpkg ! detectionjson location=- ! fakesink
 * ]|
 *
 * Since: 0.1
 */
#define _GNU_SOURCE             /* struct ucred */
#include "gstdetectionjson.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "detectionline.h"

GST_DEBUG_CATEGORY_STATIC (detection_json_debug);
#define GST_CAT_DEFAULT detection_json_debug

enum
{
  PROP_0,
  PROP_LOCATION
};

struct _GstDetectionJson
{
  GstBaseTransform parent;

  gchar *location;              /* object lock */

  /* from start to stop */
  gchar *path;                  /* location, for messages */
  gint fd;
  GString *line;
};

G_DEFINE_TYPE (GstDetectionJson, gst_detection_json, GST_TYPE_BASE_TRANSFORM);
GST_ELEMENT_REGISTER_DEFINE (detectionjson, "detectionjson", GST_RANK_NONE,
    GST_TYPE_DETECTION_JSON);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

/* One end of a pair that this process made, such as that of a GstBus. */
static gboolean
is_own_socket (gint fd)
{
  struct ucred peer;
  socklen_t size = sizeof peer;

  return getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
      && peer.pid == getpid ();
}

/* Where a program is started without a standard output, its number goes to
 * whatever is opened first: an object of the kernel without a file type, a
 * library's file, which is not to be inherited, or a socket. */
static gboolean
has_standard_output (void)
{
  gint flags = fcntl (STDOUT_FILENO, F_GETFD);
  struct stat info;

  return flags >= 0 && !(flags & FD_CLOEXEC)
      && fstat (STDOUT_FILENO, &info) == 0 && (info.st_mode & S_IFMT) != 0
      && !is_own_socket (STDOUT_FILENO);
}

static gint
open_location (const gchar * location)
{
  if (strcmp (location, "-") == 0 && !has_standard_output ()) {
    errno = EBADF;
    return -1;
  }
  if (strcmp (location, "-") == 0)
    return fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  return g_open (location, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

static gboolean
gst_detection_json_start (GstBaseTransform * trans)
{
  GstDetectionJson *self = GST_DETECTION_JSON (trans);
  g_autofree gchar *location = NULL;

  GST_OBJECT_LOCK (self);
  location = g_strdup (self->location);
  GST_OBJECT_UNLOCK (self);

  if (location == NULL || *location == '\0') {
    GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND,
        ("The location property is not set; set it to the path of a file to "
            "write the detections to, or to \"-\" for standard output."),
        (NULL));
    return FALSE;
  }
  self->fd = open_location (location);
  if (self->fd < 0) {
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE,
        ("Cannot open \"%s\"%s to write detections: %s; set the location "
            "property to a file that can be written.", location,
            strcmp (location, "-") == 0 ? " (standard output)" : "",
            g_strerror (errno)), GST_ERROR_SYSTEM);
    return FALSE;
  }
  self->path = g_steal_pointer (&location);
  self->line = g_string_new (NULL);
  return TRUE;
}

static gboolean
gst_detection_json_stop (GstBaseTransform * trans)
{
  GstDetectionJson *self = GST_DETECTION_JSON (trans);
  gboolean ok = TRUE;

  /* Some file systems report only here that a write has failed. */
  if (self->fd >= 0 && close (self->fd) < 0) {
    GST_ELEMENT_ERROR (self, RESOURCE, CLOSE,
        ("Cannot finish writing detections to \"%s\": %s.", self->path,
            g_strerror (errno)), GST_ERROR_SYSTEM);
    ok = FALSE;
  }
  self->fd = -1;
  g_clear_pointer (&self->path, g_free);
  if (self->line != NULL)
    g_string_free (g_steal_pointer (&self->line), TRUE);
  return ok;
}

/* Writes all or nothing, as far as the file can be cut; sets errno. */
static gboolean
write_line (gint fd, const gchar * text, gsize size)
{
  gsize done = 0;

  while (done < size) {
    gssize n = write (fd, text + done, size - done);

    if (n >= 0) {
      done += n;
    } else if (errno != EINTR) {
      gint write_errno = errno;
      off_t end = done > 0 ? lseek (fd, 0, SEEK_CUR) : -1;

      if (end >= 0 && ftruncate (fd, end - (off_t) done) < 0)
        GST_WARNING ("cannot remove half a line: %s", g_strerror (errno));
      errno = write_errno;
      return FALSE;
    }
  }
  return TRUE;
}

/* FALSE for a meta that is no answer of ours. */
static gboolean
append_line (GString * line, GstMeta * meta, GstClockTime pts)
{
  g_string_truncate (line, 0);
  if (meta->info->api == GST_TORCHSCRIPT_DETECTION_META_API_TYPE)
    gst_torchscript_append_detection_line (line,
        (GstTorchscriptDetectionMeta *) meta, pts);
  else if (meta->info->api == GST_TORCHSCRIPT_CLASSIFICATION_META_API_TYPE)
    gst_torchscript_append_class_line (line,
        (GstTorchscriptClassificationMeta *) meta, pts);
  else if (meta->info->api == GST_TORCHSCRIPT_MASK_META_API_TYPE)
    gst_torchscript_append_mask_line (line, (GstTorchscriptMaskMeta *) meta,
        pts);
  return line->len > 0;
}

static GstFlowReturn
gst_detection_json_transform_ip (GstBaseTransform * trans, GstBuffer * buffer)
{
  GstDetectionJson *self = GST_DETECTION_JSON (trans);
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta (buffer, &state)) != NULL) {
    if (!append_line (self->line, meta, GST_BUFFER_PTS (buffer)))
      continue;
    if (!write_line (self->fd, self->line->str, self->line->len)) {
      GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
          ("Cannot write detections to \"%s\": %s.", self->path,
              g_strerror (errno)), GST_ERROR_SYSTEM);
      return GST_FLOW_ERROR;
    }
  }
  return GST_FLOW_OK;
}

static void
gst_detection_json_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstDetectionJson *self = GST_DETECTION_JSON (object);

  switch (id) {
    case PROP_LOCATION:
      GST_OBJECT_LOCK (self);
      g_free (self->location);
      self->location = g_value_dup_string (value);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_detection_json_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstDetectionJson *self = GST_DETECTION_JSON (object);

  switch (id) {
    case PROP_LOCATION:
      GST_OBJECT_LOCK (self);
      g_value_set_string (value, self->location);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_detection_json_finalize (GObject * object)
{
  g_free (GST_DETECTION_JSON (object)->location);
  G_OBJECT_CLASS (gst_detection_json_parent_class)->finalize (object);
}

static void
gst_detection_json_class_init (GstDetectionJsonClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (detection_json_debug, "detectionjson", 0,
      "writes detections as JSON Lines");

  object_class->set_property = gst_detection_json_set_property;
  object_class->get_property = gst_detection_json_get_property;
  object_class->finalize = gst_detection_json_finalize;
  g_object_class_install_property (object_class, PROP_LOCATION,
      g_param_spec_string ("location", "Location",
          "File to write the detections to, emptied at each start; \"-\": "
          "standard output", NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
          | GST_PARAM_MUTABLE_READY));

  gst_element_class_set_static_metadata (element_class, "Detection JSON writer",
      "Filter/Analyzer/Video",
      "Writes what TorchScript models found as one line of JSON a frame",
      "The gst-torchscript developers");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  trans_class->start = gst_detection_json_start;
  trans_class->stop = gst_detection_json_stop;
  trans_class->transform_ip = gst_detection_json_transform_ip;
  trans_class->transform_ip_on_passthrough = TRUE;
}

static void
gst_detection_json_init (GstDetectionJson * self)
{
  self->fd = -1;
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}
