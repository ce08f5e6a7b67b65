/* rtsp-server.c - shows pages over RTSP with the boxes that a model finds
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cc rtsp-server.c $(pkg-config --cflags --libs gstreamer-rtsp-server-1.0)
 * Usage: rtsp-server --model=MODEL --pages='page%02d.png' [--json=DIRECTORY]
 *
 * Every client gets a pipeline of its own, which turns the pages over and over; all
 * of them share one loaded model, which stays loaded while nobody looks.  With
 * --json, the detections of the clients go to stream-0.jsonl, stream-1.jsonl, ...
 */
#include <gst/rtsp-server/rtsp-server.h>

#define INFER "torchscriptinfer model-instance-id=pages"

static gchar *model, *pages, *json_dir;
static const gchar *device = "auto", *service = "8554";
static gint pages_per_second = 5, width = 640, height = 640;

static const GOptionEntry entries[] = {
  {"model", 'm', 0, G_OPTION_ARG_FILENAME, &model, "mlpkg package or .pt file", "FILE"},
  {"pages", 'p', 0, G_OPTION_ARG_FILENAME, &pages, "PNG pictures, numbered from 0", "page%02d.png"},
  {"json", 'j', 0, G_OPTION_ARG_FILENAME, &json_dir, "write the detections there", "DIRECTORY"},
  {"device", 'd', 0, G_OPTION_ARG_STRING, &device, "auto, cpu, cuda, ...", "DEVICE"},
  {"port", 'P', 0, G_OPTION_ARG_STRING, &service, "port, 0: any that is free", "PORT"},
  {"rate", 'r', 0, G_OPTION_ARG_INT, &pages_per_second, "pages a second", "N"},
  {"width", 'x', 0, G_OPTION_ARG_INT, &width, "width of the video", "PIXELS"},
  {"height", 'y', 0, G_OPTION_ARG_INT, &height, "height of the video", "PIXELS"},
  {NULL}
};

static gchar *
describe_media (void)
{
  return g_strdup_printf ("( multifilesrc location=\"%s\" start-index=0 loop=true "
      "caps=image/png,framerate=%d/1 ! pngdec ! videoconvert ! videoscale add-borders=true ! "
      "video/x-raw,format=I420,width=%d,height=%d,pixel-aspect-ratio=1/1 ! "
      INFER " model=\"%s\" device=%s ! detectionjson name=json location=%s ! "
      "videoconvert ! video/x-raw,format=RGB ! detectionoverlay ! videoconvert ! "
      "video/x-raw,format=I420 ! jpegenc ! "
      "rtpjpegpay name=pay0 pt=26 )", pages, pages_per_second, width, height, model, device,
      "/dev/null");
}

/* Each client's detections go to a file of their own. */
static void
name_json_file (GstRTSPMediaFactory * factory, GstRTSPMedia * media, gpointer user_data)
{
  static gint n_streams = 0;
  GstElement *element = gst_rtsp_media_get_element (media);
  GstElement *json = gst_bin_get_by_name (GST_BIN (element), "json");
  g_autofree gchar *name = g_strdup_printf ("stream-%d.jsonl", n_streams++);
  g_autofree gchar *path = g_build_filename (json_dir, name, NULL);

  g_object_set (json, "location", path, NULL);
  gst_object_unref (json);
  gst_object_unref (element);
}

/* Sessions of clients that went away without a word time out. */
static gboolean
clean_up (gpointer server)
{
  GstRTSPSessionPool *pool = gst_rtsp_server_get_session_pool (server);

  gst_rtsp_session_pool_cleanup (pool);
  g_object_unref (pool);
  return G_SOURCE_CONTINUE;
}

/* An element that never sees a frame has the model loaded from the start, so that the
 * first client does not wait and the last one does not unload it. */
static GstElement *
load_model (void)
{
  GstElement *keeper = gst_parse_launch (INFER, NULL);

  g_object_set (keeper, "model", model, "device", device, NULL);
  if (gst_element_set_state (keeper, GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE)
    return keeper;
  g_printerr ("%s could not be loaded; GST_DEBUG=torchscriptinfer:2 tells why\n", model);
  gst_object_unref (keeper);
  return NULL;
}

static GstRTSPServer *
start_server (void)
{
  GstRTSPServer *server = gst_rtsp_server_new ();
  GstRTSPMountPoints *mounts = gst_rtsp_server_get_mount_points (server);
  GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new ();
  g_autofree gchar *media = describe_media ();

  gst_rtsp_server_set_address (server, "127.0.0.1");
  gst_rtsp_server_set_service (server, service);
  gst_rtsp_media_factory_set_launch (factory, media);
  if (json_dir)
    g_signal_connect (factory, "media-configure", G_CALLBACK (name_json_file), NULL);
  gst_rtsp_mount_points_add_factory (mounts, "/pages", factory);
  g_object_unref (mounts);
  g_timeout_add_seconds (2, clean_up, server);
  if (gst_rtsp_server_attach (server, NULL) != 0)
    return server;
  g_printerr ("port %s is not free\n", service);
  g_object_unref (server);
  return NULL;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  GstRTSPServer *server;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error) || !model || !pages) {
    g_printerr ("%s\n", error ? error->message : "--model and --pages are needed; see --help");
    return 2;
  }
  if (!load_model () || !(server = start_server ()))
    return 1;
  g_print ("rtsp://127.0.0.1:%d/pages\n", gst_rtsp_server_get_bound_port (server));
  g_main_loop_run (loop);
  return 0;
}
