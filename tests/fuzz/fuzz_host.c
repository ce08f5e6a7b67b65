/* fuzz_host.c - what the process that runs a model is asked
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The program of gst/host/ over the fake shim, with each part of the bytes as a
 * request.  The byte before a part says whether descriptors come with it.
 */
#define _GNU_SOURCE
#include <glib/gstdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "fakemodel.h"
#include "fuzz.h"
#include "tswire.h"

static int host_socket;

#undef TS_WIRE_FD
#define TS_WIRE_FD host_socket
int host_main (void);
#define main host_main
#include "../../gst/host/host.c"
#undef main

#define SCRIPT "{\"config\": \"{}\", \"output\": {\"dict\": {" \
  "\"b\": {\"list\": [{\"int\": 1}, {\"double\": 0.5}, {\"string\": \"s\"}, " \
  "{\"none\": true}, {\"tensor\": {\"shape\": [2, 2], \"fill\": 1}}]}}}}"

/* In the place of tssandbox.c and tsshim.c. */
gboolean
ts_sandbox_enter (guint64 max_bytes, gboolean has_card)
{
  return TRUE;
}

const TsShimApi *
ts_shim_open (GError ** error)
{
  return ts_shim_api (TS_SHIM_ABI_VERSION);
}

/* What comes with load(), or with run(). */
static void
make_files (gboolean is_load, int fds[2])
{
  static gchar *model;
  static gsize size;
  TsShared first = TS_SHARED_NONE, second = TS_SHARED_NONE;

  if (model == NULL) {
    g_autofree gchar *path = g_build_filename (fuzz_directory (), "m", NULL);

    fake_model_write (path, SCRIPT);
    g_assert_true (g_file_get_contents (path, &model, &size, NULL));
  }
  g_assert_true (ts_shared_create (&first, "fuzz-1")
      && ts_shared_create (&second, "fuzz-2")
      && ts_shared_reserve (&first, MAX (size, 4096))
      && ts_shared_reserve (&second, is_load ? 4096 : 0));
  if (is_load) {
    memcpy (first.data, model, size);
    g_assert_cmpint (ftruncate (first.fd, MAX (size, 4096)), ==, 0);
  }
  fds[0] = dup (first.fd);
  fds[1] = dup (second.fd);
  ts_shared_clear (&first);
  ts_shared_clear (&second);
}

static void
ask (int socket, FuzzBytes * bytes)
{
  guint flags = fuzz_byte (bytes);
  FuzzBytes part = fuzz_part (bytes);
  gpointer copy = g_memdup2 (part.data, part.size);
  GVariant *message = g_variant_new_from_data (G_VARIANT_TYPE (TS_WIRE_REQUEST),
      copy, part.size, FALSE, g_free, copy);
  int fds[2];

  if (flags % 3)
    make_files (flags % 3 == 1, fds);
  ts_wire_send (socket, message, fds, flags % 3 ? 2 : 0, 0);
  if (flags % 3) {
    close (fds[0]);
    close (fds[1]);
  }
}

static void
drain (int socket)
{
  gchar room[65536];

  while (recv (socket, room, sizeof room, MSG_DONTWAIT) > 0);
}

static void
host_clear (Host * self)
{
  self->api->module_free (self->module);
  ts_shared_clear (&self->model);
  ts_shared_clear (&self->weights);
  ts_shared_clear (&self->inputs);
  ts_shared_clear (&self->outputs);
}

/* The next free one stays the same. */
static void
check_descriptors (void)
{
  static int first = -1;
  int next = dup (STDERR_FILENO);

  close (next);
  if (first < 0)
    first = next;
  g_assert_cmpint (next, ==, first);
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  Host self = {.model = TS_SHARED_NONE,.weights = TS_SHARED_NONE,
    .inputs = TS_SHARED_NONE,.outputs = TS_SHARED_NONE
  };
  FuzzBytes bytes = { data, size };
  gboolean goes_on = TRUE;
  int ends[2];

  check_descriptors ();
  self.api = ts_shim_open (NULL);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
  host_socket = ends[0];
  while (goes_on && bytes.size > 0) {
    ask (ends[1], &bytes);
    goes_on = serve (&self);
    drain (ends[1]);
  }
  host_clear (&self);
  close (ends[0]);
  close (ends[1]);
  check_descriptors ();
  return 0;
}
