/* sink_pages.c - writes each page to a file of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "tssink.h"
#include "tswrite.h"

#define MAX_DIGITS 9

typedef struct
{
  TsSink parent;
  gchar *before, *after;        /* of the page's number */
  guint digits;
  gboolean numbered;            /* otherwise there is one page */
  gboolean written;
} TsSinkPages;

/* Finds "%d" or "%03d" in @pattern: users' text is no format for printf(). */
static void
parse_pattern (TsSinkPages * self, const gchar * pattern)
{
  g_autoptr (GRegex) regex =
      g_regex_new ("^(.*)%(?:0([1-9]))?d(.*)$", G_REGEX_DOTALL, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree gchar *digits = NULL;

  self->numbered = g_regex_match (regex, pattern, 0, &match);
  if (!self->numbered) {
    self->before = g_strdup (pattern);
    self->after = g_strdup ("");
    return;
  }
  self->before = g_match_info_fetch (match, 1);
  digits = g_match_info_fetch (match, 2);
  self->digits = MIN (g_ascii_strtoull (digits, NULL, 10), MAX_DIGITS);
  self->after = g_match_info_fetch (match, 3);
}

static gchar *
page_path (const TsSinkPages * self, guint page)
{
  if (!self->numbered)
    return g_strdup (self->before);
  return g_strdup_printf ("%s%0*u%s", self->before, (int) self->digits, page,
      self->after);
}

/* Writes to a file beside it first, so that a document is whole or not there. */
static gboolean
write_document (const gchar * path, const GString * text)
{
  g_autofree gchar *part = g_strconcat (path, ".part", NULL);
  gint fd = g_open (part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  gint write_errno;

  if (fd < 0)
    return FALSE;
  if (ts_write_whole (fd, text->str, text->len)) {
    if (close (fd) == 0 && g_rename (part, path) == 0)
      return TRUE;
    write_errno = errno;
  } else {
    write_errno = errno;
    close (fd);
  }
  g_unlink (part);
  errno = write_errno;
  return FALSE;
}

static gboolean
sink_pages_write (TsSink * sink, const GString * text, guint page,
    GError ** error)
{
  TsSinkPages *self = (TsSinkPages *) sink;
  g_autofree gchar *path = page_path (self, page);

  if (self->written && !self->numbered) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "\"%s\" holds one page, and page %u has come; put the page's number "
        "into the location property, as in \"page-%%03d.xml\".", path, page);
    return FALSE;
  }
  if (!write_document (path, text)) {
    ts_sink_set_write_error (error, path, errno);
    return FALSE;
  }
  self->written = TRUE;
  return TRUE;
}

static gboolean
sink_pages_close (TsSink * sink, GError ** error)
{
  TsSinkPages *self = (TsSinkPages *) sink;

  g_free (self->before);
  g_free (self->after);
  g_free (self);
  return TRUE;
}

static const TsSinkClass sink_pages_class = {
  sink_pages_write, sink_pages_close
};

TsSink *
ts_sink_pages_open (const gchar * pattern, GError ** error)
{
  g_autofree gchar *directory = g_path_get_dirname (pattern);
  TsSinkPages *self;

  if (g_access (directory, W_OK | X_OK) < 0) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
        "Cannot write documents to \"%s\": %s; set the location property to "
        "files in a directory that can be written.", pattern,
        g_strerror (errno));
    return NULL;
  }
  self = g_new0 (TsSinkPages, 1);
  self->parent.klass = &sink_pages_class;
  parse_pattern (self, pattern);
  return &self->parent;
}
