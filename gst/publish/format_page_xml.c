/* format_page_xml.c - a page as PAGE-XML, with regions, reading order, relations
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Version 2019-07-15 of https://github.com/PRImA-Research-Lab/PAGE-XML.
 */
#include <math.h>

#include "tsregions.h"
#include "tstext.h"

#define NAMESPACE "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"

typedef struct
{
  const gchar *element, *type;
} TsPageRegion;

static TsPageRegion
page_region (const TsRegion * region)
{
  const gchar *label = region->detection->label;

  switch (region->role) {
    case TS_ROLE_FIGURE:
    return (TsPageRegion) {
    "ImageRegion", NULL};
    case TS_ROLE_TABLE:
    return (TsPageRegion) {
    "TableRegion", NULL};
    case TS_ROLE_FORMULA:
    return (TsPageRegion) {
    "MathsRegion", NULL};
    case TS_ROLE_CAPTION:
    case TS_ROLE_FIGURE_CAPTION:
    case TS_ROLE_TABLE_CAPTION:
    return (TsPageRegion) {
    "TextRegion", "caption"};
    case TS_ROLE_TABLE_FOOTNOTE:
    return (TsPageRegion) {
    "TextRegion", "footnote"};
    case TS_ROLE_FURNITURE:
    case TS_ROLE_FORMULA_NUMBER:
    return (TsPageRegion) {
    "TextRegion", "other"};
    default:
      break;
  }
  if (label != NULL && (g_ascii_strcasecmp (label, "title") == 0
          || g_ascii_strcasecmp (label, "section-header") == 0))
    return (TsPageRegion) {
    "TextRegion", "heading"};
  return (TsPageRegion) {
  "TextRegion", "paragraph"};
}

static gint
pixel (gfloat position, guint size)
{
  return (gint) CLAMP (rintf (position), 0, (gfloat) size);
}

static void
append_region (GString * text, const TsRegion * region, guint index,
    guint width, guint height)
{
  const GstTorchscriptDetection *d = region->detection;
  TsPageRegion form = page_region (region);
  gint x1 = pixel (d->x1, width), x2 = pixel (d->x2, width);
  gint y1 = pixel (d->y1, height), y2 = pixel (d->y2, height);

  g_string_append_printf (text, "    <%s id=\"r%u\"", form.element, index);
  if (form.type != NULL)
    g_string_append_printf (text, " type=\"%s\"", form.type);
  if (d->label != NULL) {
    g_string_append (text, " custom=\"label {name:");
    ts_text_append_xml (text, d->label);
    g_string_append (text, ";}\"");
  }
  g_string_append_printf (text, ">\n      <Coords points=\"%d,%d %d,%d %d,%d "
      "%d,%d\" conf=\"", x1, y1, x2, y1, x2, y2, x1, y2);
  ts_text_append_float (text, d->score, "0");
  g_string_append_printf (text, "\"/>\n    </%s>\n", form.element);
}

static void
append_order (GString * text, const GArray * regions)
{
  gsize start = text->len;
  guint index = 0;

  g_string_append (text,
      "    <ReadingOrder>\n      <OrderedGroup id=\"ro\">\n");
  for (guint i = 0; i < regions->len; i++) {
    if (g_array_index (regions, TsRegion, i).detection->order > 0)
      g_string_append_printf (text, "        <RegionRefIndexed index=\"%u\" "
          "regionRef=\"r%u\"/>\n", index++, i);
  }
  g_string_append (text, "      </OrderedGroup>\n    </ReadingOrder>\n");
  if (index == 0)
    g_string_truncate (text, start);
}

static void
append_relations (GString * text, const GArray * regions)
{
  gsize start = text->len;
  guint n = 0;

  g_string_append (text, "    <Relations>\n");
  for (guint i = 0; i < regions->len; i++) {
    const TsRegion *region = &g_array_index (regions, TsRegion, i);

    if (region->related == i)
      continue;
    g_string_append_printf (text, "      <Relation id=\"rel%u\" type=\"link\" "
        "custom=\"%s\">\n        <SourceRegionRef regionRef=\"r%u\"/>\n"
        "        <TargetRegionRef regionRef=\"r%u\"/>\n      </Relation>\n",
        n++, gst_torchscript_relation_get_name (region->detection->relation), i,
        region->related);
  }
  g_string_append (text, "    </Relations>\n");
  if (n == 0)
    g_string_truncate (text, start);
}

static void
append_head (GString * text, const TsRecord * record, guint width, guint height)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  g_autofree gchar *image = ts_regions_image_name (record);

  g_string_append_printf (text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<PcGts xmlns=\"" NAMESPACE "\">\n  <Metadata>\n"
      "    <Creator>" PACKAGE " " VERSION "</Creator>\n"
      "    <Created>%s</Created>\n    <LastChange>%s</LastChange>\n"
      "  </Metadata>\n  <Page imageFilename=\"", time, time);
  ts_text_append_xml (text, image);
  g_string_append_printf (text, "\" imageWidth=\"%u\" imageHeight=\"%u\">\n",
      width, height);
}

static void
append (GString * text, const TsRecord * record)
{
  guint width = 0, height = 0;
  g_autoptr (GArray) regions = ts_regions_new (record->buffer, &width, &height);

  if (regions == NULL)
    return;
  append_head (text, record, width, height);
  append_order (text, regions);
  append_relations (text, regions);
  for (guint i = 0; i < regions->len; i++)
    append_region (text, &g_array_index (regions, TsRegion, i), i, width,
        height);
  g_string_append (text, "  </Page>\n</PcGts>\n");
}

const TsFormat ts_format_page_xml = {
  .name = "page-xml",
  .description = "PAGE-XML: a document for each page",
  .documents = TRUE,
  .head = "",
  .between = "",
  .tail = "",
  .append = append,
};
