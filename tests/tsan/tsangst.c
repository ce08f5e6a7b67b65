/* tsangst.c - tells ThreadSanitizer what GStreamer orders between threads
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Its locks are GLib's (tsanlocks.c).  What remains are reference counts, since who
 * destroys an object comes after all who have let go of it, and pools, whose buffers go
 * from one thread to another without a lock.
 */
#define GST_USE_UNSTABLE_API
#include <gst/gst.h>
#include <gst/gsttracer.h>

#include "tsannext.h"

/* GStreamer tells a tracer of what it lets go of by itself, behind the functions here. */
typedef struct
{
  GstTracer parent;
} TsanTracer;

typedef struct
{
  GstTracerClass parent_class;
} TsanTracerClass;

static GType tsan_tracer_get_type (void);

G_DEFINE_TYPE (TsanTracer, tsan_tracer, GST_TYPE_TRACER);

static void
on_unreffed (GObject * self, GstClockTime now, GstMiniObject * object,
    gint references)
{
  __tsan_release (object);
}

/* The last has let go, and nothing is freed yet. */
static void
on_destroyed (GObject * self, GstClockTime now, GstMiniObject * object)
{
  __tsan_acquire (object);
}

static void
tsan_tracer_class_init (TsanTracerClass * klass)
{
}

static void
tsan_tracer_init (TsanTracer * self)
{
  gst_tracing_register_hook (GST_TRACER (self), "mini-object-unreffed",
      G_CALLBACK (on_unreffed));
  gst_tracing_register_hook (GST_TRACER (self), "mini-object-destroyed",
      G_CALLBACK (on_destroyed));
  GST_OBJECT_FLAG_SET (self, GST_OBJECT_FLAG_MAY_BE_LEAKED);
}

/* It stays. */
static void
add_tracer (void)
{
  static gboolean added;

  if (!added)
    g_object_new (tsan_tracer_get_type (), NULL);
  added = TRUE;
}

void
gst_init (int *argc, char ***argv)
{
  NEXT (gst_init) (argc, argv);
  add_tracer ();
}

/* Of libgstcheck, which not all programs have. */
void gst_check_init (int *argc, char ***argv);

void
gst_check_init (int *argc, char ***argv)
{
  NEXT (gst_check_init) (argc, argv);
  add_tracer ();
}

/* Told here as well, as it is too late once the object may be gone. */
void
gst_mini_object_unref (GstMiniObject * object)
{
  __tsan_release (object);
  NEXT (gst_mini_object_unref) (object);
}

/* Not seen itself: it comes after the release. */
static NOT_SEEN gboolean
is_last (const GObject * object)
{
  return *(const volatile guint *) &object->ref_count == 1;
}

void
g_object_unref (gpointer object)
{
  __tsan_release (object);
  if (is_last (object))
    __tsan_acquire (object);
  NEXT (g_object_unref) (object);
}

GstFlowReturn
gst_buffer_pool_acquire_buffer (GstBufferPool * pool, GstBuffer ** buffer,
    GstBufferPoolAcquireParams * params)
{
  GstFlowReturn flow =
      NEXT (gst_buffer_pool_acquire_buffer) (pool, buffer, params);

  if (flow == GST_FLOW_OK)
    __tsan_acquire (*buffer);
  return flow;
}
