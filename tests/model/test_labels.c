/* test_labels.c - class names from text files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <sys/stat.h>

#include "modeltest.h"
#include "tslabels.h"

static void
check_labels (const gchar * content, const gchar * const *expected)
{
  gchar *directory = model_test_directory ();
  g_autofree gchar *path =
      model_test_write (directory, "labels.txt", content, -1);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) labels = ts_labels_read (path, &error);

  g_assert_no_error (error);
  g_assert_cmpstrv (labels, expected);
  model_test_remove (directory);
}

static void
test_read (void)
{
  check_labels ("title\ntext\n", WORDS ("title", "text"));
  check_labels ("title\r\ntext", WORDS ("title", "text"));
  check_labels ("\xef\xbb\xbftitle\n\ntext\n\n\n", WORDS ("title", "", "text"));
  check_labels ("plain text\n\xc3\xa4\n", WORDS ("plain text", "\xc3\xa4"));
}

static void
check_error (const gchar * content, gssize size, const gchar * word)
{
  gchar *directory = model_test_directory ();
  g_autofree gchar *path =
      model_test_write (directory, "labels.txt", content, size);
  g_autoptr (GError) error = NULL;

  g_assert_null (ts_labels_read (path, &error));
  model_test_assert_error (&error, TS_ERROR_FORMAT, WORDS (path, word,
          "label file"));
  model_test_remove (directory);
}

static void
check_fifo (void)
{
  gchar *directory = model_test_directory ();
  g_autofree gchar *path = g_build_filename (directory, "fifo", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  g_assert_null (ts_labels_read (path, &error));
  model_test_assert_error (&error, TS_ERROR_FORMAT, WORDS (path,
          "a special file", "expected a label file", "name such a file"));
  model_test_remove (directory);
}

static void
test_errors (void)
{
  g_autoptr (GError) error = NULL;

  check_error ("", -1, "empty");
  check_error ("\n \n\r\n", -1, "blank lines only");
  check_error ("ab\xff\n", -1, "0xff at offset 2");
  check_error ("a\0b\n", 4, "UTF-8");
  g_assert_null (ts_labels_read ("/nowhere/labels.txt", &error));
  model_test_assert_error (&error, TS_ERROR_NOT_FOUND,
      WORDS ("/nowhere/labels.txt", "label file"));
  g_assert_null (ts_labels_read ("/", &error));
  model_test_assert_error (&error, TS_ERROR_FORMAT, WORDS ("a directory",
          "expected a label file", "name such a file"));
  /* A FIFO without a writer would block the reader. */
  check_fifo ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/labels/read", test_read);
  g_test_add_func ("/labels/errors", test_errors);
  return g_test_run ();
}
