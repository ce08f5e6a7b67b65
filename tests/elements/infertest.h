/* infertest.h - what the tests of torchscriptinfer over the fake shim share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

#include "torchscript.h"

G_BEGIN_DECLS

#define EDGE 8
#define FRAME_SIZE (EDGE * EDGE * 3)
#define CAPS "video/x-raw,format=RGB,width=8,height=8,framerate=25/1"
#define CONFIG "\"config\": \"{\\\"imgsz\\\": [8, 8]}\", "
#define ECHO "{" CONFIG "\"output\": {\"input\": 0}}"
#define SLOW_ECHO "{" CONFIG "\"delay_ms\": 40, \"output\": {\"input\": 0}}"
#define SLOW_STATEFUL "{" CONFIG "\"delay_ms\": 40, \"keeps_state\": true, " \
  "\"output\": {\"input\": 0}}"
#define BOX "{" CONFIG "\"output\": {\"tensor\": {\"shape\": [1, 1, 6], " \
  "\"values\": [2, 2, 6, 6, 0.5, 1]}}}"

/* Where models are written to. */
extern gchar *infer_test_directory;

/* All of a main(). */
int infer_test_main (int argc, char **argv, Suite * (*make_suite) (void));

/* A model of this script (fakeshim.c), under this name; its path. */
gchar *write_model (const gchar * name, const gchar * script);

/* With the model m.pt of this script, and a bus of its own. */
GstElement *new_infer (const gchar * script, const gchar * decoder);

/* Takes @infer, which is its alone in the end. */
GstHarness *new_harness (GstElement * infer);

/* Messages on the bus hold the element, which holds the bus. */
void tear_down (GstHarness * h);

/* The number is in the first pixel and in the time. */
GstBuffer *new_frame (guint number);
guint get_number (GstBuffer * buffer);

/* Of a model that answers with its input: one answer, and that to this frame's
 * pixels. */
void check_answer (GstBuffer * buffer, guint number);
void pull_and_check (GstHarness * h, guint number);

/* Whether such a message is on the bus; takes one. */
gboolean has_message (GstElement * infer, GstMessageType type);

/* The next message of this type, which leaves the others for later; or NULL.  Not to be
 * mixed with has_message(). */
GstMessage *pop_message (GstElement * infer, GstMessageType type);

/* The next error or warning has all these words, which '|' separates; or there is none. */
void expect_text (GstElement * infer, GstMessageType type,
    const gchar * words);
void expect_no_text (GstElement * infer, GstMessageType type);

void flush (GstHarness * h);

/* A number of the stats, or, unless @part is NULL, of a structure in them. */
guint64 get_stat (GstElement * infer, const gchar * field, const gchar * part);

G_END_DECLS
