/* metaforms.c - which metas of others an answer is mirrored to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "metaforms.h"

#include "analyticsmirror.h"

GType
ts_meta_forms_get_type (void)
{
  static GType type = 0;
  static GEnumValue values[] = {
    {TS_META_AUTO, "Regions of interest, and GstAnalytics where it is built",
        "auto"},
    {TS_META_OWN, "The metas of this plugin alone", "own"},
    {TS_META_ROI, "Regions of interest", "roi"},
    {TS_META_ANALYTICS, "GstAnalytics", "analytics"},
    {0, NULL, NULL}
  };

  if (g_once_init_enter (&type)) {
    GType registered;

    if (!ts_analytics_is_built ())
      values[TS_META_ANALYTICS] = (GEnumValue) {
      0, NULL, NULL};
    registered = g_enum_register_static ("GstTorchscriptMetaForms", values);
    g_once_init_leave (&type, registered);
  }
  return type;
}

gboolean
ts_meta_forms_have_roi (TsMetaForms forms)
{
  return forms == TS_META_AUTO || forms == TS_META_ROI;
}

gboolean
ts_meta_forms_have_analytics (TsMetaForms forms)
{
  return forms == TS_META_AUTO || forms == TS_META_ANALYTICS;
}
