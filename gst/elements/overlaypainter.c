/* overlaypainter.c - draws boxes and their labels as small pictures
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "overlaypainter.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

/* Bounds the memory of one tile when boxes are filled; cairo's surfaces end at
 * 32767 pixels. */
#define MAX_TILE_PIXELS 65536
#define MAX_TILE_WIDTH 16384
#define MAX_FONT_SIZE_PX 1000
/* Labels repeat from frame to frame; past this many the cache starts anew. */
#define MAX_CACHED_LABELS 512
/* Keeps far-away boxes within the range of cairo's coordinates. */
#define FAR_AWAY_PX 1000000.0

typedef struct
{
  gint x1, y1, x2, y2;          /* pixels; x2 and y2 are outside */
} Rect;

typedef struct
{
  Rect outer;
  Rect inner;                   /* empty if the lines touch each other */
} Outline;

typedef struct
{
  gchar *text;
  TsOverlayColor color;
} LabelKey;

struct _TsOverlayPainter
{
  TsOverlayStyle style;         /* as asked for; the font is owned */
  gint frame_width, frame_height;
  gint line_width;              /* pixels, resolved */
  gint font_size;

  PangoFontMap *font_map;
  PangoLayout *layout;
  GHashTable *labels;           /* LabelKey -> cairo_surface_t */

  guint8 *scratch;              /* pixels of the tile in work */
  gsize scratch_size;
};

static guint
label_key_hash (gconstpointer key)
{
  const LabelKey *k = key;

  return g_str_hash (k->text) ^ (k->color.r << 16 | k->color.g << 8
      | k->color.b);
}

static gboolean
label_key_equal (gconstpointer a, gconstpointer b)
{
  const LabelKey *ka = a, *kb = b;

  return ka->color.r == kb->color.r && ka->color.g == kb->color.g
      && ka->color.b == kb->color.b && strcmp (ka->text, kb->text) == 0;
}

static void
label_key_free (gpointer key)
{
  g_free (((LabelKey *) key)->text);
  g_free (key);
}

/* A font map of its own, since Pango's default one belongs to one thread. */
static PangoLayout *
create_layout (PangoFontMap * font_map)
{
  PangoContext *context = pango_font_map_create_context (font_map);
  cairo_font_options_t *options = cairo_font_options_create ();
  PangoLayout *layout;

  /* Coloured subpixels would be wrong on a picture that is scaled later. */
  cairo_font_options_set_antialias (options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options (context, options);
  cairo_font_options_destroy (options);

  layout = pango_layout_new (context);
  g_object_unref (context);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  return layout;
}

TsOverlayPainter *
ts_overlay_painter_new (void)
{
  TsOverlayPainter *self = g_new0 (TsOverlayPainter, 1);

  self->font_map = pango_cairo_font_map_new ();
  self->layout = create_layout (self->font_map);
  self->labels = g_hash_table_new_full (label_key_hash, label_key_equal,
      label_key_free, (GDestroyNotify) cairo_surface_destroy);
  return self;
}

void
ts_overlay_painter_free (TsOverlayPainter * self)
{
  if (self == NULL)
    return;

  g_free (self->scratch);
  g_hash_table_unref (self->labels);
  g_object_unref (self->layout);
  g_object_unref (self->font_map);
  g_free ((gchar *) self->style.font);
  g_free (self);
}

static gint
label_padding (const TsOverlayPainter * self)
{
  return MAX (1, self->font_size / 5);
}

/* The size in pixels that @font names, or 0. */
static gint
named_font_size (const PangoFontDescription * font)
{
  gdouble size = pango_font_description_get_size (font) / (gdouble) PANGO_SCALE;

  if (!pango_font_description_get_size_is_absolute (font))
    size *= 96.0 / 72.0;        /* points at Pango's default resolution */
  return (gint) lrint (CLAMP (size, 0.0, MAX_FONT_SIZE_PX));
}

static void
update_layout (TsOverlayPainter * self)
{
  PangoFontDescription *font =
      pango_font_description_from_string (self->style.font);
  gint size = self->style.font_size, text_width;

  if (size == 0)
    size = named_font_size (font);
  if (size == 0)
    size = ts_overlay_default_font_size (self->frame_width, self->frame_height);
  self->font_size = MIN (size, MAX_FONT_SIZE_PX);
  pango_font_description_set_absolute_size (font,
      (gdouble) self->font_size * PANGO_SCALE);
  pango_layout_set_font_description (self->layout, font);
  pango_font_description_free (font);

  text_width = MIN (self->frame_width, MAX_TILE_WIDTH)
      - 2 * label_padding (self);
  pango_layout_set_width (self->layout, MAX (1, text_width) * PANGO_SCALE);
  g_hash_table_remove_all (self->labels);
}

void
ts_overlay_painter_set_style (TsOverlayPainter * self,
    const TsOverlayStyle * style, gint frame_width, gint frame_height)
{
  gboolean same_font = g_strcmp0 (self->style.font, style->font) == 0;
  gboolean same_text = same_font && self->frame_width == frame_width
      && self->frame_height == frame_height
      && self->style.font_size == style->font_size;
  gchar *font = (gchar *) self->style.font;

  if (!same_font) {
    g_free (font);
    font = g_strdup (style->font);
  }
  self->style = *style;
  self->style.font = font;
  self->frame_width = frame_width;
  self->frame_height = frame_height;
  self->line_width = style->line_width > 0 ? style->line_width :
      ts_overlay_default_line_width (frame_width, frame_height);
  if (!same_text)
    update_layout (self);
}

static gboolean
rect_is_empty (const Rect * r)
{
  return r->x1 >= r->x2 || r->y1 >= r->y2;
}

static gint
to_pixel (gdouble v)
{
  return (gint) floor (CLAMP (v, -FAR_AWAY_PX, FAR_AWAY_PX) + 0.5);
}

/* The lines along one axis: @low and @high are the box's borders. */
static void
place_lines (gint low, gint high, gint line_width, gint * outer1,
    gint * outer2, gint * inner1, gint * inner2)
{
  *outer1 = low - line_width / 2;
  *outer2 = MAX (high + line_width / 2, *outer1 + line_width);
  *inner1 = *outer1 + line_width;
  *inner2 = *outer2 - line_width;
}

/* FALSE if there is nothing to see of the box. */
static gboolean
get_outline (const TsOverlayPainter * self, const TsOverlayBox * box,
    Outline * o)
{
  if (isnan (box->x1) || isnan (box->y1) || isnan (box->x2)
      || isnan (box->y2))
    return FALSE;

  place_lines (to_pixel (box->x1), to_pixel (box->x2), self->line_width,
      &o->outer.x1, &o->outer.x2, &o->inner.x1, &o->inner.x2);
  place_lines (to_pixel (box->y1), to_pixel (box->y2), self->line_width,
      &o->outer.y1, &o->outer.y2, &o->inner.y1, &o->inner.y2);
  return o->outer.x1 < self->frame_width && o->outer.y1 < self->frame_height
      && o->outer.x2 > 0 && o->outer.y2 > 0;
}

static void
add_rect (cairo_t * cr, const Rect * r)
{
  cairo_rectangle (cr, r->x1, r->y1, r->x2 - r->x1, r->y2 - r->y1);
}

static void
draw_outline (cairo_t * cr, const Outline * o, TsOverlayColor c,
    gdouble fill_opacity)
{
  gdouble r = c.r / 255.0, g = c.g / 255.0, b = c.b / 255.0;

  if (fill_opacity > 0.0 && !rect_is_empty (&o->inner)) {
    cairo_set_source_rgba (cr, r, g, b, fill_opacity);
    add_rect (cr, &o->inner);
    cairo_fill (cr);
  }
  cairo_set_source_rgb (cr, r, g, b);
  cairo_set_fill_rule (cr, CAIRO_FILL_RULE_EVEN_ODD);
  add_rect (cr, &o->outer);
  if (!rect_is_empty (&o->inner))
    add_rect (cr, &o->inner);
  cairo_fill (cr);
}

static guint8 *
get_cleared_scratch (TsOverlayPainter * self, gsize size)
{
  if (self->scratch_size < size) {
    self->scratch = g_realloc (self->scratch, size);
    self->scratch_size = size;
  }
  memset (self->scratch, 0, size);
  return self->scratch;
}

static void
paint_tile (TsOverlayPainter * self, const Outline * o, TsOverlayColor color,
    const Rect * area, TsOverlaySink sink, gpointer user_data)
{
  gint width = area->x2 - area->x1, height = area->y2 - area->y1;
  gint stride = cairo_format_stride_for_width (CAIRO_FORMAT_ARGB32, width);
  guint8 *data = get_cleared_scratch (self, (gsize) stride * height);
  const TsOverlayTile tile = {
    area->x1, area->y1, width, height, data, stride
  };
  cairo_surface_t *surface = cairo_image_surface_create_for_data (data,
      CAIRO_FORMAT_ARGB32, width, height, stride);
  cairo_t *cr = cairo_create (surface);

  cairo_translate (cr, -area->x1, -area->y1);
  draw_outline (cr, o, color, self->style.fill_opacity);
  cairo_destroy (cr);
  cairo_surface_finish (surface);
  cairo_surface_destroy (surface);

  sink (&tile, user_data);
}

/* Paints a region in tiles.  Every tile starts on even pixels, so that no two
 * tiles share a chroma sample. */
static void
paint_region (TsOverlayPainter * self, const Outline * o, TsOverlayColor color,
    gint x1, gint y1, gint x2, gint y2, TsOverlaySink sink, gpointer user_data)
{
  const Rect region = { MAX (x1, 0) & ~1, MAX (y1, 0) & ~1,
    MIN ((x2 + 1) & ~1, self->frame_width),
    MIN ((y2 + 1) & ~1, self->frame_height)
  };
  gint columns = MIN (MAX_TILE_WIDTH, region.x2 - region.x1);
  gint rows = (MAX_TILE_PIXELS / MAX (columns, 1)) & ~1;
  Rect tile;

  for (tile.y1 = region.y1; tile.y1 < region.y2; tile.y1 += rows) {
    tile.y2 = MIN (tile.y1 + rows, region.y2);
    for (tile.x1 = region.x1; tile.x1 < region.x2; tile.x1 += columns) {
      tile.x2 = MIN (tile.x1 + columns, region.x2);
      paint_tile (self, o, color, &tile, sink, user_data);
    }
  }
}

void
ts_overlay_painter_draw_box (TsOverlayPainter * self, const TsOverlayBox * box,
    TsOverlaySink sink, gpointer user_data)
{
  Outline o;
  const Rect *out = &o.outer;
  Rect in;

  if (!get_outline (self, box, &o))
    return;

  /* The hole between the lines, on even pixels. */
  in.x1 = (o.inner.x1 + 1) & ~1;
  in.y1 = (o.inner.y1 + 1) & ~1;
  in.x2 = o.inner.x2 & ~1;
  in.y2 = o.inner.y2 & ~1;
  if (rect_is_empty (&in) || self->style.fill_opacity > 0.0) {
    paint_region (self, &o, box->color, out->x1, out->y1, out->x2, out->y2,
        sink, user_data);
    return;
  }
  paint_region (self, &o, box->color, out->x1, out->y1, out->x2, in.y1, sink,
      user_data);
  paint_region (self, &o, box->color, out->x1, in.y1, in.x1, in.y2, sink,
      user_data);
  paint_region (self, &o, box->color, in.x2, in.y1, out->x2, in.y2, sink,
      user_data);
  paint_region (self, &o, box->color, out->x1, in.y2, out->x2, out->y2, sink,
      user_data);
}

static void
set_source_color (cairo_t * cr, TsOverlayColor c)
{
  cairo_set_source_rgb (cr, c.r / 255.0, c.g / 255.0, c.b / 255.0);
}

static cairo_surface_t *
paint_label (TsOverlayPainter * self, const LabelKey * key)
{
  g_autofree gchar *valid = g_utf8_make_valid (key->text, -1);
  gint padding = label_padding (self);
  cairo_surface_t *surface;
  PangoRectangle text;
  cairo_t *cr;

  pango_layout_set_text (self->layout, valid, -1);
  pango_layout_get_pixel_extents (self->layout, NULL, &text);
  surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32,
      MAX (text.width, 1) + 2 * padding, MAX (text.height, 1));
  cr = cairo_create (surface);
  set_source_color (cr, key->color);
  cairo_paint (cr);
  set_source_color (cr, ts_overlay_text_color (key->color));
  /* Text from right to left begins at the right end of the layout's width. */
  cairo_move_to (cr, padding - text.x, -text.y);
  pango_cairo_show_layout (cr, self->layout);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  return surface;
}

static cairo_surface_t *
get_label (TsOverlayPainter * self, TsOverlayColor color, const gchar * text)
{
  const LabelKey lookup = { (gchar *) text, color };
  cairo_surface_t *surface = g_hash_table_lookup (self->labels, &lookup);
  LabelKey *key;

  if (surface != NULL)
    return surface;

  if (g_hash_table_size (self->labels) >= MAX_CACHED_LABELS)
    g_hash_table_remove_all (self->labels);
  key = g_new (LabelKey, 1);
  key->text = g_strdup (text);
  key->color = color;
  surface = paint_label (self, key);
  g_hash_table_insert (self->labels, key, surface);
  return surface;
}

void
ts_overlay_painter_draw_label (TsOverlayPainter * self,
    const TsOverlayBox * box, const gchar * text, TsOverlaySink sink,
    gpointer user_data)
{
  cairo_surface_t *surface;
  TsOverlayTile tile;
  Outline o;

  if (!get_outline (self, box, &o))
    return;

  surface = get_label (self, box->color, text);
  tile.width = cairo_image_surface_get_width (surface);
  tile.height = cairo_image_surface_get_height (surface);
  tile.data = cairo_image_surface_get_data (surface);
  tile.stride = cairo_image_surface_get_stride (surface);
  tile.x = MAX (0, MIN (o.outer.x1, self->frame_width - tile.width));
  tile.y = o.outer.y1 - tile.height;
  if (tile.y < 0)
    tile.y = MAX (0, MIN (o.outer.y1, self->frame_height - tile.height));
  sink (&tile, user_data);
}
