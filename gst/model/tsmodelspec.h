/* tsmodelspec.h - all that is known of a model before it is loaded
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../frame/tsletterbox.h"
#include "../frame/tstensorizer.h"

G_BEGIN_DECLS

typedef struct
{
  gchar *path;                  /* of the TorchScript file */
  gchar *package;               /* its directory, or NULL for a bare file */
  gchar *weights;               /* safetensors file put over its weights, or NULL */
  gchar *name;                  /* of the package, or the file's stem */
  gchar *device;                /* what device=auto prefers, or NULL */
  gchar *decoder;               /* id, or NULL: not known */
  gchar *output_key;            /* "" or NULL: the output itself; "1", "boxes", "one2one.0" */
  gchar **labels;               /* NULL-terminated, by class id; NULL: not known */
  TsInputSize size;
  gboolean size_known;
  TsTensorFormat format;
  gfloat score_threshold;
  gfloat iou_threshold;
  gint max_detections;
  gchar *temporary;             /* directory that a zip was unpacked to, or NULL */
} TsModelSpec;

/* Reads the description of @path: an mlpkg package, as a directory or in one zip
 * file, or a TorchScript file.  A zip file is unpacked into a private temporary
 * directory, so that what is checked is what is loaded.
 * Loads no module and needs no libtorch.  Every field a package leaves out has
 * the documented default (docs/mlpkg.md).
 * Errors: TS_ERROR_NOT_FOUND, _READ, _FORMAT, _CONFIG. */
TsModelSpec *ts_model_spec_read (const gchar * path, GError ** error);

/* Fills what is still unknown from the JSON extra file "config.txt" that
 * exports of the Ultralytics family embed (names, imgsz, stride).
 * @json need not end in NUL.  Errors: TS_ERROR_FORMAT. */
gboolean ts_model_spec_add_config (TsModelSpec * self, const gchar * json,
    gsize size, GError ** error);

/* Removes the temporary directory early: once the module is loaded. */
void ts_model_spec_drop_files (TsModelSpec * self);

void ts_model_spec_free (TsModelSpec * self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TsModelSpec, ts_model_spec_free)

G_END_DECLS
