/* metaforms.h - which metas of others an answer is mirrored to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Our own meta is attached in any case, as the only one that says everything. */
typedef enum
{
  TS_META_AUTO,                 /* all that this build has */
  TS_META_OWN,
  TS_META_ROI,
  TS_META_ANALYTICS             /* no value of the property where it is not built */
} TsMetaForms;

#define TS_TYPE_META_FORMS (ts_meta_forms_get_type ())
GType ts_meta_forms_get_type (void);

/* Whether an answer is mirrored to these, too. */
gboolean ts_meta_forms_have_roi (TsMetaForms forms);
gboolean ts_meta_forms_have_analytics (TsMetaForms forms);

G_END_DECLS
