/* fuzz_remote.c - what a process that runs a model says to the plugin
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tsremote.c with a process that answers each request with the next part of the
 * bytes.  The byte before a part says whether the part is a message, or all that goes
 * over the socket; whether descriptors come with it; and how large the process makes
 * the memory of its outputs.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "tsprocess.h"
#include "tsremote.h"
#include "tsvalue.h"
#include "tsvaluetext.h"
#include "tswire.h"

#define IS_RAW 1
#define HAS_FDS 2
#define SIZE_SHIFT 2

static FuzzBytes bytes;
static int outputs = -1;
static volatile gfloat used;

/* In the place of tsprocess.c. */
TsProcess *
ts_process_start (GError ** error)
{
  TsProcess *self = g_new0 (TsProcess, 1);

  self->runtime = g_strdup ("fuzz");
  return self;
}

void
ts_process_free (TsProcess * self)
{
  if (self == NULL)
    return;
  g_free (self->runtime);
  g_free (self);
}

static void
answer (int socket)
{
  guint flags = fuzz_byte (&bytes);
  FuzzBytes part = fuzz_part (&bytes);
  guint64 size = part.size;
  int fds[] = { STDIN_FILENO, STDIN_FILENO };
  struct iovec parts[] = {
    {&size, flags & IS_RAW ? 0 : sizeof size}, {(gpointer) part.data, part.size}
  };
  gchar room[CMSG_SPACE (sizeof fds)] __attribute__((aligned (8))) = "";
  struct cmsghdr *header = (struct cmsghdr *) room;
  struct msghdr message = {.msg_iov = parts,.msg_iovlen = 2 };

  if (outputs >= 0)
    g_assert_cmpint (ftruncate (outputs, MAX ((flags >> SIZE_SHIFT) * 64,
                lseek (outputs, 0, SEEK_END))), ==, 0);
  *header = (struct cmsghdr) { CMSG_LEN (sizeof fds), SOL_SOCKET, SCM_RIGHTS };
  memcpy (CMSG_DATA (header), fds, sizeof fds);
  if (flags & HAS_FDS) {
    message.msg_control = room;
    message.msg_controllen = sizeof room;
  }
  g_assert_cmpint (sendmsg (socket, &message, MSG_DONTWAIT), >=, 0);
}

GVariant *
ts_process_ask (TsProcess * self, GVariant * request, const int *fds,
    guint n_fds, guint timeout_ms, gchar ** reason)
{
  GVariant *message = NULL;
  TsWireResult result;
  int ends[2];

  g_variant_unref (g_variant_ref_sink (request));
  if (n_fds == 2)
    outputs = fds[1];
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
  answer (ends[1]);
  close (ends[1]);
  result = ts_wire_receive (ends[0], TS_WIRE_ANSWER,
      g_get_monotonic_time () + G_USEC_PER_SEC, &message, NULL);
  g_assert_cmpint (result, !=, TS_WIRE_LATE);
  close (ends[0]);
  if (result == TS_WIRE_CLOSED)
    *reason = g_strdup ("was killed");
  return message;
}

static void
check_text (const gchar * text)
{
  if (*text == '\0' || !g_utf8_validate (text, -1, NULL))
    abort ();
}

/* A number of it is used, so that a sanitizer sees memory that is not there. */
static void
read_output (const TsShimApi * api, const TsShimValue * value,
    const gchar * keys)
{
  g_autoptr (GError) error = NULL;
  const TsShimValue *found = ts_value_find (api, value, keys, "m", &error);
  TsValueBuffer buffer = { NULL };
  gfloat sum = 0;
  TsOutput output;
  gsize n = 1;

  fuzz_check_error (found != NULL, error);
  if (found == NULL)
    return;
  g_assert_true (ts_value_to_output (api, found, &buffer, "m", &output, NULL));
  for (gint i = 0; i < output.n_dims; i++)
    n *= (gsize) output.shape[i];
  for (gsize i = 0; i < n; i++)
    sum += output.data[i];
  used = sum;
  g_free (buffer.data);
}

static void
clear_named (gpointer data)
{
  g_free (((TsNamedTensor *) data)->name);
}

static void
read_value (const TsShimApi * api, const TsShimValue * value)
{
  static const gchar *const keys[] = { "", "0", "a", "a.0|boxes|1.a" };
  g_autoptr (GArray) tensors = g_array_new (FALSE, FALSE,
      sizeof (TsNamedTensor));
  g_autofree gchar *text = ts_value_describe (api, value);
  g_autofree gchar *parts = ts_value_describe_parts (api, value);

  check_text (text);
  check_text (parts);
  g_array_set_clear_func (tensors, clear_named);
  ts_value_list (api, value, tensors);
  for (guint i = 0; i < tensors->len; i++)
    if (!g_utf8_validate (g_array_index (tensors, TsNamedTensor, i).name, -1,
            NULL))
      abort ();
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    read_output (api, value, keys[i]);
}

static void
run (const TsShimApi * api, TsShimModule * module)
{
  gfloat x[4] = { 0 };
  TsShimTensor input = { x, TS_SHIM_FLOAT32, 1, {4} };
  gchar error[256] = "";
  TsShimValue *value = NULL;

  if (api->run (module, &input, 1, &value, error, sizeof error) != TS_SHIM_OK) {
    check_text (error);
    return;
  }
  read_value (api, value);
  api->value_free (value);
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  const TsRemoteOptions limits = { 0, 0, 1, 1 << 20 };
  const TsShimVariant variant = { 0 };
  TsShimLoadOptions options = { "m.pt", "cpu" };
  const TsShimApi *api = ts_remote_open (NULL);
  TsShimModule *module = NULL;
  gchar error[256] = "";
  gsize n = 0;

  bytes = (FuzzBytes) {
  data, size};
  options.data = "PK";
  options.size = 2;
  outputs = -1;
  if (ts_remote_load (&options, &limits, &module, error, sizeof error)
      != TS_SHIM_OK) {
    check_text (error);
    return 0;
  }
  if (api->config (module, &n) != NULL && n == 0)
    abort ();
  outputs = -1;
  run (api, module);
  if (api->prepare (module, &variant, error, sizeof error) != TS_SHIM_OK)
    check_text (error);
  api->settle (module);
  outputs = -1;
  run (api, module);
  api->module_free (module);
  return 0;
}
