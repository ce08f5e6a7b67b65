/* tsmodelspec.h - all that is known of a model before it is loaded
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../frame/tsletterbox.h"
#include "../frame/tstensorizer.h"
#include "tstensor.h"

G_BEGIN_DECLS

/* How the module takes its inputs. */
typedef enum
{
  TS_INPUT_FORM_TENSOR,         /* an argument each */
  TS_INPUT_FORM_LIST,           /* the frame as a list of one CHW (or HWC)
                                   tensor, the others as an argument each */
  TS_INPUT_FORM_TENSOR_LIST     /* one list of all inputs */
} TsInputForm;

/* Where an input comes from; sizes are two numbers. */
typedef enum
{
  TS_INPUT_FRAME,
  TS_INPUT_ORIGINAL_SIZE,       /* height, width of the frame, pixels */
  TS_INPUT_ORIGINAL_SIZE_WH,    /* width, height */
  TS_INPUT_INPUT_SIZE,          /* height, width of the tensor */
  TS_INPUT_SCALE_FACTOR,        /* vertical, horizontal: scaled by original */
  TS_INPUT_CONSTANT
} TsInputSource;

typedef struct
{
  TsInputSource source;
  TsDtype dtype;                /* of all but the frame, as is what follows */
  gint n_dims;
  gint64 shape[TS_DECODE_MAX_DIMS];
  gfloat *values;               /* of TS_INPUT_CONSTANT; owned */
} TsInputSpec;

typedef struct
{
  gchar *path;                  /* of the TorchScript file */
  gchar *package;               /* its directory, or NULL for a bare file */
  gchar *weights;               /* safetensors file put over its weights, or NULL */
  gchar *name;                  /* of the package, or the file's stem */
  gchar *device;                /* what device=auto prefers, or NULL */
  gchar *decoder;               /* id, or NULL: not known */
  gchar *output_key;            /* "" or NULL: the output itself; "1", "boxes", "one2one.0" */
  GHashTable *output_roles;     /* likewise for single roles of the decoder, or NULL */
  GHashTable *tensor_ids;       /* of roles or keys, for other tensor decoders; or NULL */
  gchar **labels;               /* NULL-terminated, by class id; NULL: not known */
  TsInputSize size;
  gboolean size_known;
  gboolean keeps_size;          /* the tensor is as large as the frame */
  TsTensorFormat format;
  TsDtype dtype;                /* of the frame's tensor, and for a floating
                                   type of the parameters */
  TsInputForm input_form;
  GArray *inputs;               /* of TsInputSpec, in the module's order */
  gfloat score_threshold;
  gboolean score_threshold_known;       /* said, not the default */
  gfloat iou_threshold;
  gint max_detections;
  gboolean max_detections_known;
  gint first_class;             /* what the module calls the class 0 */
  TsActivation activation;
  GHashTable *hashed;           /* path -> GBytes of modules and weights whose hash
                                   was checked: these are loaded; or NULL */
  gchar *temporary;             /* directory that a zip was unpacked to, or NULL */
} TsModelSpec;

/* Reads the description of @path: an mlpkg package, as a directory or in one zip
 * file, or a TorchScript file.  A zip file is unpacked into a private temporary
 * directory, so that what is checked is what is loaded.
 * Loads no module and needs no libtorch.  Every field a package leaves out has
 * the documented default (docs/mlpkg.md).
 * Errors: TS_ERROR_NOT_FOUND, _READ, _FORMAT, _CONFIG. */
TsModelSpec *ts_model_spec_read (const gchar * path, GError ** error);

/* The same for a model that is signed by one of the public keys in the file @keys,
 * and only for such; NULL: ts_model_spec_read().  It is copied to a private temporary
 * directory first, so that nobody can change what was checked.
 * Errors: those, ts_trust_copy()'s and ts_trust_check_package()'s. */
TsModelSpec *ts_model_spec_read_trusted (const gchar * path,
    const gchar * keys, GError ** error);

/* Fills what is still unknown from the JSON extra file "config.txt" that
 * exports of the Ultralytics family embed (names, imgsz, stride).
 * @json need not end in NUL.  Errors: TS_ERROR_FORMAT. */
gboolean ts_model_spec_add_config (TsModelSpec * self, const gchar * json,
    gsize size, GError ** error);

/* The bytes of @path, a module or weights, if their hash was checked; else NULL.
 * They are @self's. */
GBytes *ts_model_spec_get_hashed (const TsModelSpec * self,
    const gchar * path);

/* Drops what was read of the files, and the temporary directory, early: once the
 * module is loaded. */
void ts_model_spec_drop_files (TsModelSpec * self);

void ts_model_spec_free (TsModelSpec * self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsModelSpec, ts_model_spec_free)

G_END_DECLS
