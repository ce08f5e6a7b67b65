/* gstdetectionpublisher.h - base of the elements that publish to a broker
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include <gst/base/gstbasetransform.h>

#include "tsoutbox.h"

G_BEGIN_DECLS

#define GST_TYPE_DETECTION_PUBLISHER (gst_detection_publisher_get_type ())
G_DECLARE_DERIVABLE_TYPE (GstDetectionPublisher, gst_detection_publisher, GST,
    DETECTION_PUBLISHER, GstBaseTransform)

/* Where the broker is; copies that belong to the worker thread. */
typedef struct
{
  gchar *host;
  guint port;                   /* 0: the usual one */
  gchar *username, *password;   /* or NULL */
} TsBroker;

/* All of these run on the worker thread.  Errors are of GST_RESOURCE_ERROR; with
 * the codes SETTINGS and NOT_AUTHORIZED they are for good, others are tried
 * again.  They should return soon after ts_outbox_is_stopped(). */
struct _GstDetectionPublisherClass
{
  GstBaseTransformClass parent_class;

  gboolean (*connect) (GstDetectionPublisher * self, const TsBroker * broker,
      GError ** error);
  void (*disconnect) (GstDetectionPublisher * self);

  /* Sends @messages and waits until the broker has them; gives how many of them,
   * from the first on, it has.  Fewer than @n: with an error. */
  guint (*publish) (GstDetectionPublisher * self, const gchar ** messages,
      guint n, GError ** error);

  /* Called once in a while when there is nothing to publish; may be NULL. */
  gboolean (*idle) (GstDetectionPublisher * self, GError ** error);
};

TsOutbox *gst_detection_publisher_get_outbox (GstDetectionPublisher * self);

G_END_DECLS
