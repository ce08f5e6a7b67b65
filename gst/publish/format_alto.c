/* format_alto.c - a page as ALTO, with blocks, their classes and reading order
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Version 4.4 of https://www.loc.gov/standards/alto/.  ALTO knows no relations:
 * a figure, table or formula and what belongs to it are a composed block.
 */
#include "tsregions.h"
#include "tstext.h"

#define NAMESPACE "http://www.loc.gov/standards/alto/ns-v4#"

static const gchar *
label_of (const TsRegion * region)
{
  return region->detection->label != NULL ? region->detection->label : "";
}

static void
append_box (GString * text, const gfloat box[4])
{
  static const gchar *const names[] = { "HPOS", "VPOS", "WIDTH", "HEIGHT" };
  const gfloat numbers[] = { box[0], box[1], box[2] - box[0], box[3] - box[1] };

  for (guint i = 0; i < 4; i++) {
    g_string_append_printf (text, " %s=\"", names[i]);
    ts_text_append_float (text, numbers[i], "0");
    g_string_append_c (text, '"');
  }
}

static void
get_box (const TsRegion * region, gfloat box[4])
{
  const GstTorchscriptDetection *d = region->detection;

  box[0] = d->x1;
  box[1] = d->y1;
  box[2] = d->x2;
  box[3] = d->y2;
}

static void
append_block (GString * text, const GArray * regions, guint index,
    const gchar * indent)
{
  const TsRegion *region = &g_array_index (regions, TsRegion, index);
  const gchar *element = region->role == TS_ROLE_FIGURE ? "Illustration" :
      region->role == TS_ROLE_TABLE || region->role == TS_ROLE_FORMULA ?
      "ComposedBlock" : "TextBlock";
  gfloat box[4];

  get_box (region, box);
  g_string_append_printf (text, "%s<%s ID=\"b%u\"", indent, element, index);
  append_box (text, box);
  g_string_append_printf (text, " TAGREFS=\"c%d\"",
      region->detection->class_id);
  if (region->role == TS_ROLE_TABLE || region->role == TS_ROLE_FORMULA)
    g_string_append_printf (text, " TYPE=\"%s\"",
        region->role == TS_ROLE_TABLE ? "table" : "formula");
  g_string_append (text, "/>\n");
}

/* A block and all that belongs to it. */
static void
append_group (GString * text, const GArray * regions, guint host)
{
  gfloat box[4], member[4];

  get_box (&g_array_index (regions, TsRegion, host), box);
  for (guint i = 0; i < regions->len; i++) {
    const TsRegion *region = &g_array_index (regions, TsRegion, i);

    if (region->related != host)
      continue;
    get_box (region, member);
    box[0] = MIN (box[0], member[0]);
    box[1] = MIN (box[1], member[1]);
    box[2] = MAX (box[2], member[2]);
    box[3] = MAX (box[3], member[3]);
  }
  g_string_append_printf (text, "        <ComposedBlock ID=\"g%u\"", host);
  append_box (text, box);
  g_string_append (text, " TYPE=\"group\">\n");
  for (guint i = 0; i < regions->len; i++) {
    if (g_array_index (regions, TsRegion, i).related == host)
      append_block (text, regions, i, "          ");
  }
  g_string_append (text, "        </ComposedBlock>\n");
}

static void
append_blocks (GString * text, const GArray * regions)
{
  g_autofree guint *members = g_new0 (guint, regions->len + 1);

  for (guint i = 0; i < regions->len; i++)
    members[g_array_index (regions, TsRegion, i).related]++;
  for (guint i = 0; i < regions->len; i++) {
    if (members[i] > 1)
      append_group (text, regions, i);
    else if (members[i] == 1)
      append_block (text, regions, i, "        ");
  }
}

static gint
compare_ids (gconstpointer a, gconstpointer b)
{
  const TsRegion *p = a, *q = b;

  return (p->detection->class_id > q->detection->class_id)
      - (p->detection->class_id < q->detection->class_id);
}

/* The classes that occur, as tags. */
static void
append_tags (GString * text, const GArray * regions)
{
  g_autoptr (GArray) sorted = g_array_copy ((GArray *) regions);

  if (sorted->len == 0)
    return;
  g_array_sort (sorted, compare_ids);
  g_string_append (text, "  <Tags>\n");
  for (guint i = 0; i < sorted->len; i++) {
    const TsRegion *region = &g_array_index (sorted, TsRegion, i);

    if (i > 0 && compare_ids (region - 1, region) == 0)
      continue;
    g_string_append_printf (text, "    <LayoutTag ID=\"c%d\" TYPE=\"class\" "
        "LABEL=\"", region->detection->class_id);
    ts_text_append_xml (text, label_of (region));
    g_string_append (text, "\"/>\n");
  }
  g_string_append (text, "  </Tags>\n");
}

static void
append_order (GString * text, const GArray * regions)
{
  gsize start = text->len;
  gboolean any = FALSE;

  g_string_append (text, "  <ReadingOrder>\n    <OrderedGroup ID=\"ro\">\n");
  for (guint i = 0; i < regions->len; i++) {
    if (g_array_index (regions, TsRegion, i).detection->order == 0)
      continue;
    any = TRUE;
    g_string_append_printf (text,
        "      <ElementRef ID=\"o%u\" REF=\"b%u\"/>\n", i, i);
  }
  g_string_append (text, "    </OrderedGroup>\n  </ReadingOrder>\n");
  if (!any)
    g_string_truncate (text, start);
}

static void
append_description (GString * text, const TsRecord * record)
{
  g_autofree gchar *image = ts_regions_image_name (record);

  g_string_append (text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<alto xmlns=\"" NAMESPACE "\" SCHEMAVERSION=\"4.4\">\n"
      "  <Description>\n    <MeasurementUnit>pixel</MeasurementUnit>\n"
      "    <sourceImageInformation>\n      <fileName>");
  ts_text_append_xml (text, image);
  g_string_append (text, "</fileName>\n    </sourceImageInformation>\n"
      "    <Processing ID=\"p\">\n      <processingSoftware>\n"
      "        <softwareName>" PACKAGE "</softwareName>\n"
      "        <softwareVersion>" VERSION "</softwareVersion>\n"
      "      </processingSoftware>\n    </Processing>\n  </Description>\n");
}

static void
append (GString * text, const TsRecord * record)
{
  guint width = 0, height = 0;
  g_autoptr (GArray) regions = ts_regions_new (record->buffer, &width, &height);

  if (regions == NULL)
    return;
  append_description (text, record);
  append_tags (text, regions);
  append_order (text, regions);
  g_string_append_printf (text, "  <Layout>\n    <Page ID=\"page%u\" "
      "PHYSICAL_IMG_NR=\"%u\" WIDTH=\"%u\" HEIGHT=\"%u\">\n"
      "      <PrintSpace HPOS=\"0\" VPOS=\"0\" WIDTH=\"%u\" HEIGHT=\"%u\">\n",
      record->page, record->page, width, height, width, height);
  append_blocks (text, regions);
  g_string_append (text,
      "      </PrintSpace>\n    </Page>\n  </Layout>\n</alto>\n");
}

const TsFormat ts_format_alto = {
  .name = "alto",
  .description = "ALTO: a document for each page",
  .documents = TRUE,
  .head = "",
  .between = "",
  .tail = "",
  .append = append,
};
