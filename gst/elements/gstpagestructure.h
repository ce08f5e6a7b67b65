/* gstpagestructure.h - element that finds reading order and captions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_PAGE_STRUCTURE (gst_page_structure_get_type ())
G_DECLARE_FINAL_TYPE (GstPageStructure, gst_page_structure, GST,
    PAGE_STRUCTURE, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (pagestructure)

G_END_DECLS
