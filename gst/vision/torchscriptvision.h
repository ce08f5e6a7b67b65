/* torchscriptvision.h - TorchScript models on images, without a pipeline
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   TsVisionModel *model = ts_vision_model_open ("pages.mlpkg", NULL, &error);
 *   const TsVisionDetection *found =
 *       ts_vision_model_detect (model, &image, &n, &error);
 *
 * A model may be used by one thread at a time, different models by different
 * threads at once.
 */
#ifndef TORCHSCRIPT_VISION_H
#define TORCHSCRIPT_VISION_H

#include <glib.h>

G_BEGIN_DECLS

#define TS_VISION_API __attribute__ ((visibility ("default")))

#define TS_VISION_ERROR (ts_vision_error_quark ())
TS_VISION_API
GQuark ts_vision_error_quark (void);

typedef enum
{
  TS_VISION_ERROR_NOT_FOUND,    /* a file or directory is not there */
  TS_VISION_ERROR_READ,         /* it is there and cannot be read */
  TS_VISION_ERROR_FORMAT,       /* it is not what its place says it is */
  TS_VISION_ERROR_CONFIG,       /* a setting is unknown, missing or out of range */
  TS_VISION_ERROR_LIBTORCH,     /* libtorch cannot be opened */
  TS_VISION_ERROR_DEVICE,       /* the device is unknown or not available */
  TS_VISION_ERROR_FORWARD,      /* the module failed while it ran */
  TS_VISION_ERROR_OUTPUT,       /* its output does not fit the decoder */
  TS_VISION_ERROR_MEMORY
} TsVisionError;

/* NULL and 0 stand for the default, which is as the package says. */
typedef struct
{
  const gchar *device;          /* "auto" (the default), "cpu", "cuda", "cuda:N", "mps" */
  const gchar *decoder;         /* id, as the element's property */
  const gchar *output;          /* which part of the answer is decoded, likewise */
  const gchar *labels;          /* text file, one class name a line */
  const gchar *method;          /* default: "forward" */
  const gchar *weights;         /* safetensors file over the model's own weights */
  const gchar *custom_op_libs;  /* libraries of operators, separated by commas */
  gint threads;                 /* CPU threads of one pass; 0: one a core */
  gboolean self_test;           /* refuse a model that fails its self-test */
  gpointer reserved[7];         /* NULL */
} TsVisionOptions;

/* 8 bits a channel, rows from top to bottom. */
typedef enum
{
  TS_VISION_RGB,                /* 3 bytes a pixel */
  TS_VISION_BGR,
  TS_VISION_RGBX,               /* 4 bytes, the last is ignored */
  TS_VISION_BGRX,
  TS_VISION_GRAY                /* 1 byte */
} TsVisionFormat;

typedef struct
{
  TsVisionFormat format;
  gint width, height;           /* pixels, 1 to 16384 */
  gint stride;                  /* bytes from one row to the next */
  const guint8 *pixels;         /* only read, and only during a call */
} TsVisionImage;

/* Corners in pixels of the image, continuous, with the top left pixel spanning
 * 0..1. */
typedef struct
{
  gfloat x1, y1, x2, y2;
  gfloat score;                 /* 0..1 */
  gint class_id;                /* from 0 */
  const gchar *label;           /* the class's name, or NULL; the model's */
} TsVisionDetection;

/* A class of the whole image. */
typedef struct
{
  gfloat score;                 /* 0..1 */
  gint class_id;                /* from 0 */
  const gchar *label;           /* its name, or NULL; the model's */
} TsVisionClass;

/* A class for each cell of a grid over the image. */
typedef struct
{
  const guint16 *classes;       /* row by row; the model's */
  gint columns, rows;

  /* Where the grid lies, in pixels of the image; larger than the image where the
   * model's input was padded. */
  gfloat x, y, width, height;
} TsVisionMask;

/* What a model gives, and so which call is for it. */
typedef enum
{
  TS_VISION_DETECTIONS,         /* ts_vision_model_detect() */
  TS_VISION_CLASSES,            /* ts_vision_model_classify() */
  TS_VISION_MASK,               /* ts_vision_model_segment() */
  TS_VISION_NOTHING             /* raw tensors, which the element gives */
} TsVisionKind;

typedef struct _TsVisionModel TsVisionModel;

/* Opens an mlpkg package or a TorchScript file; @options may be NULL.  Free with
 * ts_vision_model_free().  Errors: NULL and a TsVisionError, whose message is
 * whole: the file, what was found, what was expected, what to do. */
TS_VISION_API
TsVisionModel *ts_vision_model_open (const gchar * path,
    const TsVisionOptions * options, GError ** error);
TS_VISION_API
void ts_vision_model_free (TsVisionModel * self);

/* By the decoder. */
TS_VISION_API
TsVisionKind ts_vision_model_get_kind (const TsVisionModel * self);

/* The next calls keep detections or classes whose score is above @score (0..1; < 0: as the
 * package says), at most @max_detections of them (0: as the package says), and
 * decoders that suppress overlaps do so above @iou (0..1; < 0: likewise). */
TS_VISION_API
void ts_vision_model_set_thresholds (TsVisionModel * self, gfloat score,
    gfloat iou, gint max_detections);

/* Finds what is in @image, best score first.  The array has *@n_detections
 * entries and is the model's, valid until its next call; it is not NULL even if
 * nothing was found.  Errors: NULL and TS_VISION_ERROR_CONFIG (an impossible
 * image), _FORWARD, _OUTPUT or _MEMORY. */
TS_VISION_API
const TsVisionDetection *ts_vision_model_detect (TsVisionModel * self,
    const TsVisionImage * image, gsize * n_detections, GError ** error);

/* The best classes of @image, best first; memory and errors as above. */
TS_VISION_API
const TsVisionClass *ts_vision_model_classify (TsVisionModel * self,
    const TsVisionImage * image, gsize * n_classes, GError ** error);

/* A class for each part of @image; memory and errors as above. */
TS_VISION_API
const TsVisionMask *ts_vision_model_segment (TsVisionModel * self,
    const TsVisionImage * image, GError ** error);

/* The name of a class, or NULL; the model's. */
TS_VISION_API
const gchar *ts_vision_model_get_label (const TsVisionModel * self,
    gint class_id);

/* The model's name, and the device that it runs on ("cuda:0"); owned. */
TS_VISION_API
const gchar *ts_vision_model_get_name (const TsVisionModel * self);
TS_VISION_API
const gchar *ts_vision_model_get_device (const TsVisionModel * self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsVisionModel, ts_vision_model_free)

G_END_DECLS

#endif /* TORCHSCRIPT_VISION_H */
